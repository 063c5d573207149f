"""New databases, empty and migrated: each is a copy of one that is created once."""

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import psycopg

from faults.stage.postgresql import Postgresql
from faults.stage.programs import own, programs, user
from syndication.store.db.database import Database
from syndication.store.migrations.runner import migrate

CONFIGURATION = """
shared_buffers = 16MB
max_connections = 60
min_wal_size = 2MB
max_wal_size = 8MB
unix_socket_directories = ''
"""
"""Small, so that copying is fast and a disk fills up soon. The settings for durability are the defaults."""


def new_postgresql(folder: Path) -> Path:
    """Creates the data folder of a new server with the database ``news``."""
    data = folder / "postgresql"
    shutil.copytree(_postgresql(), data)
    for path in (data, *data.rglob("*")):
        own(path)
    return data


def new_sqlite(folder: Path) -> Path:
    """Creates the file of a new database."""
    return Path(shutil.copy(_sqlite(), folder / "news.db"))


@cache
def _sqlite() -> Path:
    path = _folder() / "news.db"
    _migrate(f"sqlite:///{path}")
    return path


@cache
def _postgresql() -> Path:
    folder = _folder()
    data = folder / "data"
    command = [str(programs() / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=utf8"]
    subprocess.run([*command, "--wal-segsize=1", "--no-sync"], check=True, capture_output=True, user=user())
    with (data / "postgresql.conf").open("a") as file:
        file.write(CONFIGURATION)
    server = Postgresql(data, folder / "log")
    server.start("postgres")
    try:
        with psycopg.connect(server.url(name="postgres"), autocommit=True) as conn:
            conn.execute("CREATE DATABASE news")
        _migrate(server.url())
    finally:
        server.stop()
    return data


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="syndication-faults-"))
    folder.chmod(0o755)
    own(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _migrate(url: str) -> None:
    database = Database(url)
    try:
        migrate(database)
        if database.dialect == "sqlite":
            with database.engine.connect() as conn:
                conn.exec_driver_sql("COMMIT")
                conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                conn.exec_driver_sql("BEGIN")
    finally:
        database.close()
