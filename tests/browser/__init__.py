"""The dashboard in a real browser, on a running service."""
