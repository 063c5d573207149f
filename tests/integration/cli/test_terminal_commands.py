"""No command prints control characters that come from the database, a file, a setting or an argument.

Every command of the program has cases here: a new one fails until it has.
"""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import Text

from syndication.cli import main
from syndication.config.loading import defaults_folder
from syndication.store.copy.rows import TABLES
from syndication.store.db.database import Database
from syndication.store.triggers import create_triggers, drop_triggers
from tests.conftest import FakeClock
from tests.support.foreign_newsroom import ForeignNewsroom, toml
from tests.support.full_newsroom import full_newsroom
from tests.support.web_server import Asked, answer, serving

EVIL = "a\x1b[2J\r\nforged\u202eline\x9b31m\u2028"

UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|^forged", re.MULTILINE
)
"""Line ends are ours, as long as no line begins with what follows one in the data."""

KEPT = {
    "status", "reason", "section", "format", "result", "change", "scopes", "serves", "request", "hash", "totp_secret",
    "former_status", "access",
}  # fmt: skip
"""Columns that hold one of the program's own words, a slug, JSON or a digest: the database or a reader checks them."""

DATABASE, FUTURE, FILE, FEED, TARGET, CONFIG, SITE = "DATABASE", "FUTURE", "FILE", "FEED", "TARGET", "CONFIG", "SITE"
"""Stand for what a test makes: a database, one of another revision, files to import, a database to copy to, a
configuration with sources, and a web site with feeds."""

AUTHORITY = {"SYNDICATION_SITE__AUTHORITY": EVIL}
OF_ANOTHER_REVISION = {"SYNDICATION_DATABASE__URL": FUTURE}
PROGRESS = {"SYNDICATION_WORKER__PROGRESS_PATH": EVIL}

SOURCES = {"SYNDICATION_CONFIG": CONFIG}
OF_ANOTHER_SITE = SOURCES | {"SYNDICATION_SITE__HOME_URL": SITE}

Case = tuple[list[str], dict[str, str]]

