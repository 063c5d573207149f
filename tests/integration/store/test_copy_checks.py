"""Rows that cannot be copied are all named with their place, and nothing is copied."""

import subprocess
import uuid

import psycopg
import pytest
from sqlalchemy import text

from syndication.errors import StoreError
from syndication.store.copy import copy_database
from syndication.store.copy.copy import MAX_REPORTED
from syndication.store.db.database import Database
from syndication.store.triggers import drop_triggers
from tests.integration.store.test_copy import silent
from tests.support.desk import Desk
from tests.support.full_newsroom import empty, everything

FOR_POSTGRESQL = {
    "UPDATE article SET title = 'a' || char(0) || 'b' WHERE id = 'a1'": (
        "article a1: title: it contains U+0000 (NUL), which PostgreSQL cannot store"
    ),
    "UPDATE audit_log SET target = char(0)": (
        "audit_log 1: target: it contains U+0000 (NUL), which PostgreSQL cannot store"
    ),
    "INSERT INTO article_tag VALUES ('a1', 7, char(0))": "article_tag a1, 7: tag: it contains U+0000 (NUL), which",
    "UPDATE article_tag SET position = 2147483648 WHERE article_id = 'a1'": (
        "article_tag a1, 2147483648: position: it is 2147483648, over PostgreSQL's maximum of 2147483647"
    ),
}
"""Accepted by SQLite, but not by PostgreSQL."""

FOR_NOBODY = {
    "UPDATE article SET html = cast(x'C328' AS text) WHERE id = 'a1'": "article a1: html: it is not UTF-8",
    "UPDATE article SET html = cast(x'61EDA080' AS text) WHERE id = 'a1'": "article a1: html: it is not UTF-8",
    "UPDATE article SET title = x'616263' WHERE id = 'a1'": "article a1: title: it is a BLOB, not text",
    "UPDATE audit_log SET outcome = x'616263'": "audit_log 1: outcome: it is a BLOB, not text",
    "UPDATE audit_log SET at = '2026-03-14 08:00:00'": (
        "audit_log 1: at: it is not a time in the stored form, like 2026-01-31T08:00:00.000000Z"
    ),
    "UPDATE audit_log SET at = cast(x'C328' AS text)": "audit_log 1: at: it is not a time in the stored form",
    "UPDATE audit_log SET times = 1.5": "audit_log 1: times: it is a decimal number, not a whole number",
    "UPDATE audit_log SET times = 'many'": "audit_log 1: times: it is text, not a whole number",
    "UPDATE preview SET result = 'text'": "preview p: result: it is text, not bytes",
    "PRAGMA foreign_keys = OFF; INSERT INTO article_tag VALUES ('gone', 0, 'rail')": (
        "article_tag gone, 0: it refers to article gone, which does not exist"
    ),
    "PRAGMA foreign_keys = OFF; INSERT INTO document SELECT 'gone', 'rss', 1, '', NULL, 0, '', NULL": (
        "document gone, rss: it refers to section_state gone, which does not exist"
    ),
}
"""Values that can be typed into SQLite, but that no program can read."""


@pytest.fixture
def source(sqlite_database, clock):
    """A database without the triggers that reject some of this today: an older program's had none of them."""
    Desk(sqlite_database, clock).put("a1")
    with sqlite_database.write() as conn:
        drop_triggers(conn)
        conn.execute(text("INSERT INTO audit_log (at, actor, source, act, target, outcome) SELECT"
                          " noticed_at, 'a', 's', 'act', 't', 'o' FROM change LIMIT 1"))  # fmt: skip
        conn.execute(text("INSERT INTO preview (id, requested_at, requested_by, request) SELECT"
                          " 'p', noticed_at, 'a', '{}' FROM change LIMIT 1"))  # fmt: skip
    return sqlite_database


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request, new_url, clock):
    database = Database(new_url(request.param), clock=clock)
    yield database
    database.close()


def shell(database: Database, script: str) -> None:
    path = database.url.removeprefix("sqlite:///")
    done = subprocess.run(["sqlite3", "-bail", path], input=script, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def refused(source: Database, target: Database, monkeypatch) -> str:
    # Neither the triggers nor the check at the start are tested here.
    monkeypatch.setattr("syndication.store.migrations.runner.changed_triggers", lambda _: [])
    with pytest.raises(StoreError) as caught:
        copy_database(source, target, silent)
    assert empty(target)
    return str(caught.value)


@pytest.mark.parametrize("statement", FOR_POSTGRESQL)
def test_values_that_postgresql_cannot_hold_are_named(source, target, monkeypatch, statement):
    shell(source, statement)
    if target.dialect == "sqlite":
        monkeypatch.setattr("syndication.store.migrations.runner.changed_triggers", lambda _: [])
        copy_database(source, target, silent)
        assert everything(target) == everything(source)
        return
    assert f"\n- {FOR_POSTGRESQL[statement]}" in refused(source, target, monkeypatch)


@pytest.mark.parametrize("statement", FOR_NOBODY)
def test_values_that_no_program_can_read_are_named(source, target, monkeypatch, statement):
    shell(source, statement)
    assert f"\n- {FOR_NOBODY[statement]}" in refused(source, target, monkeypatch)


def test_all_problems_are_named_at_once_and_further_ones_counted(source, target, monkeypatch):
    for number in range(100):
        shell(source, f"INSERT INTO article_tag VALUES ('a1', {number + 10}, x'61'); UPDATE article SET html = x'61'")
    words = refused(source, target, monkeypatch).splitlines()
    assert words[0] == "nothing was copied, because the target cannot hold these rows: correct them first"
    assert words[1] == "- article a1: html: it is a BLOB, not text"
    assert [line.split(":")[0] for line in words[2:-1]] == [
        f"- article_tag a1, {n}" for n in range(10, 9 + MAX_REPORTED)
    ]
    assert words[-1] == "- and 81 more"
    assert "x'61'" not in "".join(words)


def test_corrected_rows_are_copied(source, target, monkeypatch):
    shell(source, "UPDATE article SET html = x'616263'")
    refused(source, target, monkeypatch)
    shell(source, "UPDATE article SET html = 'abc'")
    copy_database(source, target, silent)
    assert everything(target) == everything(source)


def test_a_row_that_the_target_itself_rejects_is_named(sqlite_database, postgres_url, clock):
    """An index of PostgreSQL takes no key over 2,704 bytes, and the length of a key is not known beforehand."""
    long = "".join(uuid.uuid4().hex for _ in range(200))
    with sqlite_database.write() as conn:
        for id in ("a1", "a2", long, "a3"):
            statement = text("INSERT INTO article (id, slug, url, title) VALUES (:id, 's', '/u', 'SECRET')")
            conn.execute(statement, {"id": id})
    target = Database(postgres_url, clock=clock)
    with pytest.raises(StoreError, match=r"the target rejects .* \(ProgramLimitExceeded\): article ") as caught:
        copy_database(sqlite_database, target, silent)
    assert str(caught.value).endswith(long) and "SECRET" not in str(caught.value)
    assert empty(target)
    target.close()


def test_a_target_of_another_encoding_is_refused(sqlite_database, postgres_server, clock):
    name = f"latin{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server.format(name="postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        target = Database(postgres_server.format(name=name), clock=clock)
        with pytest.raises(StoreError, match="the target's encoding is LATIN1: create it with ENCODING 'UTF8'"):
            copy_database(sqlite_database, target, silent)
        target.close()
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")
