"""Settings: the files and variables that hold them, and what each of them may be."""
