"""Migrates a database to this program's tables and triggers, and rejects one on which it cannot run.

Alembic is imported only for a migration: every command and every process checks whether one is needed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from syndication.errors import StoreError
from syndication.store.db.database import Database
from syndication.store.migrations import compatibility
from syndication.store.triggers import changed_triggers, create_triggers, missing_triggers

if TYPE_CHECKING:
    from alembic.config import Config

VERSIONS = [Path(__file__).parent / "versions"]
"""The folders of the migrations: one file each, ``v0001_description.py``, in the order of their numbers."""

LOCK = 0x73796E64
"""PostgreSQL's advisory lock under which one process migrates while the others wait: "synd"."""


def migrate(database: Database) -> tuple[str | None, str]:
    """Migrates the database to this program's revision; returns the previous and the current revision.

    Everything runs in one transaction, including triggers: a killed run changes nothing. A newer program's database on
    which this one can run is left unchanged.
    """
    with exclusive(database) as conn:
        before = revision(conn)
        if (there := newer(conn, before)) is not None:
            return there, there
        upgrade(conn)
        create_triggers(conn)
    return before, head()


def upgrade(conn: Connection) -> None:
    """Migrates only the tables, in the caller's transaction, without the triggers."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
    compatibility.record_compatible(conn, compatible_revisions())


def head() -> str:
    """Returns this program's revision."""
    if not (there := revisions()):
        raise StoreError("the package has no migrations: reinstall it")
    return there[-1]


def revisions() -> list[str]:
    """Returns the numbers of all migrations, oldest first."""
    files = (file for folder in VERSIONS for file in folder.glob("v*.py"))
    return sorted(file.stem[1:].partition("_")[0] for file in files)


def compatible_revisions() -> list[str]:
    """Returns the revisions whose programs can run on this program's tables, this one's first."""
    from alembic.script import ScriptDirectory

    return compatibility.compatible_revisions(ScriptDirectory.from_config(_config()))


def check(database: Database) -> str | None:
    """Raises StoreError for a database on which this program cannot run, or that lacks triggers.

    Returns the revision of a newer program's database on which this one can run; None for our own. A newer program's
    triggers are only checked by name.
    """
    with database.read() as conn:
        current = revision(conn)
        there = newer(conn, current)
        if there is None and current != head():
            raise StoreError(
                f"the database is at revision {current or 'none'} and this program needs {head()}:"
                " run `syndication migrate`"
            )
        changed = missing_triggers(conn) if there else changed_triggers(conn)
    if changed:
        whose = "its newer program" if there else "this program"
        raise StoreError(
            f"the database lacks the trigger {', '.join(changed)} of {whose}, or has it disabled, and changes would go"
            f" unnoticed: run `syndication migrate`{' of that program' if there else ''}"
        )
    return there


def newer(conn: Connection, current: str | None) -> str | None:
    """Returns ``current`` if a newer program that allows this one to run migrated the database; None if it is our own.

    Raises StoreError for a revision that is unknown or does not allow it.
    """
    if current is None or current in revisions():
        return None
    if not {current, head()} <= compatibility.read_compatible(conn):
        raise StoreError(
            f"the database is at revision {current}, which this program, of revision {head()}, does not support:"
            " start the program that migrated it, or a newer one"
        )
    return current


@contextmanager
def exclusive(database: Database) -> Iterator[Connection]:
    """Yields a transaction in which no other process migrates."""
    with database.write() as conn:
        if database.dialect == "postgresql":
            conn.execute(text("SET LOCAL lock_timeout = 0"))  # Another process's migration may take long.
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            # But waiting for a table blocks all later transactions, so a long reader ends the wait, with an error.
            conn.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
        yield conn


def revision(conn: Connection) -> str | None:
    """Returns the revision of the existing tables; None if there are none."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "syndication:store/migrations")
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", os.pathsep.join(map(str, VERSIONS)))
    return config
