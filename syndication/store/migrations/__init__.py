"""Alembic's migrations, from the first version of the tables on."""
