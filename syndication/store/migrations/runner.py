"""Bring a database to the tables and triggers of this program, and refuse one on which it cannot run.

Alembic is loaded only where something is to be migrated: every command and every process looks whether there is.
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
"""Where the migrations are: one file each, ``v0001_what_it_brings.py``, in the order of their numbers."""

LOCK = 0x73796E64
"""The advisory lock of PostgreSQL under which one process migrates while the others wait: "synd"."""


def migrate(database: Database) -> tuple[str | None, str]:
    """Bring the database to this program's revision; gives the one before and the one now.

    Everything happens in one transaction, triggers included: a run that was killed has done nothing. A newer
    program's database, on which this one may run, is left as it is.
    """
    with exclusive(database) as conn:
        before = revision(conn)
        if (there := newer(conn, before)) is not None:
            return there, there
        upgrade(conn)
        create_triggers(conn)
    return before, head()


def upgrade(conn: Connection) -> None:
    """The tables alone, in the caller's transaction, without the triggers."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
    compatibility.record_compatible(conn, compatible_revisions())


def head() -> str:
    """This program's revision."""
    if not (there := revisions()):
        raise StoreError("the package has no migrations: install it again")
    return there[-1]


def revisions() -> list[str]:
    """The numbers of all migrations, the oldest first."""
    files = (file for folder in VERSIONS for file in folder.glob("v*.py"))
    return sorted(file.stem[1:].partition("_")[0] for file in files)


def compatible_revisions() -> list[str]:
    """The revisions whose programs may run on this one's tables, this one's first."""
    from alembic.script import ScriptDirectory

    return compatibility.compatible_revisions(ScriptDirectory.from_config(_config()))


def check(database: Database) -> str | None:
    """Refuse, with a StoreError, a database on which this program cannot run, or that lacks triggers.

    Gives the revision of a newer program's database, on which this one may run, and None if it is our own. The
    triggers of a newer one are not ours to judge: they are looked for by name alone.
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
            f"the database lacks the trigger {', '.join(changed)} as {whose} makes it, without which changes go"
            f" unnoticed: run `syndication migrate`{' of that one' if there else ''}"
        )
    return there


def newer(conn: Connection, current: str | None) -> str | None:
    """``current`` if it is of tables that a newer program made and lets this one run on; None if they are our own.

    Those of a program that does not let it, or that nobody knows, are a StoreError.
    """
    if current is None or current in revisions():
        return None
    if not {current, head()} <= compatibility.read_compatible(conn):
        raise StoreError(
            f"the database is at revision {current}, on which this program, of revision {head()}, does not run:"
            " start the program that migrated it, or a newer one"
        )
    return current


@contextmanager
def exclusive(database: Database) -> Iterator[Connection]:
    """A transaction in which nobody else migrates."""
    with database.write() as conn:
        if database.dialect == "postgresql":
            conn.execute(text("SET LOCAL lock_timeout = 0"))  # Another one's migration may take its time.
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            # But whoever waits for a table holds up all who come after, so that a long reader ends it, in words.
            conn.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
        yield conn


def revision(conn: Connection) -> str | None:
    """The revision of the tables that are there; None if there are none."""
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
