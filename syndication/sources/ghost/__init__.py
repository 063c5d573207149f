"""Reads a Ghost in its database: what is published there, as Ghost shows it to somebody who is not logged in."""
