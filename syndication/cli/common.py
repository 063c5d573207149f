"""Settings, database access and the current user, shared by the commands."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from syndication.config.loading import Settings, load_settings, mask
from syndication.errors import StoreError
from syndication.store.access.audit_log import Actor
from syndication.store.db.database import Database, DatabaseDown, DatabaseError
from syndication.store.db.errors import kind
from syndication.store.migrations import runner as migration


def settings_of(ctx: click.Context) -> Settings:
    """Returns the settings that ``--config`` selects."""
    path: Path | None = ctx.obj
    return load_settings(path)


@contextmanager
def open_database(settings: Settings, *, check: bool = True) -> Iterator[Database]:
    """Opens the database; raises StoreError if it does not answer or is not at this program's revision."""
    database = Database(settings.database_url)
    try:
        if check:
            migration.check(database)
        yield database
    except (DatabaseDown, DatabaseError) as error:
        # The driver's message may quote a row; an operator needs only its kind and the address.
        raise StoreError(f"the database {mask(settings.database_url)} {kind(error.__cause__ or error)}") from error
    finally:
        database.close()


def current_user() -> Actor:
    """Returns the system user who runs the command, for the audit log."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # A container's user may have no name.
        name = f"uid {os.getuid()}"
    return Actor(name, "command line")
