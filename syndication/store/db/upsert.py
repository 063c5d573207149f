"""``INSERT … ON CONFLICT``: both databases have it, SQLAlchemy only in the dialect of each."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite


def insert(conn: Connection, table: type) -> Any:
    """Returns an INSERT that has ``on_conflict_do_update`` and ``on_conflict_do_nothing``."""
    return sqlite.insert(table) if conn.dialect.name == "sqlite" else postgresql.insert(table)


def for_each_dialect(make: Callable[[Any], Any]) -> Mapping[str, Any]:
    """Returns, by the dialect's name, the statement that ``make`` builds with the dialect's own ``insert``."""
    return {"sqlite": make(sqlite.insert), "postgresql": make(postgresql.insert)}
