"""All tables, in three files by their writers: the newsroom, the worker, the editors."""
