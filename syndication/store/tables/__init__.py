"""All tables, in three files by who writes them: the newsroom, the worker, the editors."""
