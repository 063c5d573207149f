"""The flow of a section: gather, fill, render, compare, publish. A preview is its dry run."""
