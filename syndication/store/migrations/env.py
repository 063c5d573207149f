"""Alembic runs on the connection that ``migrate`` hands to it, in its transaction."""

from alembic import context

from syndication.store import bookkeeping, editorial  # noqa: F401  # their tables belong to the metadata
from syndication.store.models import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True
)
context.run_migrations()
