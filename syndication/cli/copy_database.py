"""The command copy-database."""

import sys
import time
from typing import TYPE_CHECKING

import click

from syndication.cli.common import settings_of
from syndication.cli.output import line
from syndication.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from syndication.store.copy import CopyResult
    from syndication.store.db.database import Database

INTERVAL_SECONDS = 0.2
"""Seconds between two words about the progress."""


@click.command("copy-database")
@click.argument("to", metavar="TO_URL")
@click.option("--from", "from_", metavar="URL", help="The database to copy, instead of database.url.")
@click.option("--live", is_flag=True, help="Although the service is at work: what it writes meanwhile is not copied.")
@click.pass_context
def copy_database(ctx: click.Context, to: str, from_: str | None, live: bool) -> None:
    """Copy everything into the empty database TO_URL: from SQLite to PostgreSQL, back, or within one kind.

    \b
      syndication copy-database postgresql://syndication@db.example/news

    Stop the service and whoever writes articles first. The tables are made; articles, documents, versions, tokens,
    people and the audit log go along, so that readers see no difference. The two are compared before anything is
    there to be seen: a copy that fails, or is killed, leaves the target as it was. Then set database.url, and start.

    What cannot be copied is named with its place, all of it, before anything is copied.

    Everybody on the machine can see a password in an address on the command line. With - for TO_URL the address is read
    from standard input; PGPASSFILE and ~/.pgpass are read too.
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
        # The driver's words may hold a row; its kind and the addresses are what an operator needs.
        words = kind(error.__cause__ or error)
        raise StoreError(f"nothing was copied from {mask(url)} to {mask(to)}: one of them {words}") from error
    finally:
        source.close()
        target.close()
    _report(done, time.monotonic() - started)


class ProgressPrinter:
    """Tells the progress on standard error: on a terminal row by row, elsewhere each step once."""

    def __init__(self) -> None:
        self._last = 0.0
        self._told = ""
        self._terminal = sys.stderr.isatty()

    def __call__(self, doing: str, table: str, rows: int) -> None:
        """Say what is being done."""
        now = time.monotonic()
        if self._terminal and now - self._last >= INTERVAL_SECONDS:
            self._last = now
            click.echo(f"\r\x1b[K{doing} {table}{f': {rows:,} rows' if rows else ''}", err=True, nl=False)
        elif not self._terminal and doing != self._told:
            line(f"{doing.capitalize()} …", err=True)
        self._told = doing


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
        line(f"{done.missed:,} changes were made in the source meanwhile, and are not in the copy.", err=True)