CASES: dict[str, list[Case]] = {
    "serve": [(["--host", EVIL], {}), ([], AUTHORITY)],
    "web": [(["--host", EVIL], {}), ([], AUTHORITY)],
    "editors": [([], AUTHORITY)],
    "worker": [(["--check"], PROGRESS), ([], AUTHORITY)],
    "demonstrate": [(["--pause", EVIL], {}), ([], AUTHORITY)],
    "migrate": [([], {}), ([], OF_ANOTHER_REVISION)],
    "config": [
        ([], {"SYNDICATION_SITE__TITLE": EVIL}),
        (["--check"], {f"SYNDICATION_{EVIL}": "1"}),
        (["--check", "--old-feeds"], OF_ANOTHER_SITE),
    ],
    "import": [([FILE, FEED], {}), (["--section", EVIL, FEED], {}), ([f"missing{EVIL}"], {})],
    "withdraw": [([f"story-10{EVIL}"], {}), ([EVIL], {})],
    "restore": [([f"story-1{EVIL}"], {}), ([EVIL], {})],
    "lock": [
        ([f"story-1{EVIL}", "--field", "title"], {}),
        ([EVIL, "--field", "title"], {}),
        (["x", "--field", EVIL], {}),
    ],
    "schedule": [([f"story-1{EVIL}", "--now"], {}), ([EVIL, "--now"], {}), (["x", EVIL], {})],
    "unlock": [([f"story-1{EVIL}"], {}), ([EVIL], {})],
    "regenerate": [(["taiwan", "--wait"], {}), (["--all", "--reason", EVIL], {}), ([EVIL], {})],
    "hold": [
        (["taiwan", "--reason", EVIL], {}),
        (["taiwan", "--reason", EVIL], {}),
        (["taiwan", "--reason", EVIL, "--version", "1", "--change"], {}),
        ([EVIL, "--reason", "r"], {}),
    ],
    "release": [(["taiwan"], {}), ([EVIL], {})],
    "status": [([], {}), (["--json"], {}), ([], OF_ANOTHER_REVISION), ([], SOURCES)],
    "trace": [
        ([f"story-1{EVIL}"], {}),
        ([f"story-1{EVIL}", "--json"], {}),
        ([EVIL], {}),
        (["\udcff"], {}),
        ([f"s1{EVIL}"], {}),
        ([f"s1{EVIL}"], SOURCES),
        ([f"s2{EVIL}"], SOURCES),
    ],
    "source list": [([], SOURCES), (["--json"], SOURCES), ([], {"SYNDICATION_SOURCE__CMS__KIND": EVIL})],
    "source look": [(["cms"], SOURCES), ([EVIL], SOURCES)],
    "source pause": [(["cms"], SOURCES), (["paused"], SOURCES), ([EVIL], SOURCES)],
    "source resume": [(["paused"], SOURCES), ([EVIL], SOURCES)],
    "source accept": [(["cms"], SOURCES), ([EVIL], SOURCES)],
    "source check": [
        (["cms"], SOURCES),
        (["cms", "--json"], SOURCES),
        (["paused"], SOURCES),
        (["failing"], SOURCES),
        ([EVIL], SOURCES),
    ],
    "source takeover": [
        (["--allow-private", "--pause", "0", SITE], SOURCES),
        (["--allow-private", "--pause", "0", "--json", SITE], SOURCES),
        ([f"https://cms{EVIL}.example/"], {}),
        ([EVIL], SOURCES),
    ],
    "hub status": [([], {}), (["--json"], {})],
    "hub list": [([], {}), (["--json"], {}), (["--host", EVIL], {})],
    "hub show": [(["1"], {}), (["1", "--json"], {}), ([EVIL], {})],
    "hub log": [([], {}), (["--json"], {}), (["--section", EVIL], {})],
    "hub pause": [(["1"], {}), ([EVIL], {})],
    "hub resume": [(["1"], {}), ([EVIL], {})],
    "hub push": [(["1"], {}), ([EVIL], {})],
    "hub remove": [(["1"], {}), (["--host", EVIL], {}), ([EVIL], {})],
    "feeds list": [([], {}), (["--json"], {}), (["--search", EVIL], {})],
    "feeds show": [(["election"], {}), (["election", "--json"], {}), ([EVIL], {})],
    "feeds preview": [
        (["trips", "--title", EVIL, "--any", f"tag:{EVIL}"], {}),
        (["election", "--title", EVIL], {}),
        (["trips", "--json", "--title", EVIL], {}),
        ([EVIL, "--title", EVIL], {}),
    ],
    "feeds create": [(["trips", "--title", EVIL], {}), ([EVIL, "--title", "T"], {}), (["t2", "--any", EVIL], {})],
    "feeds change": [(["election", "--title", EVIL], {}), (["election", "--none", EVIL], {}), ([EVIL], {})],
    "feeds rename": [(["election", EVIL], {}), ([EVIL, "trips"], {})],
    "feeds retire": [(["election"], {}), ([EVIL], {})],
    "feeds reinstate": [(["election"], {}), ([EVIL], {})],
    "reload": [([], {}), ([], {"SYNDICATION_SITE__TITLE": EVIL})],
    "find": [([f"Title{EVIL}"], {}), (["story", "--json"], {}), ([EVIL], {})],
    "purge": [
        (["taiwan"], {"SYNDICATION_PURGE__URL": "http://127.0.0.1:9/"}),
        ([EVIL], {"SYNDICATION_PURGE__URL": "http://127.0.0.1:9/"}),
    ],
    "deliveries": [([], {}), (["--json"], {}), (["--article", f"story-1{EVIL}"], {}), (["--section", EVIL], {})],
    "revisions": [
        ([f"story-1{EVIL}"], {}),
        ([f"story-1{EVIL}", "--json"], {}),
        ([f"story-1{EVIL}", "--show", EVIL], {}),
        ([EVIL], {}),
    ],
    "notifications": [([], {}), (["--json"], {}), (["--test", EVIL], {})],
    "init": [(["--yes", "--name", EVIL, "--generate"], {}), (["--yes", "--admin", EVIL, "--base-url", EVIL], {})],
    "audit-log": [([], {}), (["--json"], {}), (["--actor", f"desk{EVIL}"], {})],
    "token create": [([EVIL, "--scope", "read"], {}), (["cms", "--scope", EVIL], {})],
    "token list": [(["--all"], {})],
    "token revoke": [([f"cms{EVIL}"], {}), ([EVIL], {})],
    "user create": [([EVIL, "--all", "--generate"], {}), ([f"mei{EVIL}", "--all", "--generate"], {})],
    "user list": [(["--all"], {})],
    "user scopes": [([f"mei{EVIL}", "--scope", "read", "--force"], {}), ([EVIL, "--all"], {})],
    "user password": [([f"mei{EVIL}", "--generate"], {}), ([EVIL, "--generate"], {})],
    "user password-link": [([f"mei{EVIL}"], {}), ([EVIL], {})],
    "user log-out": [([f"mei{EVIL}"], {}), ([EVIL], {}), (["mei", "--session", EVIL], {})],
    "user sessions": [([], {}), ([f"mei{EVIL}"], {}), ([EVIL], {})],
    "user disable": [([f"mei{EVIL}", "--force"], {}), ([f"mei{EVIL}"], {}), ([EVIL], {})],
    "user enable": [([f"gone{EVIL}"], {}), ([EVIL], {})],
    "user reset-second-factor": [([f"mei{EVIL}"], {}), ([EVIL], {})],
    "copy-database": [
        ([TARGET], {}),
        (["--live", TARGET], {}),
        ([f"x{EVIL}://"], {}),
    ],
}
"""For each command its arguments, and the settings of its environment."""

