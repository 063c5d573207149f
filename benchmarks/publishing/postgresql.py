"""PostgreSQL as seen from its server: the processor time that it spends for a database, and the statements it gets."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.publishing.statements import LINE_PREFIX, Statement, read_statements

SETTINGS = {"log_line_prefix": LINE_PREFIX, "log_statement": "all", "log_parameter_max_length": "100"}
"""Of a parameter its beginning is enough: slugs are short, and writing whole documents would slow the server down."""

LOG_FILE = "log"
"""The name in the data folder, to which the wheel's server writes."""


class PostgreSQL:
    """A connection to the server."""

    def __init__(self, url: str) -> None:
        self._conn = psycopg.connect(url, autocommit=True)
        self._used: dict[str, dict[int, float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._conn.close()

    def cpu_seconds(self, url: str) -> float:
        """Returns the CPU time of a database's sessions, with those that have ended as they were seen last."""
        name = database_name(url)
        found = self._conn.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (name,)).fetchall()
        used = self._used.setdefault(name, {})
        for (pid,) in found:
            if pid != self._conn.info.backend_pid:
                with contextlib.suppress(OSError):
                    used[pid] = time.clock_gettime(~pid << 3 | 2)
        return sum(used.values())

    @contextlib.contextmanager
    def logged(self) -> Iterator["Log"]:
        """Has every statement logged until the end of the block."""
        (folder,) = self._conn.execute("SHOW data_directory").fetchone() or ("",)
        for name, value in SETTINGS.items():
            self._conn.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self._reload()
        try:
            yield Log(Path(folder) / LOG_FILE)
        finally:
            for name in SETTINGS:
                self._conn.execute(f"ALTER SYSTEM RESET {name}")
            self._reload()

    def _reload(self) -> None:
        self._conn.execute("SELECT pg_reload_conf()")
        time.sleep(0.5)  # Sessions follow before their next statement.


class Log:
    """What the server logs from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size

    def read(self) -> list[Statement]:
        """Returns the statements since the last call."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        self._offset += len(text)
        return list(read_statements(text.decode(errors="replace")))


def database_name(url: str) -> str:
    """Returns the name of the database in a URL."""
    return str(conninfo_to_dict(url)["dbname"])
