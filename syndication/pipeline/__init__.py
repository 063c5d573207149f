"""The pipeline of a section: gather, fill, render, compare, publish. A preview is a dry run of it."""