SAYS_NOTHING_OF_DATA = {"editors", "token create", "feeds list", "reload", "init", "hub status"}
"""A process that only the program starts, a secret of ours, what was checked, and figures."""


def leaves(group: click.Group, prefix: str = "") -> Iterator[str]:
    """Every command that does something, by its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


@pytest.fixture(scope="module")
def newsroom(sqlite_template, tmp_path_factory):
    """A database of which every free text ends in control characters."""
    folder = tmp_path_factory.mktemp("hostile")
    path = folder / "hostile.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}", clock=FakeClock())
    full_newsroom(database, FakeClock(), folder)
    with database.write() as conn:
        drop_triggers(conn)
    with contextlib.closing(sqlite3.connect(path)) as conn, conn:
        for table in TABLES:
            for column in table.columns:
                if type(column.type) is Text and column.name not in KEPT:
                    conn.execute(f'UPDATE "{table.name}" SET "{column.name}" = "{column.name}" || ?', (EVIL,))
        conn.execute("UPDATE section_state SET failures = 3, error = ?", (EVIL,))
        conn.execute("UPDATE left_out SET reason = ?", (EVIL,))
        conn.execute("UPDATE worker SET seen_at = '9000-01-01T00:00:00.000000Z'")
        failed = "UPDATE regeneration_section SET result = 'failed', error = {}, finished_at = marked"
        failed = failed.format("char(97, 27, 13, 10) || 'forged' || char(8238, 155)").replace(
            "marked", "'2026-03-14T12:00:00.000000Z'"
        )
        conn.execute(failed)
        conn.execute(f"CREATE TRIGGER fail AFTER INSERT ON regeneration_section BEGIN {failed}; END")
        # The names of sources are in the configuration, which checks them.
        conn.execute("UPDATE source_state SET source = 'cms'")
        conn.execute("UPDATE source_row SET source = 'cms' WHERE refused IS NOT NULL")
        since = "'2026-03-14T12:00:00.000000Z'"
        for name, column in (
            ("failing", "failures, failing_since, error"),
            ("paused", "failures, paused_at, paused_by"),
        ):
            conn.execute(
                f"INSERT INTO source_state (source, kind, {column}) VALUES ('{name}', ?, 3, {since}, ?)", (EVIL, EVIL)
            )
        # What belongs to nothing cannot be copied, and is named.
        conn.execute("INSERT INTO article_section (article_id, section) VALUES (?, 'taiwan')", (EVIL,))
    with database.write() as conn:
        create_triggers(conn)
    database.close()
    return path


class Prepared:
    """What one case needs, made when it is named."""

    def __init__(self, newsroom, template, folder):
        self.newsroom, self.template, self.folder = newsroom, template, folder
        self.open = contextlib.ExitStack()

    def __call__(self, word: str) -> str:
        make = {
            DATABASE: self.database, FUTURE: self.future, FILE: self.file, FEED: self.feed, TARGET: self.target,
            CONFIG: self.config, SITE: self.site,
        }  # fmt: skip
        return make[word]() if word in make else word

    def database(self) -> str:
        return f"sqlite:///{shutil.copy(self.newsroom, self.folder / 'newsroom.db')}"

    def future(self) -> str:
        path = shutil.copy(self.template, self.folder / "future.db")
        with contextlib.closing(sqlite3.connect(path)) as conn, conn:
            conn.execute("UPDATE alembic_version SET version_num = ?", (EVIL,))
        return f"sqlite:///{path}"

    def target(self) -> str:
        return f"sqlite:///{self.folder}/target.db"

    def file(self) -> str:
        good = {"title": EVIL, "url": "/x", "html": "", "published_at": "2026-03-14T08:00:00+08:00"}
        articles = [
            good | {"id": EVIL, "sections": [EVIL]}, good | {"id": "b", "sections": ["unknown"]},
            good | {"id": "c", "sections": ["taiwan"], "status": EVIL}, {EVIL: EVIL}, good | {"id": EVIL, EVIL: 1},
            good | {"id": "d", "published_at": EVIL, "sections": ["taiwan"]},
        ]  # fmt: skip
        path = self.folder / f"articles{EVIL}.jsonl"
        path.write_text("\n".join(map(json.dumps, articles)) + "\nno JSON \x1b[2J\u202e\n")
        return str(path)

    def feed(self) -> str:
        item = "<item><guid>a\x9b\u202e\u2028</guid><title>b\x9b</title><pubDate>c\x9b\u202e</pubDate></item>"
        path = self.folder / f"feed{EVIL}.xml"
        path.write_text(f'<rss version="2.0"><channel>{item}</channel></rss>')
        return str(path)

    def config(self) -> str:
        """Sources whose stories, whose columns, and whose database are hostile."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        cms = ForeignNewsroom(f"sqlite:///{folder / 'cms.db'}")
        cms.publish(1, headline=EVIL, path=EVIL)
        cms.publish(2, headline="Title \u202eforged\u2028", path="2")
        cms.do("UPDATE writer SET name = ?", EVIL)
        cms.do("INSERT INTO topic VALUES (1, ?)", EVIL)
        columns = f'SELECT number AS id, headline AS "titel{EVIL}" FROM story WHERE number IN :ids'
        paused = cms.table(name="paused", articles=columns)
        failing = cms.table(name="failing", database=f"sqlite:///{folder}/missing{EVIL}.db")
        path = folder / "syndication.toml"
        for name in (path.name, "sections.toml"):
            shutil.copy(defaults_folder() / name, folder)
        with path.open("a") as file:
            file.writelines(map(toml, (cms.table(), paused, failing)))
        with (folder / "sections.toml").open("a") as file:
            file.write('[[old_feed]]\naddress = "/\\u202eforged.xml"\nsection = "taiwan"\n')
        return str(path)

    def site(self) -> str:
        """A web site whose pages, feeds and redirects are hostile."""
        link = f'<link rel="alternate" type="application/rss+xml" title="{EVIL}" href="/{{}}">'
        links = link.format(f"feed{EVIL}") + link.format("\u202eforged.xml")
        page = f'<html><head>{links}</head><body><a href="/missing{EVIL}">{EVIL}</a></body></html>'.encode()
        item = "<item><guid>a\x9b\u202eforged</guid><title>b\x9b\u202e\u2028</title><link>/a</link></item>"
        feed = f'<rss version="2.0"><channel><title>c\x9b\u202e</title>{item}</channel></rss>'.encode()

        def answers(asked: Asked) -> bytes:
            if asked.target == "/":
                return answer(200, {"Content-Type": "text/html; charset=utf-8"}, page)
            if asked.target.startswith(("/feed", "/%E2%80%AEforged")):
                return answer(200, {"Content-Type": "application/rss+xml"}, feed)
            return answer(301, {"Location": "/\x9b2J\u202eforged".encode().decode("latin-1")})

        return self.open.enter_context(serving(answers)).url


