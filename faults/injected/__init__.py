"""The faults: each is a function that breaks something on a stage, and mends it before it returns."""
