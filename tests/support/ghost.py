"""What a real Ghost wrote and showed (``tests/recordings``), put into a database of its kind step by step."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.mariadb import MariaDb

RECORDING = Path(__file__).parents[1] / "recordings" / "ghost.json"
DOCS = Path(__file__).parents[2] / "docs" / "sources-ghost.md"


@cache
def recording() -> dict[str, Any]:
    """Returns the recording: home, columns, schema, and the steps with tables and what Ghost showed."""
    found: dict[str, Any] = json.loads(RECORDING.read_text())
    return found


def steps() -> list[dict[str, Any]]:
    return list(recording()["steps"])


Execute = Callable[[str, list[Any]], None]
"""Runs one statement, with ``?`` for its values."""


class GhostTables:
    """The tables of a Ghost; ``url`` is read by the source."""

    def __init__(self, url: str, execute: Execute, created: Callable[[str], str]) -> None:
        self.url = url
        self.execute = execute
        for table in recording()["columns"]:
            execute(created(table), [])

    def write(self, step: dict[str, Any]) -> None:
        """Puts in what Ghost had after a step."""
        for table, columns in recording()["columns"].items():
            names = columns.split()
            self.execute(f"DELETE FROM {table}", [])
            for row in step["tables"][table]:
                values = dict(zip(names, row, strict=True))
                if table == "users":
                    values["email"] = values["id"]
                marks = ", ".join("?" * len(values))
                self.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))


@contextmanager
def in_sqlite(path: Path) -> Iterator[GhostTables]:
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:

        def execute(statement: str, values: list[Any]) -> None:
            conn.execute(statement, values)

        yield GhostTables(f"sqlite:///{path}", execute, _sqlite_table)


@contextmanager
def in_mariadb(server: MariaDb, name: str) -> Iterator[GhostTables]:
    """The tables as MariaDB showed them, without keys to tables that are left out."""
    with closing(server.connect()) as conn, conn.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        cursor.execute(f"USE {name}")
        cursor.execute("SET sql_mode = ''")  # The recording leaves out columns that have no default.

        def execute(statement: str, values: list[Any]) -> None:
            cursor.execute(statement.replace("?", "%s"), values)

        tables = GhostTables(server.url(name), execute, _mariadb_table)
        for grant in grants(name):
            cursor.execute(grant)
        yield tables


def grants(name: str) -> list[str]:
    """Returns the statements that docs/sources-ghost.md tells operators to run, for this database and user."""
    block = re.search(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert block is not None
    statements = block[1].replace("ghost.", f"{name}.").replace("syndication@", "reader@").split(";\n")
    return [_once(statement) for statement in statements if statement.strip()]


def _once(statement: str) -> str:
    statement = statement.replace("CREATE USER ", "CREATE USER IF NOT EXISTS ")
    return re.sub(r" IDENTIFIED BY '.*'", "", statement)


def _sqlite_table(table: str) -> str:
    columns = recording()["columns"][table].split()
    more = ["email"] if table == "users" else []
    return f"CREATE TABLE {table} ({', '.join([*columns, *more])}, PRIMARY KEY (id))"


def _mariadb_table(table: str) -> str:
    lines = [line for line in recording()["schema"][table].splitlines() if not line.strip().startswith("CONSTRAINT")]
    return re.sub(r",\s*\)", "\n)", "\n".join(lines))
