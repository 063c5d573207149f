"""Why an article is not in a feed: every reason, and that trace and feed always agree."""

import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from syndication.diagnostics.trace import trace
from syndication.diagnostics.words import utc, write
from syndication.model.values import Image
from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.articles.trace_facts import read_trace_facts
from syndication.store.db.database import Database
from syndication.store.processes import workers
from syndication.store.publishing.published import get_published
from tests.conftest import FakeClock
from tests.support.desk import Desk, hold
from tests.support.newsroom import at, section
from tests.support.thorough import THOROUGH

EDITOR = Actor("the night editor", "test")


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    alive(desk)
    return desk


def alive(desk):
    with desk.database.write() as conn:
        now = desk.database.now(conn)
        workers.record_heartbeat(conn, workers.WorkerProcess("w1", "here", 1, now, now))


def facts_of(desk, id):
    with desk.database.snapshot() as conn:
        return read_trace_facts(conn, id, desk.selections, desk.database.now(conn))


def ask(desk, id="a1", slug="taiwan", retired=frozenset()):
    """Returns the verdict on an article in one section."""
    verdicts = {verdict.section: verdict for verdict in trace(facts_of(desk, id), desk.sections, retired)}
    return replace(verdicts[slug], words=write(verdicts[slug].words, utc))


def test_an_article_in_the_feed_has_position_and_versions(desk):
    desk.put("a1", published_at=at(hours=-2))
    desk.work()
    desk.put("a2", published_at=at(hours=-1))
    desk.later()
    verdict = ask(desk)
    assert (verdict.in_feed, verdict.rule, verdict.place) == (True, "in-feed", 2)
    assert (verdict.since_version, verdict.changed_in_version, verdict.changes_at) == (1, 1, None)
    assert verdict.words == "In the feed at position 2, added in version 1."


def test_a_draft_is_not_in_the_feed(desk):
    desk.put(status="draft", published_at=None)
    desk.work()
    assert ask(desk).rule == "draft"


def test_an_embargo_is_reported_with_its_end(desk):
    desk.put(published_at=at(hours=2))
    desk.work()
    verdict = ask(desk)
    assert (verdict.rule, verdict.changes_at, verdict.changes_to) == ("embargo", at(hours=2), "appears")
    assert verdict.words == "It is under embargo until 2026-03-14 14:00:00 UTC."


def test_a_withdrawal_is_reported_with_actor_and_time(desk):
    desk.put()
    desk.work()
    withdrawals.withdraw(desk.database, ["a1"], by=EDITOR)
    before = ask(desk)
    assert before.in_feed and before.rule == "withdrawn" and before.changes_to == "leaves"
    assert "Still in the feed" in before.words
    desk.later()
    verdict = ask(desk)
    assert (
        not verdict.in_feed and verdict.rule == "withdrawn" and "withdrawn by the night editor at 20" in verdict.words
    )


def test_an_entry_that_a_hold_keeps_is_reported_with_its_end(desk):
    hold(desk)
    for n in range(1, 4):
        desk.put(f"a{n}")
    desk.work()
    with desk.database.write() as conn:
        conn.execute(text("DELETE FROM article"))
    desk.later()
    verdict = ask(desk)
    assert (verdict.in_feed, verdict.rule) == (True, "deleted")
    assert (verdict.changes_at, verdict.changes_to) == (at(seconds=61), "leaves")
    assert verdict.words.startswith(
        "Still in the feed, which is held because 3 of 3 entries vanished. It leaves at 2026-03-14 12:01:01 UTC unless"
        " it comes back. It was deleted at "
    )
    withdrawals.withdraw(desk.database, ["a1"], by=EDITOR)
    assert "held" not in ask(desk).words and ask(desk).changes_at == desk.clock()