@pytest.fixture
def printed(newsroom, sqlite_template, tmp_path, monkeypatch):
    """What a command prints, on both of its outputs."""
    with (prepared := Prepared(newsroom, sqlite_template, tmp_path)).open:
        yield printing(prepared)


def printing(prepared: Prepared) -> Callable[[str, list[str], dict[str, str]], str]:

    def run(command: str, arguments: list[str], settings: dict[str, str]) -> str:
        words = [*command.split(), *map(prepared, arguments)]
        env = {"SYNDICATION_DATABASE__URL": DATABASE, "NO_COLOR": "1"} | settings
        before = dict(os.environ)
        try:
            done = CliRunner().invoke(main, words, env={key: prepared(value) for key, value in env.items()})
        finally:  # Some commands set variables for their children.
            os.environ.clear()
            os.environ.update(before)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.output

    return run


def test_every_command_has_cases():
    assert set(CASES) == set(leaves(main))


@pytest.mark.parametrize("command", CASES)
def test_what_a_command_prints_of_data_forges_no_line_and_moves_no_cursor(printed, command):
    outputs = [printed(command, *case) for case in CASES[command]]
    for case, output in zip(CASES[command], outputs, strict=True):
        assert output and not UNSAFE.search(output), (case, output)
    if command not in SAYS_NOTHING_OF_DATA:
        assert "forged" in "".join(outputs), "none of the cases shows any of the data"


@pytest.mark.parametrize("command", CASES)
def test_what_a_command_says_of_wrong_arguments_forges_no_line_either(printed, command):
    for arguments in ([f"--{EVIL}"], [EVIL] * 3, [f"-{EVIL}"], [f"--config{EVIL}"]):
        output = printed(command, arguments, AUTHORITY)
        assert output and not UNSAFE.search(output), (arguments, output)


@pytest.mark.parametrize("arguments", [[EVIL], ["token", EVIL], ["user", f"--{EVIL}"], ["--config", EVIL, "status"]])
def test_the_program_itself_and_its_groups_do_not_either(printed, arguments):
    assert not UNSAFE.search(printed("", arguments, {}))
