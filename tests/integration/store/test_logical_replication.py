"""A CMS's database that is replicated into the store (PostgreSQL's logical replication): its changes are noticed."""

import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.db.database import WORK, Database
from syndication.store.migrations.runner import check, migrate
from syndication.store.triggers import missing_triggers
from tests.support.desk import Desk, titles

DOCUMENT = (Path(__file__).parents[3] / "docs" / "operators.md").read_text()
SECTION = DOCUMENT.partition("## Connect a CMS by logical replication")[2].partition("\n## ")[0]
TABLES, PUBLICATION, SUBSCRIPTION = re.findall(r"```sql\n(.*?)```", SECTION, re.DOTALL)
"""What the documentation tells operators to type."""

STORY = (
    "INSERT INTO article (id, slug, url, title, status, published_at)"
    " VALUES ('{id}', '{id}', '/{id}', 'Story {id}', 'published', '2026-03-14 11:00+00')"
)
LINK = "INSERT INTO article_section (article_id, section) VALUES ('{id}', 'taiwan')"


class Cms:
    """The CMS's own database; ``wait`` returns when the store has applied everything written so far."""

    def __init__(self, url: str, store_url: str, slot: str) -> None:
        self.store_url = store_url
        self.slot = slot
        self.conn = psycopg.connect(url, autocommit=True)

    def write(self, *statements: str) -> None:
        """Runs statements in one transaction, and waits for the store."""
        with self.conn.transaction():
            for statement in statements:
                self.conn.execute(statement)
        self.wait()

    def wait(self) -> None:
        (until,) = self.conn.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
        for _ in range(3000):
            done = self.conn.execute(
                "SELECT confirmed_flush_lsn >= %s FROM pg_replication_slots WHERE slot_name = %s", (until, self.slot)
            ).fetchone()
            if done is not None and done[0]:
                return
            time.sleep(0.01)
        raise AssertionError("the store does not apply the CMS's changes")


