"""Alembic runs on the connection that ``runner`` hands to it, in its transaction."""

from alembic import context

from syndication.store.tables import access, publishing  # noqa: F401  # their tables belong to the metadata
from syndication.store.tables.articles import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True
)
context.run_migrations()
