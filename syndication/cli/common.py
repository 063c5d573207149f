"""Settings, database access and the current user, shared by the commands."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndication.errors import StoreError

if TYPE_CHECKING:
    from syndication.config.loading import Settings
    from syndication.store.access.audit_log import Actor
    from syndication.store.db.database import Database

WILDCARD_HOSTS = ("0.0.0.0", "::")  # noqa: S104  # what to listen on is the operator's choice


def settings_of(ctx: click.Context) -> "Settings":
    """Returns the settings that ``--config`` selects."""
    from syndication.config.loading import load_settings

    path: Path | None = ctx.obj
    return load_settings(path)


@contextmanager
def open_database(settings: "Settings", *, check: bool = True) -> Iterator["Database"]:
    """Opens the database; raises StoreError if it does not answer or is not at this program's revision."""
    from syndication.config.loading import mask
    from syndication.store.db.database import Database, DatabaseDown, DatabaseError
    from syndication.store.db.errors import kind
    from syndication.store.migrations import runner as migration

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


def merged_settings(settings: "Settings", database: "Database") -> "Settings":
    """Returns the settings of the files with the feeds of editors."""
    from syndication.config.feeds import merge
    from syndication.store.publishing.feed_definitions import read_definitions

    with database.read() as conn:
        return merge(settings, read_definitions(conn))


def current_user() -> "Actor":
    """Returns the system user who runs the command, for the audit log."""
    from syndication.store.access.audit_log import Actor

    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # A container's user may have no name.
        name = f"uid {os.getuid()}"
    return Actor(name, "command line")


def base_url(settings: "Settings") -> str:
    """Where a browser on this machine finds the service."""
    host = settings.server.host if settings.server.host not in WILDCARD_HOSTS else "127.0.0.1"
    # RFC 3986 section 3.2.2: an IPv6 address stands in brackets, so that its colons are no port's.
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.server.port}"
