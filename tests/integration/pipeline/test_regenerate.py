"""The invariants between an article and its feeds, on both databases."""

import re

import feedparser
import pytest
from sqlalchemy import delete, text, update

from syndication.model.values import Author, Enclosure, Image
from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.publishing import section_state
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow
from tests.support.desk import Desk, titles
from tests.support.newsroom import at


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.work()
    clock.advance(1)
    return desk


def test_a_section_without_articles_has_a_valid_empty_feed(desk):
    for format in ("atom", "rss"):
        parsed = feedparser.parse(desk.body("china", format))
        assert not parsed.bozo and parsed.entries == [] and parsed.feed.title


def test_a_published_article_reaches_its_section_and_all(desk):
    desk.put("a1", sections=("taiwan",))
    outcomes = desk.work()
    assert {slug: o.result for slug, o in outcomes.items()} == {"all": "published", "taiwan": "published"}
    assert titles(desk.body("taiwan")) == titles(desk.body("all")) == ["Story a1"]


def test_all_comes_last_of_sections_requested_at_the_same_time(desk):
    desk.put("a1", sections=("taiwan", "china"))
    assert list(desk.work()) == ["china", "taiwan", "all"]


def test_only_the_sections_concerned_are_regenerated(desk):
    before = desk.document("china")
    desk.put("a1", sections=("taiwan",))
    assert "china" not in desk.work()
    assert desk.document("china") == before


def test_an_article_of_no_configured_section_stands_in_all(desk):
    desk.put("a1", sections=("chess",))
    assert set(desk.work()) == {"all"}
    assert titles(desk.body("all")) == ["Story a1"]


def test_a_change_to_an_article_that_is_in_no_feed_writes_no_version(desk):
    desk.put("old", published_at=at(days=-90), updated_at=at(days=-90))
    for n in range(6):
        desk.put(f"n{n}", published_at=at(hours=-30 - n), updated_at=at(hours=-30 - n))
    desk.work()
    before = desk.document("taiwan")
    desk.put("old", title="Story nobody sees", published_at=at(days=-90), updated_at=at(days=-90))
    assert {o.result for o in desk.later().values()} == {"unchanged"}
    assert desk.document("taiwan") == before


def test_a_draft_is_in_no_document(desk):
    desk.put("a1", status="draft", title="Story secret")
    desk.work()
    assert "secret" not in desk.everything()


def test_an_embargoed_article_appears_when_its_second_comes_and_never_before(desk):
    desk.put("a1", title="Story secret", published_at=at(minutes=10), updated_at=at(minutes=10))
    desk.work()
    assert "secret" not in desk.everything()
    due = desk.regenerator.look().next_due
    assert due == at(minutes=10)
    desk.clock.now = at(minutes=10) - (at(seconds=0.001) - at())
    desk.work()
    assert "secret" not in desk.everything()
    desk.clock.now = at(minutes=10)
    desk.work()
    assert titles(desk.body("taiwan")) == ["Story secret"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"expires_at": at(seconds=30)}, "expired"),
        ({"status": "withdrawn"}, "withdrawn"),
        ({"status": "draft"}, "unpublished"),
        ({"published_at": at(hours=1)}, "unpublished"),
        ({"sections": ("china",)}, "moved"),
    ],
)
def test_what_leaves_a_feed_leaves_a_tombstone_with_its_reason(desk, change, reason):
    desk.put("a1")
    desk.put("a2")
    desk.work()
    desk.put("a1", **change)
    desk.later(minutes=1)
    assert titles(desk.body("taiwan")) == ["Story a2"]
    assert desk.tombstones() == {"a1": reason}


def entries(desk):
    """Returns the entries of the Atom feed as they are written."""
    return re.findall("<entry>.*?</entry>", desk.body("taiwan"), re.DOTALL)


