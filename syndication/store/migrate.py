"""Bring a database to the tables and triggers of this program, and refuse one that is not."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from syndication.errors import StoreError
from syndication.store.engine import Database
from syndication.store.triggers import changed_triggers, make_triggers

LOCK = 0x73796E64
"""The advisory lock of PostgreSQL under which one process migrates while the others wait: "synd"."""


def migrate(database: Database) -> tuple[str | None, str]:
    """Bring the database to this program's revision; gives the one before and the one now.

    Everything happens in one transaction, triggers included: a run that was killed has done nothing.
    """
    with _alone(database) as conn:
        before = MigrationContext.configure(conn).get_current_revision()
        config = _config()
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
        make_triggers(conn)
    return before, head()


def head() -> str:
    """This program's revision."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if newest is None:
        raise StoreError("the package has no migrations: install it again")
    return newest


def check(database: Database) -> None:
    """Refuse, with a StoreError, a database of another revision or whose triggers are not this program's."""
    with database.read() as conn:
        current = MigrationContext.configure(conn).get_current_revision()
        if current != head():
            raise StoreError(
                f"the database is at revision {current or 'none'} and this program needs {head()}:"
                " run `syndication migrate`"
            )
        changed = changed_triggers(conn)
    if changed:
        raise StoreError(
            f"the database lacks the trigger {', '.join(changed)} as this program makes it, without which changes go"
            " unnoticed: run `syndication migrate`"
        )


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    with database.write() as conn:
        if database.dialect == "postgresql":
            conn.execute(text("SET LOCAL lock_timeout = 0"))  # Another one's migration may take its time.
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        yield conn


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "syndication:store/migrations")
    config.set_main_option("path_separator", "os")
    return config
