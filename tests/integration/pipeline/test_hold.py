"""A section keeps entries that vanished: more than half at once, without a withdrawal, on both databases."""

import gzip
import json
from datetime import timedelta

import feedparser
import pytest
from sqlalchemy import delete, insert, select, text, update

from syndication.pipeline import outcome
from syndication.store.access.audit_log import Actor, list_entries
from syndication.store.articles import withdrawals
from syndication.store.publishing import holds
from syndication.store.publishing.releases import release
from syndication.store.publishing.section_state import section_status
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow, AuthorRow, TagRow
from syndication.store.tables.publishing import DocumentRow, HoldRow
from tests.support.desk import Desk, hold, titles
from tests.support.newsroom import at, section

IDS = [f"a{n}" for n in range(8)]
EDITOR = Actor("mei", "command line")


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.sections["taiwan"] = section("taiwan", entries=10)
    hire(desk)
    for n, id in enumerate(IDS):
        desk.put(id, published_at=at(hours=-1, minutes=-n), updated_at=at(hours=-1, minutes=-n))
    desk.later()
    clock.advance(1)
    return desk


def hire(desk, length=60.0):
    """Puts another worker to the desk, which holds vanished entries."""
    desk.restart()
    hold(desk, length)


def write(desk, *statements):
    with desk.database.write() as conn:
        for statement in statements:
            conn.execute(statement)


def unfile(desk, *ids):
    """Does as a reload does in its first transaction."""
    write(desk, delete(ArticleSectionRow).where(ArticleSectionRow.article_id.in_(ids)))


def file(desk, *ids):
    """Does as a reload does in its second transaction."""
    with desk.database.write() as conn:
        for id in ids:
            conn.execute(text("INSERT INTO article_section (article_id, section) VALUES (:id, 'taiwan')"), {"id": id})


def release_it(desk, slug="taiwan"):
    with desk.database.write() as conn:
        return release(conn, slug, EDITOR, desk.clock())


def shown(desk, format="atom"):
    """Returns the ids of the articles in a document, in order."""
    if format == "json":
        return [item["title"].removeprefix("Story ") for item in json.loads(desk.body(format="json"))["items"]]
    return [entry.title.removeprefix("Story ") for entry in feedparser.parse(desk.body(format=format)).entries]


@pytest.mark.parametrize(
    "statement",
    [
        delete(ArticleRow).where(ArticleRow.id != "a7"),
        delete(ArticleSectionRow).where(ArticleSectionRow.article_id != "a7"),
        update(ArticleRow).where(ArticleRow.id != "a7").values(status="draft"),
        update(ArticleRow).where(ArticleRow.id != "a7").values(url="https://[broken"),
    ],
    ids=["deleted", "unfiled", "drafts", "unrenderable"],
)
def test_most_entries_vanishing_at_once_leave_every_document_alone(desk, statement):
    before = {format: desk.document(format=format) for format in ("atom", "rss", "json")}
    write(desk, statement)
    done = desk.work()["taiwan"]
    assert done.result == "unchanged" and done.held == 7 and done.hold.event == "begun"
    assert {format: desk.document(format=format) for format in before} == before
    state = desk.state()
    assert section_status(state) == "held" and state.hold.words == "7 of 8 entries vanished"
    assert state.hold.until == desk.clock() + timedelta(minutes=1) == state.next_due


def test_deleted_entries_leave_when_the_holds_time_is_over(desk):
    write(desk, delete(ArticleRow))
    desk.work()
    assert "taiwan" not in desk.later(seconds=59)
    done = desk.later(seconds=1)["taiwan"]
    assert done.result == "published" and done.hold.event == "over" and done.held == 0
    assert shown(desk) == [] and set(desk.tombstones().values()) == {"deleted"}
    assert section_status(desk.state()) == "current" and desk.state().hold is None


def test_entries_that_come_back_end_the_hold_without_a_version(desk):
    version = desk.document().version
    unfile(desk, *IDS)
    desk.work()
    file(desk, *IDS[:5])
    assert desk.later()["taiwan"].result == "unchanged" and section_status(desk.state()) == "held"
    assert desk.state().hold.words == "3 of 8 entries vanished" and shown(desk) == IDS
    file(desk, *IDS[5:])
    done = desk.later()["taiwan"]
    assert done.result == "unchanged" and done.hold.event == "returned" and desk.state().hold is None
    assert desk.document().version == version and shown(desk) == IDS and desk.tombstones() == {}