def test_a_deleted_article_leaves_a_tombstone_and_returns_when_it_is_written_again(desk):
    desk.put("a1")
    desk.work()
    before = entries(desk)
    with desk.database.write() as conn:
        conn.execute(delete(ArticleRow).where(ArticleRow.id == "a1"))
    desk.later()
    assert desk.tombstones() == {"a1": "deleted"}
    assert desk.put("a1") == "created"
    desk.later()
    assert desk.tombstones() == {} and entries(desk) == before


def test_an_article_pushed_out_by_newer_ones_leaves_no_tombstone(desk):
    for n in range(6):
        desk.put(f"a{n}", published_at=at(days=-9 + n), updated_at=at(days=-9 + n))
        desk.later()
    assert titles(desk.body("taiwan")) == [f"Story a{n}" for n in (5, 4, 3, 2, 1)]
    assert desk.tombstones() == {}


def test_an_article_that_comes_back_has_no_tombstone(desk):
    desk.put("a1")
    desk.work()
    withdrawals.withdraw(desk.database, ["a1"], by=Actor("the night editor", "test"))
    desk.later()
    assert desk.tombstones() == {"a1": "withdrawn"}
    withdrawals.restore(desk.database, ["a1"], by=Actor("desk", "test"))
    desk.later()
    assert desk.tombstones() == {} and titles(desk.body()) == ["Story a1"]


def test_a_move_changes_both_sections(desk):
    desk.put("a1", sections=("taiwan",))
    desk.work()
    desk.put("a1", sections=("china",))
    assert {slug for slug, o in desk.later().items() if o.result == "published"} >= {"taiwan", "china"}
    assert (titles(desk.body("taiwan")), titles(desk.body("china"))) == ([], ["Story a1"])


def test_on_a_busy_day_everything_of_the_last_hours_stays_up_to_the_maximum(desk):
    for n in range(25):
        desk.put(f"a{n:02}", published_at=at(hours=-n), updated_at=at(hours=-n))
    desk.work()
    assert len(titles(desk.body())) == 20
    desk.put("a24", published_at=at(hours=-24), updated_at=at(hours=-24), status="draft")
    desk.later(hours=20)
    assert len(titles(desk.body())) == 5, "beyond the newest five, what is older than a day leaves by itself"


def test_the_same_content_is_no_new_version(desk):
    desk.put("a1")
    desk.work()
    before = desk.document()
    with desk.database.write() as conn:
        section_state.request(conn, desk.sections, desk.clock())
    assert {o.result for o in desk.later(hours=3).values()} == {"unchanged"}
    assert desk.document() == before


def test_a_section_publishes_one_version_a_second_and_none_is_lost(desk):
    desk.put("a1")
    assert desk.work()["taiwan"].result == "published"
    desk.put("a2")
    assert desk.work() == {}, "what follows within the second waits"
    ready, now = desk.regenerator.next_ready_at()
    assert 0 < (ready - now).total_seconds() <= 1
    desk.put("a3")
    first = desk.document().version
    desk.later()
    assert sorted(titles(desk.body())) == ["Story a1", "Story a2", "Story a3"]
    assert desk.document().version == first + 1


def test_times_never_go_back_when_the_clock_does(desk):
    desk.put("a1")
    desk.work()
    before = desk.document()
    desk.clock.advance(-3600)
    desk.put("a2", published_at=at(hours=-2), updated_at=at(hours=-2))
    desk.work()
    behind = desk.document()
    assert behind.version == before.version + 1
    assert behind.last_modified is None, "Last-Modified may not run ahead of the clock nor go back"
    assert f"<updated>{before.last_modified:%Y-%m-%dT%H:%M:%S}" in desk.body()
    desk.clock.advance(7200)
    desk.put("a3")
    desk.work()
    assert desk.document().last_modified > before.last_modified