@pytest.fixture
def cms(postgres_server, postgres_url) -> Iterator[Cms]:
    """A CMS with a story, connected to the store as the documentation says."""
    name, slot = f"cms{uuid.uuid4().hex}", f"slot{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server.format(name="postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    cms = Cms(postgres_server.format(name=name), postgres_url, slot)
    cms.conn.execute(TABLES + STORY.format(id="old") + ";" + LINK.format(id="old"))
    cms.conn.execute(PUBLICATION)
    # In one server, creating the subscription would wait for its own transaction: the slot is created first.
    cms.conn.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (slot,))
    host = make_url(postgres_url).query["host"]
    subscription = SUBSCRIPTION.replace("host=cms.example dbname=cms", f"host={host} dbname={name}").replace(
        "PUBLICATION stories", f"PUBLICATION stories WITH (create_slot = false, slot_name = {slot})"
    )
    with psycopg.connect(postgres_url, autocommit=True) as store:
        store.execute(subscription)
        for _ in range(3000):
            states = {row[0] for row in store.execute("SELECT srsubstate FROM pg_subscription_rel").fetchall()}
            if states == {"r"}:
                break
            time.sleep(0.01)
        assert states == {"r"}
        yield cms
        store.execute("ALTER SUBSCRIPTION stories DISABLE")
        store.execute("ALTER SUBSCRIPTION stories SET (slot_name = NONE)")
        store.execute("DROP SUBSCRIPTION stories")
    for _ in range(1000):
        if not cms.conn.execute("SELECT active FROM pg_replication_slots WHERE slot_name = %s", (slot,)).fetchone()[0]:
            break
        time.sleep(0.01)
    cms.conn.execute("SELECT pg_drop_replication_slot(%s)", (slot,))
    cms.conn.close()
    with psycopg.connect(postgres_server.format(name="postgres"), autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")
        conn.execute("DROP ROLE replication")


@pytest.fixture
def desk(cms, clock) -> Iterator[Desk]:
    database = Database(cms.store_url, clock=clock)
    yield Desk(database, clock)
    database.close()


def test_what_the_cms_had_is_published(cms, desk):
    desk.work()
    assert titles(desk.body("taiwan")) == ["Story old"]


def test_each_replicated_write_is_noticed_at_once(cms, desk):
    desk.work()
    listening = psycopg.connect(cms.store_url, autocommit=True)
    listening.execute(f"LISTEN {WORK}")
    for statement, shown in [
        (STORY.format(id="new"), ["Story old"]),
        (LINK.format(id="new"), ["Story old", "Story new"]),
        ("UPDATE article SET title = 'Story newer' WHERE id = 'new'", ["Story old", "Story newer"]),
        ("UPDATE article SET status = 'draft' WHERE id = 'old'", ["Story newer"]),
        ("DELETE FROM article WHERE id = 'new'", []),
    ]:
        cms.write(statement)
        assert list(listening.notifies(timeout=10, stop_after=1)), "no worker is woken"
        desk.later()
        assert sorted(titles(desk.body("taiwan"))) == sorted(shown), statement
        list(listening.notifies(timeout=0))  # Those of the worker itself.
    assert desk.tombstones() == {"old": "unpublished", "new": "deleted"}
    listening.close()


@pytest.mark.parametrize("clear", ["DELETE FROM article", "TRUNCATE article CASCADE"])
def test_a_replicated_transaction_that_reloads_everything_changes_nothing(cms, desk, clear):
    desk.work()
    before = desk.document("taiwan")
    cms.write(clear, STORY.format(id="old"), LINK.format(id="old"))
    assert {outcome.result for outcome in desk.later().values()} == {"unchanged"}
    assert desk.document("taiwan") == before


def test_a_replicated_truncate_is_noticed(cms, desk):
    desk.work()
    cms.write("TRUNCATE article CASCADE")
    desk.later()
    assert desk.tombstones() == {"old": "deleted"}


def test_a_withdrawn_article_stays_out_whatever_is_replicated(cms, desk):
    desk.work()
    withdrawals.withdraw(desk.database, ["old"], by=Actor("desk", "test"))
    cms.write("UPDATE article SET title = 'Story old, again', status = 'published'")
    cms.write("DELETE FROM article", STORY.format(id="old"), LINK.format(id="old"))
    desk.later()
    assert titles(desk.body("taiwan")) == []
    withdrawals.restore(desk.database, ["old"], by=Actor("desk", "test"))
    desk.later()
    assert titles(desk.body("taiwan")) == ["Story old"]


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE article SET id = ''", "id_is_not_empty"),
        ("UPDATE article SET status = 'live'", "status_is_known"),
        ("UPDATE article SET published_at = NULL", "published_has_published_at"),
        ("UPDATE article_section SET section = 'Taiwan'", "section_is_a_slug"),
    ],
)
def test_the_documented_tables_refuse_what_would_stop_the_replication(cms, statement, name):
    with pytest.raises(psycopg.errors.CheckViolation):
        cms.conn.execute(statement)
    with psycopg.connect(cms.store_url) as store, pytest.raises(psycopg.errors.CheckViolation, match=name):
        store.execute(statement)


@pytest.mark.parametrize("link_first", [False, True])
def test_a_session_in_the_role_of_a_replica_is_noticed(postgres_url, clock, link_first):
    database = Database(postgres_url, clock=clock)
    desk = Desk(database, clock)
    writes = [STORY.format(id="a1"), LINK.format(id="a1")]
    with psycopg.connect(postgres_url) as conn:
        conn.execute("SET session_replication_role = replica")
        for statement in reversed(writes) if link_first else writes:
            conn.execute(statement)
    desk.work()
    assert titles(desk.body("taiwan")) == ["Story a1"]
    database.close()


@pytest.mark.parametrize("change", ["DISABLE TRIGGER ALL", "ENABLE TRIGGER ALL", "ENABLE REPLICA TRIGGER {name}"])
def test_a_trigger_that_does_not_fire_always_is_reported_and_mended(postgres_url, clock, change):
    database = Database(postgres_url, clock=clock)
    name = "syndication_article_tag_changed"
    with database.write() as conn:
        conn.execute(text(f"ALTER TABLE article_tag {change.format(name=name)}"))
    with database.read() as conn:
        assert name in missing_triggers(conn)
    with pytest.raises(Exception, match=f"{name}.*syndication migrate"):
        check(database)
    migrate(database)
    check(database)
    database.close()