def test_a_deletion_is_reported(desk):
    desk.put()
    desk.work()
    with desk.database.write() as conn:
        conn.execute(text("DELETE FROM article"))
    desk.later()
    assert ask(desk).rule == "deleted"
    assert re.fullmatch(r"It was deleted at 20.* UTC\. Write it again to publish it\.", ask(desk).words)
    withdrawals.withdraw(desk.database, ["a1"], by=EDITOR)
    assert "withdrawn by the night editor" in ask(desk).words and "until someone restores it" in ask(desk).words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"expires_at": at(minutes=-1)}, "It expired at 2026-03-14 11:59:00 UTC."),
        (
            {"published_at": at(hours=3), "expires_at": at(hours=2)},
            "It expires at 2026-03-14 14:00:00 UTC, before it is published.",
        ),
    ],
)
def test_an_expiry_is_reported(desk, change, words):
    desk.put(**change)
    desk.work()
    verdict = ask(desk)
    assert (verdict.rule, verdict.words, verdict.changes_at) == ("expired", words, None)


def test_a_window_beyond_the_calendar_is_traced_as_it_is_gathered(desk):
    desk.sections["taiwan"] = replace(desk.sections["taiwan"], entries=1, max_entries=2, hours=10**9)
    for days, id in enumerate(("a1", "a2", "a3"), 1):
        desk.put(id, published_at=at(days=-days))
    desk.restart()
    desk.work()
    out = ask(desk, "a3")
    assert (out.rule, out.words) == ("pushed-out", "Newer articles pushed it out: it is at position 3 of 2.")
    assert ask(desk, "a2").in_feed and ask(desk, "a2").changes_to == "leaves"


def test_an_article_pushed_out_is_reported_with_its_position(desk):
    desk.put("a1", published_at=at(days=-3))
    for number in range(5):
        desk.put(f"b{number}", published_at=at(days=-2))
    desk.work()
    verdict = ask(desk)
    assert (verdict.rule, verdict.words) == ("pushed-out", "Newer articles pushed it out: it is at position 6 of 5.")


def test_on_a_busy_day_the_limit_is_higher_and_the_end_is_predicted(desk):
    for number in range(7):
        desk.put(f"b{number}", published_at=at(minutes=-number))
    desk.work()
    verdict = ask(desk, "b6")
    assert (verdict.in_feed, verdict.place) == (True, 7)
    assert (verdict.changes_at, verdict.changes_to) == (at(minutes=-6, hours=24), "leaves")


def test_a_left_out_article_is_reported_with_the_reason(desk):
    desk.put(title="\x01\x02")
    desk.work()
    verdict = ask(desk)
    assert verdict.rule == "left-out" and "its title has no printable characters" in verdict.words


def test_sections_without_the_article_are_reported(desk):
    desk.put(sections=("china", "gone", "typo"))
    desk.work()
    assert ask(desk, slug="taiwan").rule == "not-filed"
    assert ask(desk, slug="gone", retired=frozenset(["gone"])).rule == "retired"
    assert ask(desk, slug="typo").rule == "not-configured"


def test_waiting_for_a_worker_and_a_missing_worker_are_reported(desk, clock):
    desk.put()
    verdict = ask(desk)
    assert (verdict.in_feed, verdict.rule, verdict.changes_to) == (False, "waiting", "appears")
    clock.advance(60)
    verdict = ask(desk)
    assert (verdict.rule, verdict.changes_at) == ("no-worker", None) and "No worker is running" in verdict.words


def test_a_failing_section_is_reported_with_error_and_next_attempt(desk, monkeypatch):
    desk.put()
    monkeypatch.setattr(desk.regenerator.renderer, "render", lambda *_: 1 / 0)
    desk.work()
    alive(desk)
    verdict = ask(desk)
    assert verdict.rule == "failing" and "ZeroDivisionError" in verdict.words
    assert verdict.changes_at == at(seconds=2) and verdict.changes_to == "appears"


def test_a_waiting_change_of_an_article_in_the_feed_is_reported(desk):
    desk.put()
    desk.work()
    desk.put(title="Story a1, corrected")
    assert "A change is waiting to be regenerated." in ask(desk).words


def test_an_unknown_article_has_no_facts(desk):
    facts = facts_of(desk, "nobody")
    assert facts.article is None and facts.withdrawal is None and facts.deleted_at is None and not facts.positions