def test_the_version_where_an_entry_last_changed_is_kept(desk, database):
    from syndication.store.publishing.published import get_published

    desk.put("a1")
    desk.put("a2")
    desk.work()
    first = desk.document().version
    desk.put("a1", title="Story a1, corrected")
    desk.later()
    with database.read() as conn:
        entries = get_published(conn, "taiwan").entries
    assert (entries["a1"].version, entries["a1"].since_version) == (first + 1, first)
    assert (entries["a2"].version, entries["a2"].since_version) == (first, first)


def test_one_bad_article_is_left_out_with_its_reason_and_the_feed_goes_on(desk):
    desk.put("bad", title="\x01\x02")
    desk.put("good")
    desk.work()
    assert titles(desk.body()) == ["Story good"]
    assert desk.state().left_out == 1
    desk.put("bad", title="Story mended")
    desk.later()
    assert desk.state().left_out == 0 and "Story mended" in titles(desk.body())


@pytest.mark.parametrize("url", ["http://[oops", "//[oops/x"])
def test_an_address_that_cannot_be_resolved_costs_its_own_article_alone(desk, url):
    desk.put("bad", url=url)
    desk.put("good")
    desk.put("bare", image=Image(url), enclosures=(Enclosure(url, "audio/mpeg"),))
    assert {outcome.result for outcome in desk.work().values()} == {"published"}
    assert sorted(titles(desk.body())) == ["Story bare", "Story good"]
    assert "its url" in desk.left_out()["bad"] and desk.left_out().keys() == {"bad"}


def test_a_row_without_a_possible_entry_is_left_out_with_the_reason(desk, monkeypatch):
    import syndication.pipeline.gather as module

    real = module.to_entry

    def to_entry(article, *rest):
        if article.id == "bad":
            raise RuntimeError("a surprise")
        return real(article, *rest)

    monkeypatch.setattr(module, "to_entry", to_entry)
    desk.put("bad")
    desk.put("good")
    desk.work()
    assert titles(desk.body()) == titles(desk.body("all")) == ["Story good"]
    assert desk.left_out() == {"bad": "its row cannot be read (RuntimeError: a surprise)"}


def test_a_row_that_the_driver_cannot_read_is_left_out_with_its_reason(desk):
    """The database rejects such rows, but one may have been stored before it did."""
    desk.put("bad")
    desk.put("good")
    with desk.database.write() as conn:
        if conn.dialect.name == "sqlite":
            for name in conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                conn.exec_driver_sql(f"DROP TRIGGER {name}")
            conn.exec_driver_sql("UPDATE article SET updated_at = '0000-01-01T00:00:00.000000Z' WHERE id = 'bad'")
        else:
            conn.exec_driver_sql(
                "ALTER TABLE article DROP CONSTRAINT ck_article_expires_at_is_in_the_years_1_to_9999;"
                "UPDATE article SET expires_at = 'infinity' WHERE id = 'bad'"
            )
    desk.work()
    assert titles(desk.body()) == ["Story good"]
    assert "its row cannot be read" in desk.left_out()["bad"]


def test_a_section_whose_only_article_is_bad_has_an_empty_feed(desk):
    desk.put("bad", url="http://[oops")
    assert desk.work()["taiwan"].result in ("published", "unchanged")
    assert desk.left_out().keys() == {"bad"}


def test_what_is_left_out_gives_its_place_to_older_ones(desk, monkeypatch):
    for n in range(8):
        desk.put(f"good{n}", published_at=at(days=-10 - n), updated_at=at(days=-10 - n))
    desk.work()
    shown = titles(desk.body())
    for n in range(5):
        desk.put(f"bad{n}", title="\x01", published_at=at(hours=-n), updated_at=at(hours=-n))
    desk.put("bad-and-old", title="\x01", published_at=at(days=-60), updated_at=at(days=-60))
    desk.later()
    assert titles(desk.body()) == shown and len(shown) == 5
    assert desk.left_out().keys() == {f"bad{n}" for n in range(5)}, "one that has no place anyway is not missed"
    assert desk.tombstones() == {}
    readings = []
    real = desk.regenerator._read
    monkeypatch.setattr(desk.regenerator, "_read", lambda *rest: readings.append(rest) or real(*rest))
    desk.put("good0", title="Story corrected")
    assert desk.later()["taiwan"].result == "published"
    assert "Story corrected" in titles(desk.body())
    assert len(readings) == len({slug for slug, *_ in readings}), "known ones cost no second reading"


