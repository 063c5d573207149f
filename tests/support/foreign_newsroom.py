"""Another system's newsroom with tables of its own, in SQLite or PostgreSQL, and the two SELECTs that read it."""

import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from syndication.config.source_schemas.sql import SqlSource
from tests.support.newsroom import NOON

TABLES = (
    "CREATE TABLE story (number INTEGER PRIMARY KEY, headline TEXT NOT NULL, path TEXT NOT NULL, body TEXT,"
    " live INTEGER NOT NULL, goes_live TEXT, writer INTEGER, changed TEXT)",
    "CREATE TABLE writer (number INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    "CREATE TABLE topic (story INTEGER NOT NULL, name TEXT NOT NULL)",
    "CREATE INDEX ix_story ON story (live, goes_live, number)",
    "INSERT INTO writer VALUES (1, 'Lin Mei-hua')",
)

IDS = "SELECT number AS id, goes_live AS published_at FROM story WHERE live = 1"

ARTICLES = """
SELECT s.number AS id, s.headline AS title, '/news/' || s.path AS url, s.body AS html, s.goes_live AS published_at,
    w.name AS author, 'Taiwan' AS section,
    (SELECT {join} FROM topic AS t WHERE t.story = s.number) AS tags
FROM story AS s LEFT JOIN writer AS w ON w.number = s.writer
WHERE s.number IN :ids
"""

JOIN = {"sqlite": "group_concat(t.name, '|')", "postgresql": "string_agg(t.name, '|' ORDER BY t.name)"}


class ForeignNewsroom:
    """A newsroom that knows nothing of us; what it does is plain SQL, and moves no change time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.dialect = url.partition(":")[0]
        for statement in TABLES:
            self.do(statement)

    def do(self, statement: str, *values: Any) -> None:
        """Runs a statement and commits; ``?`` stands for a value."""
        if self.dialect == "sqlite":
            connection = sqlite3.connect(Path(self.url.removeprefix("sqlite:///")))
            with connection:
                connection.execute(statement, values)
            connection.close()
            return
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute(statement.replace("?", "%s"), values or None)

    def publish(self, number: int, **changes: Any) -> None:
        """Inserts a story that is live, published so many minutes before noon as its number."""
        moment = NOON - timedelta(minutes=changes.pop("minutes", number))
        values = {"headline": f"Story {number}", "path": f"s{number}", "body": f"<p>Body {number}</p>"} | changes
        self.do(
            "INSERT INTO story (number, headline, path, body, live, goes_live, writer) VALUES (?, ?, ?, ?, 1, ?, 1)",
            number, values["headline"], values["path"], values["body"], f"{moment:%Y-%m-%d %H:%M:%S}",
        )  # fmt: skip

    def table(self, **changes: Any) -> SqlSource:
        """Returns the source as configured."""
        values = {
            "name": "cms", "kind": "sql", "database": self.url, "ids": IDS,
            "articles": ARTICLES.format(join=JOIN[self.dialect]),
        }  # fmt: skip
        return SqlSource(**values | changes)


def toml(table: SqlSource) -> str:
    """Returns the source as it is written in syndication.toml."""
    values = table.model_dump(include={"name", "kind", "database", "ids", "articles"})
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
    return f"\n[[source]]\n{lines}\n"