def test_a_reload_in_two_transactions_is_never_seen_by_readers(desk):
    before = desk.document()
    rows = {}
    with desk.database.write() as conn:
        for table in (ArticleRow, ArticleSectionRow, AuthorRow, TagRow):
            rows[table] = [dict(row) for row in conn.execute(select(table.__table__)).mappings()]
        conn.execute(delete(ArticleRow))
    desk.work()
    assert desk.later(seconds=30) == {} and desk.document() == before
    with desk.database.write() as conn:
        for table, values in rows.items():
            conn.execute(insert(table.__table__), values)
    assert desk.later()["taiwan"].hold.event == "returned"
    assert desk.document() == before and desk.tombstones() == {} and section_status(desk.state()) == "current"


def test_a_story_published_meanwhile_appears_beside_the_kept_ones(desk):
    unfile(desk, *IDS)
    desk.work()
    desk.put("b1", published_at=at(minutes=-65, seconds=-30), updated_at=at(minutes=-65))
    assert desk.later()["taiwan"].result == "published"
    order = [*IDS[:6], "b1", *IDS[6:]]
    for format in ("atom", "rss", "json"):
        assert shown(desk, format) == order
    assert section_status(desk.state()) == "held"
    file(desk, *IDS)
    assert desk.later()["taiwan"].result == "unchanged" and shown(desk) == order


def test_new_stories_push_kept_ones_out_beyond_the_limit(desk):
    desk.sections["taiwan"] = section("taiwan", entries=8, hours=0)
    hire(desk)
    desk.work()
    unfile(desk, *IDS)
    desk.work()
    for id in ("b1", "b2"):
        desk.put(id, published_at=at(minutes=-30), updated_at=at(minutes=-30))
    desk.later()
    assert shown(desk) == ["b2", "b1", *IDS[:6]] and section_status(desk.state()) == "held"


def test_a_correction_of_a_remaining_story_is_published(desk):
    unfile(desk, *IDS[1:])
    desk.work()
    desk.put("a0", title="Story corrected", published_at=at(hours=-1), updated_at=at(hours=-1))
    assert desk.later()["taiwan"].result == "published"
    assert shown(desk) == ["corrected", *IDS[1:]]


def test_a_withdrawn_entry_leaves_at_once_while_the_rest_is_held(desk):
    unfile(desk, *IDS)
    desk.work()
    withdrawals.withdraw(desk.database, ["a3"], EDITOR)
    assert desk.later()["taiwan"].result == "published"
    for format in ("atom", "rss", "json"):
        assert shown(desk, format) == [id for id in IDS if id != "a3"]
    assert "Story a3" not in desk.everything() and desk.tombstones()["a3"] == "withdrawn"
    assert section_status(desk.state()) == "held"


def test_a_kept_entry_of_a_deleted_story_can_be_withdrawn(desk):
    write(desk, delete(ArticleRow))
    desk.work()
    assert withdrawals.withdraw(desk.database, ["a3", "nowhere"], EDITOR) == ["nowhere"]
    desk.later()
    assert shown(desk) == [id for id in IDS if id != "a3"] and desk.tombstones() == {"a3": "withdrawn"}


def test_an_entry_expires_though_its_article_is_gone(desk):
    write(desk, update(ArticleRow).where(ArticleRow.id == "a2").values(expires_at=at(seconds=20)))
    desk.later()
    write(desk, delete(ArticleRow))
    desk.work()
    assert shown(desk) == IDS and desk.regenerator.look().next_due == at(seconds=20)
    desk.clock.now = at(seconds=20)
    desk.work()
    assert shown(desk) == [id for id in IDS if id != "a2"] and desk.tombstones() == {"a2": "expired"}
    assert section_status(desk.state()) == "held"


def test_an_embargo_set_meanwhile_takes_its_story_out_at_once(desk):
    unfile(desk, *IDS[1:])
    desk.work()
    write(desk, update(ArticleRow).where(ArticleRow.id == "a0").values(published_at=at(hours=5)))
    desk.later()
    assert shown(desk) == IDS[1:] and desk.tombstones() == {"a0": "unpublished"}