def test_a_feed_is_filled_however_many_articles_are_left_out(desk):
    for n in range(40):
        desk.put(f"bad{n}", title="\x01", published_at=at(hours=-n), updated_at=at(hours=-n))
    desk.put("good", published_at=at(days=-30), updated_at=at(days=-30))
    desk.work()
    assert titles(desk.body()) == ["Story good"]
    desk.put("other", published_at=at(days=-40), updated_at=at(days=-40))
    desk.later()
    assert titles(desk.body()) == ["Story good", "Story other"]


def test_an_entry_leaves_no_tombstone_while_another_article_stands_under_its_id(desk):
    desk.put("a1", guid="G", published_at=at(hours=-1))
    desk.put("a2", guid="G", published_at=at(hours=-2))
    desk.work()
    assert titles(desk.body()) == ["Story a1"]
    desk.put("a1", guid="G", status="withdrawn")
    desk.later()
    assert titles(desk.body()) == ["Story a2"]
    assert desk.tombstones() == {}


def test_an_entry_that_comes_back_through_another_article_has_no_tombstone(desk):
    desk.put("a1", guid="G")
    desk.work()
    desk.put("a1", guid="G", status="draft")
    desk.later()
    assert desk.tombstones() == {"a1": "unpublished"}
    desk.put("a2", guid="G")
    desk.later()
    assert desk.tombstones() == {}


def test_an_article_with_a_new_guid_leaves_a_tombstone_for_the_old_one(desk):
    desk.put("a1", guid="old")
    desk.work()
    desk.put("a1", guid="new")
    desk.later()
    assert desk.tombstones() == {"a1": "new-id"}
    desk.put("a2")
    desk.later()
    assert desk.tombstones() == {"a1": "new-id"}, "it stays while the article stands"
    desk.put("a1", guid="old")
    desk.later()
    assert "old" not in desk.tombstone_ids()


def test_a_failing_section_keeps_its_documents_backs_off_and_holds_up_no_other(desk, monkeypatch):
    desk.put("a1", sections=("taiwan", "china"))
    desk.work()
    before = desk.document("taiwan")
    real = desk.regenerator.renderer.render

    def render(feed, *_):
        if feed.section.slug == "taiwan":
            raise RuntimeError("the renderer is broken")
        return real(feed)

    monkeypatch.setattr(desk.regenerator.renderer, "render", render)
    desk.put("a1", title="Story new", sections=("taiwan", "china"))
    outcomes = desk.later()
    assert (outcomes["taiwan"].result, outcomes["china"].result) == ("failed", "published")
    assert desk.document("taiwan") == before
    state = desk.state("taiwan")
    assert state.failures == 1 and state.error.startswith("RuntimeError in pipeline/fill.py:") and state.pending
    assert desk.work() == {}, "it waits before it is tried again"
    monkeypatch.undo()
    desk.later(seconds=3)
    assert titles(desk.body("taiwan")) == ["Story new"]
    assert desk.state("taiwan").error is None


def test_a_request_resets_the_back_off(desk, monkeypatch):
    monkeypatch.setattr(desk.regenerator.renderer, "render", lambda *_: 1 / 0)
    desk.put("a1")
    desk.work()
    monkeypatch.undo()
    with desk.database.write() as conn:
        section_state.request(conn, ["taiwan"], desk.clock())
    assert desk.work()["taiwan"].result == "published"


def test_a_changed_title_of_a_section_regenerates_at_the_next_start(desk):
    from dataclasses import replace

    assert desk.restart() == []
    desk.sections["china"] = replace(desk.sections["china"], entries=7)
    assert "china" in desk.restart()
    desk.site = replace(desk.site, base_url="https://elsewhere.example")
    assert set(desk.restart()) == set(desk.sections)


