"""Alembic runs on the connection that ``runner`` passes to it, in its transaction."""

from alembic import context

from syndication.store.tables import (  # noqa: F401  # registers their tables in the metadata
    access,
    asked_feeds,
    feeds,
    publishing,
    search,
    sitemaps,
    sources,
    terms,
)
from syndication.store.tables.articles import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True
)
context.run_migrations()
