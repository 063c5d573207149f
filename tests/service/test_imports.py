"""What a process must not load: a start is paid by every command, and by every process again."""

import subprocess
import sys

import pytest

DATABASE = {"sqlalchemy", "alembic", "psycopg"}
RENDERER = {"feedgen", "lxml", "nh3", "feedparser"}
PAGES = {"flask", "flask_openapi3", "jinja2", "limits", "argon2"}


@pytest.mark.parametrize(
    ("statements", "never"),
    [
        ("main(['--help'])", DATABASE | RENDERER | PAGES | {"pydantic", "structlog", "granian", "asyncio"}),
        ("main(['user', 'create', '--help'])", DATABASE | RENDERER | PAGES | {"pydantic", "structlog", "granian"}),
        ("main(['config', '--check'])", DATABASE | RENDERER | PAGES | {"structlog", "granian"}),
        ("import syndication.logs, syndication.server, syndication.process.supervisor, syndication.config.loading",
         DATABASE | RENDERER | PAGES | {"prometheus_client"}),
        ("import syndication.web.front", {"alembic", "psycopg", "granian"} | RENDERER | PAGES - {"flask", "jinja2"}),
        ("import syndication.worker.process", {"alembic", "psycopg", "granian", "feedparser"} | PAGES),
        ("import syndication.render.child", DATABASE | PAGES | {"pydantic", "structlog", "granian", "feedparser"}),
        ("import syndication.app", {"alembic", "psycopg", "granian", "feedgen", "nh3", "feedparser"}),
    ],
    ids=["--help", "user create --help", "config", "parent of web", "front", "worker", "renderer", "editors process"],
)  # fmt: skip
def test_a_start_never_loads_what_it_does_not_use(statements, never, tmp_path):
    code = f"""
import sys
from syndication.cli import main
try:
    {statements}
except SystemExit as end:
    assert not end.code, end.code
print("loaded", *sys.modules)
"""
    # Where there is no database: to say what is not served of editors' feeds, a check reads it.
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    loaded = set(run.stdout.rpartition("loaded")[2].split())
    assert len(loaded) > 100 and not loaded & never, sorted(loaded & never)
