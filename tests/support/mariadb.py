"""A MariaDB of Debian's, on a socket in a folder of its own: the database of other systems that are read."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pymysql

SERVER = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")


class MariaDb:
    """The server; ``reader`` may only SELECT."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    def connect(self, database: str | None = None) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        return pymysql.connect(unix_socket=str(self.socket), user="root", database=database, autocommit=True)

    def url(self, database: str, user: str = "reader") -> str:
        return f"mysql://{user}@localhost/{database}?unix_socket={quote(str(self.socket), safe='')}"


@contextmanager
def mariadb(*more: str) -> Iterator[MariaDb]:
    """Starts the server with ``more`` options; ends it and removes its folder afterwards."""
    assert SERVER, "mariadb-server is not installed"
    with tempfile.TemporaryDirectory(prefix="mariadb-") as name:  # A short path: that of a socket is limited.
        folder = Path(name)
        data, socket = folder / "data", folder / "s"
        options = ["--no-defaults", f"--datadir={data}", "--user=root"]
        install = ["mariadb-install-db", *options, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(install, check=True, capture_output=True)
        small = ["--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0"]
        command = [SERVER, *options, f"--socket={socket}", "--skip-networking", *small, *more]
        with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                server = MariaDb(socket)
                _wait(server, process)
                yield server
            finally:
                process.kill()


def _wait(server: MariaDb, process: "subprocess.Popen[bytes]") -> None:
    """Waits for the socket, which the server makes when it can answer; a failed connection would leave one open."""
    ends = time.monotonic() + 60
    while not server.socket.exists():
        assert process.poll() is None and time.monotonic() < ends, "MariaDB did not start"
        time.sleep(0.1)
    server.connect().close()
