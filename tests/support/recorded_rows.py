"""What a real Wagtail, Django app or Strapi wrote (``tests/recordings``), put into PostgreSQL act by act."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

RECORDINGS = Path(__file__).parents[1] / "recordings"

KEYS = {"news_articlepage": "page_ptr_id", "news_storypage": "page_ptr_id", "news_sectionpage": "page_ptr_id"}


@cache
def recording() -> dict[str, Any]:
    """Returns the recordings: for wagtail, django and strapi the schema, the steps with rows and what was shown."""
    found: dict[str, Any] = {}
    for name in ("wagtail", "strapi"):
        found |= json.loads((RECORDINGS / f"{name}.json").read_text())
    return found


def replay(system: str, url: str) -> Iterator[dict[str, Any]]:
    """Makes the tables; yields each step when its rows are written."""
    with psycopg.connect(url, autocommit=True) as conn:
        for statement in recording()[system]["schema"]:
            conn.execute(statement)
        for step in recording()[system]["steps"]:
            with conn.transaction():
                for table, keys in step["deleted"].items():
                    _delete(conn, table, keys)
                for table, rows in step["written"].items():
                    _delete(conn, table, [str(row[KEYS.get(table, "id")]) for row in rows])
                    for row in rows:
                        _insert(conn, table, row)
            yield step


def _delete(conn: psycopg.Connection[Any], table: str, keys: list[str]) -> None:
    key = sql.Identifier(KEYS.get(table, "id"))
    conn.execute(sql.SQL("DELETE FROM {} WHERE {}::text = ANY(%s)").format(sql.Identifier(table), key), [keys])


def _insert(conn: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, row))
    marks = sql.SQL(", ").join(sql.Placeholder() * len(row))
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, marks)
    conn.execute(insert, list(row.values()))
