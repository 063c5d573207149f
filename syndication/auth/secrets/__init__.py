"""Passwords and one-time codes. Pure functions, so that the store may use them too."""
