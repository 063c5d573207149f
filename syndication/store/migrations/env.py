"""Alembic runs on the connection that ``runner`` passes to it, in its transaction."""

from alembic import context

from syndication.store.tables.every_table import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True
)
context.run_migrations()