@pytest.mark.parametrize(
    "values",
    [{"status": "withdrawn"}, {"expires_at": at(seconds=-1)}, {"published_at": at(hours=5)}],
    ids=["withdrawn", "expired", "embargoed"],
)
def test_a_decision_about_all_entries_is_never_held(desk, values):
    write(desk, update(ArticleRow).values(values))
    done = desk.work()["taiwan"]
    assert done.result == "published" and done.held == 0 and shown(desk) == []


def test_half_of_the_entries_are_not_held(desk):
    write(desk, delete(ArticleRow).where(ArticleRow.id.in_(IDS[:4])))
    assert desk.work()["taiwan"].held == 0 and shown(desk) == IDS[4:]


def test_two_entries_of_a_small_feed_are_not_held(desk):
    write(desk, update(ArticleRow).where(ArticleRow.id.in_(IDS[2:])).values(status="withdrawn"))
    desk.later()
    write(desk, delete(ArticleRow).where(ArticleRow.id.in_(IDS[:2])))
    assert desk.later()["taiwan"].held == 0 and shown(desk) == []


def test_entries_too_old_for_the_window_are_not_held(desk):
    desk.sections["taiwan"] = section("taiwan", entries=1, hours=24)
    hire(desk)
    desk.work()
    assert shown(desk) == IDS
    done = desk.later(hours=24)["taiwan"]
    assert done.held == 0 and shown(desk) == IDS[:1]


def test_entries_replaced_by_newer_ones_in_the_same_transaction_are_not_held(desk):
    desk.sections["taiwan"] = section("taiwan", entries=8, hours=0)
    hire(desk)
    desk.work()
    with desk.database.write() as conn:
        conn.execute(delete(ArticleRow))
        for n in range(8):
            moment = at(minutes=-n).isoformat(timespec="microseconds").replace("+00:00", "Z")
            values = {"id": f"b{n}", "title": f"Story b{n}", "at": moment}
            conn.execute(
                text(
                    "INSERT INTO article (id, slug, url, title, published_at, status)"
                    " VALUES (:id, 's', '/u', :title, :at, 'published')"
                ),
                values,
            )
            conn.execute(text("INSERT INTO article_section (article_id, section) VALUES (:id, 'taiwan')"), values)
    done = desk.work()["taiwan"]
    assert done.held == 0 and shown(desk) == [f"b{n}" for n in range(8)]


def test_entries_whose_ids_other_articles_take_over_are_not_held(desk):
    for id in IDS:
        write(desk, update(ArticleRow).where(ArticleRow.id == id).values(guid=f"guid-{id}"))
    desk.later()
    before = desk.document()
    with desk.database.write() as conn:
        rows = conn.execute(select(ArticleRow.__table__)).mappings().all()
        conn.execute(delete(ArticleRow))
        for row in rows:
            conn.execute(ArticleRow.__table__.insert().values(dict(row) | {"id": f"new-{row['id']}"}))
            conn.execute(
                text("INSERT INTO article_section (article_id, section) VALUES (:id, 'taiwan')"),
                {"id": f"new-{row['id']}"},
            )
        conn.execute(
            text("INSERT INTO article_author (article_id, position, name) SELECT id, 0, 'Lin Mei-hua' FROM article")
        )
        conn.execute(text("INSERT INTO article_tag (article_id, position, tag) SELECT id, 0, 'rail' FROM article"))
    done = desk.later()["taiwan"]
    assert done.held == 0 and done.result == "unchanged" and desk.document() == before
    write(desk, update(ArticleRow).where(ArticleRow.id == "new-a0").values(title="Story corrected"))
    tombstones = desk.tombstones()
    desk.later()
    assert shown(desk)[0] == "corrected" and desk.tombstones() == tombstones


def test_an_editors_release_publishes_without_the_vanished_entries(desk):
    write(desk, delete(ArticleRow).where(ArticleRow.id != "a7"))
    desk.work()
    assert release_it(desk) == "released" and section_status(desk.state()) == "pending"
    done = desk.later()["taiwan"]
    assert done.result == "published" and done.hold.event == "released" and shown(desk) == ["a7"]
    assert release_it(desk) == "not-held"
    with desk.database.read() as conn:
        acts = [(entry.act, entry.target, entry.outcome, entry.actor) for entry in list_entries(conn, 10)]
    assert acts == [("release", "taiwan", "not-held", "mei"), ("release", "taiwan", "released", "mei")]


