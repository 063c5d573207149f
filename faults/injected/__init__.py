"""The faults: each is a function that breaks something on a stage and repairs it before it returns."""