def test_an_older_program_never_overwrites_what_a_newer_one_renders(desk, monkeypatch):
    import syndication.pipeline.regenerate as module

    newer = module.RENDER_REVISION + 1
    with desk.database.write() as conn:
        section_state.register(conn, desk.regenerator.newsroom.fingerprints(), newer, desk.clock())
    desk.put("a1")
    assert desk.later() == {}
    assert desk.restart() == []
    monkeypatch.setattr(module, "RENDER_REVISION", newer)
    assert desk.work()["taiwan"].result == "published"


def test_a_late_worker_whose_lease_ran_out_writes_nothing(database, clock):
    early, late = Desk(database, clock, owner="early"), Desk(database, clock, owner="late")
    early.work()
    early.put("a1")
    clock.advance(1)
    late.regenerator.process_changes()
    assert late.regenerator._claim() == ["taiwan"]
    read = late.regenerator._read("taiwan")
    clock.advance(60)
    assert early.work()["taiwan"].result == "published"
    before = early.document("taiwan")
    assert late.regenerator._publish(*late.regenerator._render(read))[0] == "overtaken"
    assert early.document("taiwan") == before


def test_a_leased_section_is_left_to_its_worker_until_the_lease_runs_out(database, clock):
    one, other = Desk(database, clock, owner="one"), Desk(database, clock, owner="other")
    one.work()
    one.put("a1")
    clock.advance(1)
    one.regenerator.process_changes()
    (claimed,) = one.regenerator._claim()
    assert claimed not in other.work()
    assert claimed in other.later(seconds=31)


def test_a_change_during_a_regeneration_stays_marked(desk):
    desk.put("a1")
    desk.regenerator.process_changes()
    (section,) = desk.regenerator._claim()
    read = desk.regenerator._read(section)
    desk.put("a2")
    desk.regenerator.process_changes()
    desk.regenerator._publish(*desk.regenerator._render(read))
    assert desk.state(section).pending
    desk.later()
    assert len(titles(desk.body(section))) == 2


def test_a_renamed_section_keeps_its_feed_id_and_its_articles(desk):
    from dataclasses import replace

    desk.put("a1", sections=("taiwan",))
    desk.work()
    feed_id = feedparser.parse(desk.body("taiwan")).feed.id
    desk.sections["formosa"] = replace(desk.sections.pop("taiwan"), slug="formosa", formerly=("taiwan",))
    desk.restart()
    desk.later()
    assert titles(desk.body("formosa")) == ["Story a1"]
    assert feedparser.parse(desk.body("formosa")).feed.id == feed_id


def test_an_imported_guid_is_the_entry_id(desk):
    desk.put("a1", guid="https://old.daily.example/?p=17")
    desk.work()
    assert feedparser.parse(desk.body()).entries[0].id == "https://old.daily.example/?p=17"


def test_an_entry_id_survives_a_new_slug_and_a_new_url(desk):
    desk.put("a 1/é")
    desk.work()
    before = feedparser.parse(desk.body()).entries[0].id
    desk.put("a 1/é", slug="other", url="https://elsewhere.example/x", authors=(Author("Wu"),))
    desk.later()
    assert (
        feedparser.parse(desk.body()).entries[0].id == before == "tag:daily.example,2026-01-01:article/a%201%2F%C3%A9"
    )


def test_a_bulk_statement_reaches_the_feeds(desk):
    for n in range(3):
        desk.put(f"a{n}")
    desk.work()
    with desk.database.write() as conn:
        conn.execute(update(ArticleRow).values(title="Story bulk"))
        conn.execute(delete(ArticleSectionRow).where(ArticleSectionRow.article_id == "a0"))
    desk.later()
    assert titles(desk.body("taiwan")) == ["Story bulk"] * 2
    assert titles(desk.body("all")) == ["Story bulk"] * 3
