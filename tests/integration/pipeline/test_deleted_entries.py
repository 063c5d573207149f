"""Atom documents say which stories were withdrawn or deleted, and change only when that does; on both databases."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from syndication.pipeline.gather import Newsroom
from syndication.pipeline.preview import Previewer, PreviewQuery
from syndication.pipeline.regenerate import Regenerator
from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.copy import copy_database
from syndication.store.db.database import Database
from syndication.store.publishing import editor_holds, published, section_state
from syndication.store.tables.articles import ArticleRow
from tests.support.desk import PACE, Desk, hold, titles
from tests.support.newsroom import at, section

MEI = Actor("user mei", "192.0.2.1")
SLUGS = ("all", "taiwan")


@pytest.fixture
def desk(database, clock):
    """Returns a desk whose feeds have the stories a0 to a5."""
    desk = Desk(database, clock)
    desk.sections = {slug: section(slug, entries=10) for slug in SLUGS}
    desk.restart()
    for n in range(6):
        desk.put(f"a{n}", published_at=at(hours=-1, minutes=-n), updated_at=at(hours=-1, minutes=-n))
    desk.work()
    clock.advance(1.25)
    return desk


def told(desk, slug="taiwan", text=None):
    """Returns what a document says is deleted: each article, and since when."""
    body = desk.body(slug) if text is None else text
    found = re.findall(r'<at:deleted-entry ref="[^"]*article/([^"/]*)" when="([^"]*)"/>', body)
    assert len(found) == body.count("deleted-entry"), "and nothing else"
    assert not {id for id, _ in found} & set(re.findall("<id>[^<]*article/([^</]*)</id>", body))
    return found


def updated(desk, slug="taiwan"):
    return re.search(r"<updated>([^<]*)\+00:00</updated>", desk.body(slug))[1] + "Z"


def withdraw(desk, *ids):
    assert withdrawals.withdraw(desk.database, list(ids), MEI) == []
    return desk.later()


def write(desk, *statements):
    with desk.database.write() as conn:
        for statement in statements:
            conn.execute(statement)


def again(desk):
    """Regenerates every feed without a change, as a reconciliation does, and after a restart."""
    before = [desk.document(slug, format) for slug in SLUGS for format in ("atom", "rss", "json")]
    for seconds in (1, 61.5):
        desk.clock.advance(seconds)
        write_requests(desk)
        assert {slug: done.result for slug, done in desk.work().items()} == dict.fromkeys(SLUGS, "unchanged")
    desk.regenerator = Regenerator(desk.database, Newsroom(desk.site, desk.sections), PACE, "another")
    desk.regenerator.register()
    write_requests(desk)
    desk.clock.advance(1)
    assert {done.result for done in desk.work().values()} == {"unchanged"}
    assert [desk.document(slug, format) for slug in SLUGS for format in ("atom", "rss", "json")] == before


def write_requests(desk):
    with desk.database.write() as conn:
        section_state.request(conn, SLUGS, desk.clock())


def test_a_withdrawn_story_has_a_tombstone_with_the_time_of_its_version(desk):
    withdraw(desk, "a1")
    for slug in SLUGS:
        assert told(desk, slug) == [("a1", updated(desk, slug))]
    assert "deleted-entry" not in desk.body(format="rss") + desk.body(format="json")
    again(desk)


def test_withdrawals_of_several_versions_are_told_newest_first(desk):
    withdraw(desk, "a1", "a0")
    first = updated(desk)
    again(desk)
    withdraw(desk, "a4", "a2")
    second = updated(desk)
    assert first < second
    assert told(desk) == [("a2", second), ("a4", second), ("a0", first), ("a1", first)]
    again(desk)


def test_versions_of_one_time_have_one_order_when_the_clock_goes_back(desk):
    withdraw(desk, "a1")
    desk.clock.advance(-3600)
    withdraw(desk, "a5")
    assert [id for id, _ in told(desk)] == ["a5", "a1"] and len({when for _, when in told(desk)}) == 1
    again(desk)


def test_a_restored_story_loses_its_tombstone_in_one_version(desk):
    withdraw(desk, "a1")
    version = desk.document().version
    withdrawals.restore(desk.database, ["a1"], MEI)
    assert desk.later()["taiwan"].result == "published"
    assert told(desk) == [] and "tombstones" not in desk.body() and desk.document().version == version + 1
    again(desk)
    withdraw(desk, "a1")
    assert told(desk) == [("a1", updated(desk))]


def test_a_deleted_story_has_a_tombstone(desk):
    write(desk, delete(ArticleRow).where(ArticleRow.id == "a3"))
    desk.later()
    assert told(desk) == [("a3", updated(desk))]
    again(desk)


@pytest.mark.parametrize(
    "change",
    [{"status": "draft"}, {"expires_at": at(minutes=-1)}, {"published_at": at(hours=9)}, {"sections": ("all",)}],
    ids=["draft", "expired", "embargo", "moved"],
)
def test_a_story_that_leaves_for_another_reason_has_none(desk, change):
    desk.put("a1", **{"published_at": at(hours=-1, minutes=-1), "updated_at": at(hours=-1)} | change)
    assert desk.later()["taiwan"].result == "published"
    assert "a1" in desk.tombstones() and told(desk) == []
    withdraw(desk, "a2")
    assert [id for id, _ in told(desk)] == ["a2"]
    again(desk)


def test_a_story_that_was_pushed_out_has_none(desk):
    desk.sections["taiwan"] = section("taiwan", entries=3, hours=0, max_entries=3)
    desk.restart()
    desk.work()
    assert len(titles(desk.body())) == 3 and told(desk) == []


def test_a_story_that_was_never_public_has_none(desk):
    desk.put("secret", published_at=at(hours=5), updated_at=at())
    desk.later()
    withdraw(desk, "secret", "a1")
    assert [id for id, _ in told(desk)] == ["a1"] and "secret" not in desk.everything()


def test_another_story_with_the_same_id_takes_the_tombstone_away(desk):
    withdraw(desk, "a1")
    write(desk, delete(ArticleRow).where(ArticleRow.id == "a1"))
    entry_id = next(iter(desk.tombstone_ids()))
    desk.put("b1", guid=entry_id, published_at=at(minutes=-9), updated_at=at(minutes=-9))
    desk.later()
    assert told(desk) == [] and titles(desk.body())[0] == "Story b1"
    again(desk)


def test_a_story_withdrawn_under_a_new_id_has_the_new_tombstone_alone(desk):
    withdraw(desk, "a1")
    withdrawals.restore(desk.database, ["a1"], MEI)
    guid = "tag:daily.example,2026-01-01:article/again"
    desk.put("a1", guid=guid, published_at=at(hours=-1, minutes=-1), updated_at=at(hours=-1))
    desk.later()
    assert [id for id, _ in told(desk)] == ["a1"], "what readers had by its old ID"
    again(desk)
    withdraw(desk, "a1")
    assert told(desk) == [("again", updated(desk))]
    again(desk)


def test_a_pruned_tombstone_leaves_the_documents_at_once(desk):
    withdraw(desk, "a1")
    desk.clock.advance(86400)
    withdraw(desk, "a2")
    with desk.database.write() as conn:
        gone = published.prune_tombstones(conn, desk.clock() - timedelta(hours=1))
        section_state.request(conn, gone, desk.clock())
    assert gone == set(SLUGS)
    assert desk.later()["taiwan"].result == "published" and [id for id, _ in told(desk)] == ["a2"]
    again(desk)


def test_a_tombstone_that_no_document_has_is_pruned_without_a_regeneration(desk):
    desk.put("a1", status="draft")
    desk.later()
    with desk.database.write() as conn:
        assert published.prune_tombstones(conn, desk.clock() + timedelta(days=1)) == set()
    assert desk.tombstones() == {}


def test_a_withdrawal_passes_a_hold_of_an_editor_with_its_tombstone(desk):
    withdraw(desk, "a5")
    first = updated(desk)
    with desk.database.write() as conn:
        editor_holds.hold(conn, "taiwan", None, None, "wrong story", MEI, desk.clock())
    desk.put("c1", published_at=at(minutes=-1), updated_at=at(minutes=-1))
    withdraw(desk, "a1")
    assert told(desk) == [("a1", updated(desk)), ("a5", first)] and "Story c1" not in desk.body()
    version = desk.document().version
    write_requests(desk)
    assert desk.later()["taiwan"].result == "unchanged" and desk.document().version == version
    withdrawals.restore(desk.database, ["a1"], MEI)
    desk.later()
    assert told(desk) == [("a5", first)]
    with desk.database.write() as conn:
        editor_holds.release(conn, "taiwan", MEI, desk.clock())
    desk.later()
    assert told(desk) == [("a5", first)]
    again(desk)


def test_a_rolled_back_feed_says_of_no_entry_that_it_is_deleted(desk):
    version = desk.document().version
    write(desk, delete(ArticleRow).where(ArticleRow.id == "a3"))
    desk.later()
    assert [id for id, _ in told(desk)] == ["a3"]
    with desk.database.write() as conn:
        editor_holds.hold(conn, "taiwan", version, None, "wrong story", MEI, desk.clock())
    desk.later()
    assert told(desk) == [] and "Story a3" in desk.body()
    withdraw(desk, "a3")
    assert [id for id, _ in told(desk)] == ["a3"]


def test_a_withdrawal_passes_an_automatic_hold_with_its_tombstone(desk):
    hold(desk)
    write(desk, update(ArticleRow).where(ArticleRow.id != "a0").values(status="draft"))
    desk.work()
    assert len(titles(desk.body())) == 6 and told(desk) == []
    withdraw(desk, "a3")
    assert told(desk) == [("a3", updated(desk))] and len(titles(desk.body())) == 5
    write_requests(desk)
    assert desk.later()["taiwan"].result == "unchanged"
    desk.later(seconds=61)
    assert [id for id, _ in told(desk)] == ["a3"] and titles(desk.body()) == ["Story a0"]


def test_deletions_of_a_hold_are_told_when_it_is_over(desk):
    hold(desk)
    write(desk, delete(ArticleRow))
    desk.work()
    assert told(desk) == []
    desk.later(seconds=61)
    assert [id for id, _ in told(desk)] == [f"a{n}" for n in range(6)]
    desk.regenerator.policy = PACE
    again(desk)


def test_a_preview_has_the_tombstones_that_would_be_published(desk):
    withdraw(desk, "a5")
    previewer = Previewer(desk.database, desk.regenerator.newsroom, desk.regenerator.renderer)
    answer = previewer.preview(PreviewQuery("taiwan", [{"id": "a1", "status": "withdrawn"}]))
    assert [id for id, _ in told(desk, text=answer["documents"]["atom"])] == ["a1", "a5"]
    withdraw(desk, "a1")
    plain = previewer.preview(PreviewQuery("taiwan", [{"id": "a2", "title": "Story a2"}]))
    stamp = re.compile(r"<updated>[^<]*</updated>")
    assert stamp.sub("", plain["documents"]["atom"], count=1) == stamp.sub("", desk.body(), count=1)


def test_a_worker_on_a_copy_finds_the_same_bytes(desk, clock, new_url):
    withdraw(desk, "a1", "a0", "a3")
    withdraw(desk, "a2")
    other = Database(new_url("postgresql" if desk.database.dialect == "sqlite" else "sqlite"), clock=clock)
    before = [desk.document(slug) for slug in SLUGS]
    copy_database(desk.database, other, lambda *_: None)
    desk.database = other
    desk.regenerator = Regenerator(other, Newsroom(desk.site, desk.sections), PACE, "another")
    assert [desk.document(slug) for slug in SLUGS] == before
    again(desk)
    other.close()
