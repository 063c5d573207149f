"""Which tombstones are read with a section, in which order, and which sections their pruning concerns."""

from datetime import timedelta

import pytest

from syndication.store.publishing import published
from syndication.store.publishing.published import PublishedTombstone, Tombstone
from tests.support.desk import Desk
from tests.support.newsroom import NOON


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.work()
    return desk


def bury(desk, version, at, *ids, reason="withdrawn", section="taiwan"):
    with desk.database.write() as conn:
        stones = [Tombstone(f"article of {id}", id, reason) for id in ids]
        published.write_tombstones(conn, section, stones, version, at)


def read(desk, section="taiwan"):
    with desk.database.read() as conn:
        return published.get_published(conn, section).deleted


def test_the_newest_version_comes_first_and_then_the_ids_in_one_order_on_any_database(desk):
    bury(desk, 2, NOON, "b", "a", "B", "é", "_", "台")
    bury(desk, 3, NOON, "z")
    bury(desk, 3, NOON, "y", section="china")
    assert [one.entry_id for one in read(desk)] == ["z", "B", "_", "a", "b", "é", "台"]
    assert read(desk)[0] == PublishedTombstone("article of z", "z", 3, NOON)


def test_only_what_was_withdrawn_or_deleted_is_read(desk):
    for reason in ("withdrawn", "deleted", "moved", "expired", "unpublished", "left-out", "new-id", "rolled-back"):
        bury(desk, 2, NOON, reason, reason=reason)
    assert [one.entry_id for one in read(desk)] == ["deleted", "withdrawn"]


def test_the_last_tombstone_of_an_article_replaces_an_earlier_one(desk):
    bury(desk, 2, NOON, "a")
    bury(desk, 4, NOON + timedelta(seconds=9), "a", reason="moved")
    assert read(desk) == ()


def test_pruning_names_the_sections_whose_documents_may_have_had_a_tombstone(desk):
    bury(desk, 2, NOON, "a")
    bury(desk, 3, NOON + timedelta(days=2), "b")
    bury(desk, 2, NOON, "c", reason="moved", section="china")
    bury(desk, 2, NOON + timedelta(days=2), "d", section="sports")
    with desk.database.write() as conn:
        assert published.prune_tombstones(conn, NOON + timedelta(days=1)) == {"taiwan"}
    assert [one.entry_id for one in read(desk)] == ["b"]
    assert desk.tombstones("china") == {} and desk.tombstones("sports") == {"article of d": "withdrawn"}
