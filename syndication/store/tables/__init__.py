"""All tables, in four files by their writers: the newsroom, the worker, the editors, and sources."""