moments = st.integers(-40, 40).map(lambda hours: at(hours=hours, minutes=1))
stories = st.fixed_dictionaries(
    {
        "sections": st.sets(st.sampled_from(["taiwan", "china", "sports"]), max_size=3).map(tuple),
        "status": st.sampled_from(["published", "published", "published", "draft", "withdrawn"]),
        "published_at": moments,
        "expires_at": st.none() | moments,
        "title": st.sampled_from(["Story", "\x01"]),
        "image": st.none() | st.just(Image("https://pictures.example/1.jpg")),
    }
)
acts = st.lists(
    st.tuples(st.sampled_from(["put", "put", "put", "withdraw", "restore", "delete"]), st.integers(0, 9), stories),
    min_size=1,
    max_size=25,
)


@settings(
    max_examples=30 if THOROUGH else 12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts, st.lists(st.integers(1, 3_000), max_size=4))
def test_trace_and_feed_always_agree_and_predictions_come_true(sqlite_template, tmp_path, done, pauses):
    path = Path(tmp_path) / "agree.db"
    shutil.copy(sqlite_template, path)
    clock = FakeClock()
    desk = Desk(Database(f"sqlite:///{path}", clock=clock), clock)
    desk.sections = {slug: section(slug, entries=3, max_entries=5) for slug in desk.sections}
    desk.restart()
    try:
        for act, number, story in done:
            do(desk, act, f"a{number}", story)
        desk.work()
        check(desk)
        for minutes in pauses:
            clock.advance(minutes * 60)
            desk.work()
            check(desk)
        foretold(desk, clock)
    finally:
        desk.database.close()


def do(desk, act, id, story):
    if act == "put":
        desk.put(id, **story)
    elif act == "withdraw":
        withdrawals.withdraw(desk.database, [id], by=EDITOR)
    elif act == "restore":
        withdrawals.restore(desk.database, [id], by=EDITOR)
    else:
        with desk.database.write() as conn:
            conn.execute(text("DELETE FROM article WHERE id = :id"), {"id": id})


def verdicts_of(desk):
    alive(desk)
    found = {}
    for number in range(10):
        id = f"a{number}"
        facts = facts_of(desk, id)
        if facts.article is not None or facts.withdrawal is not None or facts.deleted_at is not None:
            found |= {(id, verdict.section): verdict for verdict in trace(facts, desk.sections, frozenset())}
    return found


def standing(desk):
    with desk.database.snapshot() as conn:
        return {slug: list(get_published(conn, slug).entries) for slug in desk.sections}


def check(desk):
    """Checks that trace and feed agree on presence and position, and that nothing is waiting."""
    feeds = standing(desk)
    for (id, slug), verdict in verdicts_of(desk).items():
        assert verdict.in_feed == (id in feeds.get(slug, ())), (id, verdict)
        assert verdict.rule not in ("waiting", "failing", "no-worker"), verdict
        assert (verdict.rule == "in-feed") == verdict.in_feed, verdict
        if verdict.in_feed:
            assert feeds[slug][verdict.place - 1] == id
            assert f"article/{id}<" in desk.body(slug)


def foretold(desk, clock):
    """Checks that nothing changes before the first predicted time, and that the prediction then comes true."""
    due = [verdict for verdict in verdicts_of(desk).values() if verdict.changes_at is not None]
    if not due:
        return
    first = min(due, key=lambda verdict: verdict.changes_at)
    before = standing(desk)
    clock.now = first.changes_at - timedelta(seconds=1)
    desk.work()
    assert standing(desk) == before
    clock.now = first.changes_at + timedelta(seconds=1)
    desk.work()
    after = {(id, slug) for slug, ids in standing(desk).items() for id in ids}
    for (id, slug), verdict in verdicts_of(desk).items():
        assert verdict.in_feed == ((id, slug) in after)
    if first.changes_to == "leaves":
        assert standing(desk) != before


def test_a_left_out_article_takes_no_position(desk):
    desk.put("bad", title="\x01", published_at=at(days=-2))
    for number in range(6):
        desk.put(f"b{number}", published_at=at(days=-3, minutes=-number))
    desk.work()
    assert [ask(desk, f"b{number}").place for number in range(5)] == [1, 2, 3, 4, 5]
    assert ask(desk, "b5").words == "Newer articles pushed it out: it is at position 6 of 5."
