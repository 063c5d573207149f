"""Alembic's migrations, starting with the first version of the tables."""
