"""The dashboard as people use it: in a real browser, on a running service."""
