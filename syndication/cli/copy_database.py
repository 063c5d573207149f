"""The command copy-database."""

import sys
import time
from typing import TYPE_CHECKING

import click

from syndication.cli.common import settings_of
from syndication.cli.output import line
from syndication.errors import ConfigError, StoreError
from syndication.model.counted import counted

if TYPE_CHECKING:
    from syndication.store.copy import CopyResult
    from syndication.store.db.database import Database

INTERVAL_SECONDS = 0.2
"""Seconds between two updates of the progress."""


@click.command("copy-database")
@click.argument("to", metavar="TO_URL")
@click.option("--from", "from_", metavar="URL", help="The database to copy, instead of database.url.")
@click.option("--live", is_flag=True, help="Copy while the service runs; later changes are not copied.")
@click.pass_context
def copy_database(ctx: click.Context, to: str, from_: str | None, live: bool) -> None:
    """Copy everything into the empty database TO_URL, on SQLite or PostgreSQL.

    \b
      syndication copy-database postgresql://syndication@db.example/news

    First stop the service and everything that writes articles. The command creates the tables and copies articles,
    documents, versions, tokens, users and the audit log, so readers see no difference. Source and copy are compared
    before the copy is committed: if it fails or is killed, the target is unchanged. Then set database.url, and start
    the service.

    All rows that cannot be copied are listed before anything is copied.

    Other users of the machine can see a password in a command line. Use - as TO_URL to read the address from standard
    input, or PGPASSFILE or ~/.pgpass for the password.
    """
    from syndication.config.loading import mask
    from syndication.store.copy import copy_database as run
    from syndication.store.db.database import DatabaseDown, DatabaseError
    from syndication.store.db.errors import kind

    if to == "-":
        to = sys.stdin.readline().strip()
    url = from_ or settings_of(ctx).database_url
    source, target = _database(url, "--from" if from_ else "database.url"), _database(to, "TO_URL")
    started = time.monotonic()
    try:
        done = run(source, target, ProgressPrinter(), live=live)
    except (DatabaseDown, DatabaseError) as error:
        # The driver's message may quote a row; an operator needs only its kind and the addresses.
        words = kind(error.__cause__ or error)
        raise StoreError(f"nothing was copied from {mask(url)} to {mask(to)}: one of them {words}") from error
    finally:
        source.close()
        target.close()
    _report(done, time.monotonic() - started)


class ProgressPrinter:
    """Prints progress to standard error: a running count of rows on a terminal, elsewhere one line per step."""

    def __init__(self) -> None:
        self._last = 0.0
        self._printed = ""
        self._terminal = sys.stderr.isatty()

    def __call__(self, doing: str, table: str, rows: int) -> None:
        """Prints the current step, if it is due."""
        now = time.monotonic()
        if self._terminal and now - self._last >= INTERVAL_SECONDS:
            self._last = now
            click.echo(f"\r\x1b[K{doing} {table}{': ' + counted(rows, 'row') if rows else ''}", err=True, nl=False)
        elif not self._terminal and doing != self._printed:
            line(f"{doing.capitalize()} …", err=True)
        self._printed = doing


def _database(url: str, name: str) -> "Database":
    from syndication.store.db.database import Database

    try:
        return Database(url)
    except ConfigError as error:
        raise ConfigError(str(error).replace("database.url", name, 1)) from None


def _report(done: "CopyResult", seconds: float) -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    width = max(len(copied.table) for copied in done.tables)
    line(f"{'table':<{width}}  {'rows':>11}  digest in both")
    for copied in done.tables:
        line(f"{copied.table:<{width}}  {copied.rows:>11,}  {copied.digest}")
    line()
    line(f"Copied {sum(copied.rows for copied in done.tables):,} rows in {seconds:.0f} s.")
    if done.missed:
        line(f"Changes made in the source during the copy are not included: {done.missed:,}.", err=True)