def test_a_release_during_a_regeneration_is_not_lost(desk):
    unfile(desk, *IDS)
    desk.work()
    with desk.database.read() as conn:
        before = holds.list_holds(conn).automatic["taiwan"]
    release_it(desk)
    with desk.database.write() as conn:
        holds.write(conn, before)  # By a worker that had read the section before.
        assert holds.list_holds(conn).automatic["taiwan"].released_at == desk.clock()


def test_another_worker_continues_the_hold_of_a_dead_one(desk):
    unfile(desk, *IDS)
    desk.work()
    until = desk.state().hold.until
    hire(desk)
    desk.put("b1", published_at=at(minutes=-30), updated_at=at(minutes=-30))
    desk.later(seconds=30)
    assert desk.state().hold.until == until and shown(desk) == ["b1", *IDS]


def test_a_hold_ends_in_time_although_the_clock_was_set_back(desk):
    unfile(desk, *IDS)
    desk.work()
    desk.clock.advance(-3600)
    hire(desk)
    desk.put("b1", published_at=at(hours=-3), updated_at=at(hours=-3))
    desk.work()
    assert desk.state().hold.until == desk.clock() + timedelta(minutes=1)


def test_a_longer_setting_prolongs_the_hold_there_is(desk):
    unfile(desk, *IDS)
    desk.work()
    since = desk.state().hold.since
    hire(desk, 3600)
    assert desk.later(seconds=60)["taiwan"].held == 8
    assert desk.state().hold.until == since + timedelta(hours=1)


def test_holds_are_off_with_a_time_of_zero(desk):
    hire(desk, 0)
    write(desk, delete(ArticleRow))
    assert desk.work()["taiwan"].held == 0 and shown(desk) == []


def test_turning_holds_off_ends_the_one_there_is(desk):
    unfile(desk, *IDS)
    desk.work()
    hire(desk, 0)
    desk.put("b1", published_at=at(minutes=-30), updated_at=at(minutes=-30))
    assert desk.later()["taiwan"].hold.event == "over" and shown(desk) == ["b1"]


def test_documents_that_cannot_be_cut_are_not_held(desk):
    write(desk, update(DocumentRow).where(DocumentRow.format == "atom").values(gzip=gzip.compress(b"<feed/>")))
    write(desk, delete(ArticleRow))
    assert desk.work()["taiwan"].held == 0 and shown(desk) == []


def test_each_section_is_held_on_its_own(desk):
    for n in range(30):
        desk.put(f"c{n}", sections=("china",), published_at=at(minutes=-5), updated_at=at(minutes=-5))
    desk.later()
    write(desk, delete(ArticleRow).where(ArticleRow.id.in_(IDS)))
    desk.later()
    assert {slug: section_status(desk.state(slug)) for slug in ("all", "taiwan", "china")} == {
        "all": "current",
        "taiwan": "held",
        "china": "current",
    }


def test_holds_are_logged_with_their_fields(desk, monkeypatch):
    logged = []

    class Log:
        def info(self, event, **values):
            logged.append((event, values))

        warning = info

    monkeypatch.setattr(outcome, "log", Log())
    write(desk, delete(ArticleRow).where(ArticleRow.id != "a7"))
    for done in desk.work().values():
        outcome.log_outcome(done)
    release_it(desk)
    outcome.log_outcome(desk.later()["taiwan"])
    events = {event: values for event, values in logged if event != "regenerated" and values["section"] == "taiwan"}
    assert events == {
        "section_held": {
            "section": "taiwan",
            "vanished": 7,
            "entries": 8,
            "deleted": 7,
            "until": at(seconds=62),
        },
        "hold_ended": {"section": "taiwan", "cause": "released"},
    }


def test_titles_of_kept_entries_are_still_in_the_feed_of_all(desk):
    write(desk, delete(ArticleRow))
    desk.work()
    assert titles(desk.body("all")) == [f"Story {id}" for id in IDS[:5]] + [f"Story {id}" for id in IDS[5:]]
    with desk.database.read() as conn:
        assert set(conn.scalars(select(HoldRow.section))) == {"all", "taiwan"}
