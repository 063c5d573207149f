"""The articles in the database, read with the checker's own SQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

ARTICLES = "SELECT id, title, html, status, published_at, updated_at, expires_at FROM article"
LINKS = "SELECT article_id, section FROM article_section"
WAITING = (
    "SELECT (SELECT count(*) FROM change),"
    " (SELECT count(*) FROM section_state WHERE requested_generation > completed_generation),"
    " (SELECT count(*) FROM section_state WHERE failures > 0)"
)


@dataclass(frozen=True, slots=True)
class Row:
    """An article and its sections."""

    id: str
    title: str
    html: str
    status: str
    published_at: datetime | None
    updated_at: datetime | None
    expires_at: datetime | None
    sections: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stored:
    """The articles by ID, and the service's remaining work: waiting changes, pending feeds and failing feeds."""

    articles: dict[str, Row]
    changes: int = 0
    pending: int = 0
    failing: int = 0


def stored(url: str) -> Stored:
    """Returns the content of a database, read in one snapshot."""
    with _open(url) as execute:
        return _read(execute)


def versions(url: str) -> dict[str, int]:
    """Returns the published version of each feed."""
    with _open(url) as execute:
        return dict(execute("SELECT section, version FROM section_state").fetchall())


@contextmanager
def _open(url: str) -> Iterator[Any]:
    if url.startswith("sqlite"):
        conn = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=10)
        try:
            conn.execute("BEGIN")
            yield conn.execute
        finally:
            conn.close()
        return
    with psycopg.connect(url, connect_timeout=5) as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield conn.execute


def _read(execute: Any) -> Stored:
    sections: dict[str, set[str]] = {}
    for id, section in execute(LINKS):
        sections.setdefault(id, set()).add(section)
    articles = {
        id: Row(id, title, html, status, *map(_time, times), frozenset(sections.get(id, ())))
        for id, title, html, status, *times in execute(ARTICLES)
    }
    return Stored(articles, *execute(WAITING).fetchone())


def _time(value: str | datetime | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value and value.astimezone(UTC)
