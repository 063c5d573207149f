"""A regeneration reads what changed, and nothing else; and still what was changed unnoticed is found."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import event, text, update

from syndication.model.fragments import Fragments
from syndication.model.values import Author
from syndication.pipeline.gather import Newsroom
from syndication.pipeline.regenerate import TOGETHER, Regenerator
from syndication.render.entries import RenderedEntries
from syndication.store.access.audit_log import Actor
from syndication.store.publishing import article_stamps, regenerations
from syndication.store.publishing.regenerations import FEW
from syndication.store.tables.publishing import EntryStateRow
from syndication.store.triggers import create_triggers, drop_triggers
from tests.support.desk import PACE, Desk, titles
from tests.support.newsroom import section

EDITOR = Actor("lin", "-")


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    for n in range(3):
        desk.put(f"a{n}", sections=("taiwan",))
    desk.work()
    clock.advance(1)
    return desk


@pytest.fixture
def read(desk):
    """Returns the IDs of the articles whose bodies were read since the last call."""
    found = []

    @event.listens_for(desk.database.engine, "before_cursor_execute")
    def sent(_conn, _cursor, statement, parameters, *_):
        if statement.startswith("SELECT") and "article.html," in statement:
            for value in parameters.values() if isinstance(parameters, dict) else parameters:
                found.extend(value if isinstance(value, list) else [value])

    def take():
        taken = {id for id in found if isinstance(id, str) and id.startswith("a")}
        found.clear()
        return taken

    yield take
    event.remove(desk.database.engine, "before_cursor_execute", sent)


def ask(desk, *slugs):
    desk.clock.advance(1)
    with desk.database.write() as conn:
        regenerations.request(conn, slugs, None, EDITOR, desk.clock())


def unnoticed(desk, statement):
    """Writes as a program that disables triggers does."""
    with desk.database.write() as conn:
        drop_triggers(conn)
        conn.execute(text(statement))
        create_triggers(conn)


def test_of_a_feed_the_new_article_alone_is_read(desk, read):
    desk.put("a9", sections=("taiwan",))
    read()
    desk.regenerator.process_changes()
    list(desk.regenerator.regenerate_pending())
    assert read() == {"a9"}
    assert len(titles(desk.body())) == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": "Another title"}, "Another title"),
        ({"html": "<p>Another body</p>"}, "Another body"),
        ({"tags": ("railways",)}, "railways"),
        ({"summary": "Another summary"}, "Another summary"),
        ({"authors": (Author("Chen Shu-fen"),)}, "Chen Shu-fen"),
    ],
)
def test_each_changed_part_of_an_article_is_read_again(desk, change, words):
    desk.put("a1", sections=("taiwan",), **change)
    desk.later()
    assert words in desk.body()


def test_another_worker_reads_what_the_first_gathered(desk, database, clock):
    other = Desk(database, clock, owner="other")
    other.work()
    other.put("a1", sections=("taiwan",), html="<p>Corrected by the other.</p>")
    other.later()
    desk.put("a2", sections=("taiwan",), title="Seen by the first")
    desk.later()
    assert "Corrected by the other." in desk.body() and "Seen by the first" in desk.body()


def test_a_feed_that_would_be_the_same_is_neither_read_nor_rendered(desk, read, monkeypatch):
    ask(desk, *[*desk.sections, *(f"s{n}" for n in range(FEW))][: FEW + 1])
    monkeypatch.setattr(desk.regenerator.renderer, "render", None)
    read()
    outcomes = {outcome.section: outcome for outcome in desk.regenerator.regenerate_pending()}
    assert read() == set()
    assert {one.result for one in outcomes.values()} == {"unchanged"} and outcomes["taiwan"].entries == 3
    assert not any(desk.state(slug).pending for slug in desk.sections)


def test_a_worker_without_memory_knows_as_well_that_nothing_would_differ(desk, database, read, monkeypatch):
    ask(desk, *[*desk.sections, *(f"s{n}" for n in range(FEW))][: FEW + 1])
    other = Regenerator(database, Newsroom(desk.site, desk.sections), PACE, "other")
    monkeypatch.setattr(other.renderer, "render", None)
    read()
    assert {outcome.result for outcome in other.regenerate_pending()} == {"unchanged"} and read() == set()


def test_who_asks_for_a_few_feeds_gets_what_nobody_noticed(desk):
    unnoticed(desk, "UPDATE article SET title = 'Changed behind our back' WHERE id = 'a1'")
    desk.later()
    assert "Changed behind our back" not in desk.body()
    ask(desk, "taiwan")
    desk.later()
    assert "Changed behind our back" in desk.body()


def test_after_a_reconciliation_every_worker_reads_every_article_again(desk, database, clock):
    other = Desk(database, clock, owner="other")
    other.work()
    unnoticed(desk, "UPDATE article SET html = '<p>Unnoticed.</p>' WHERE id = 'a1'")
    with database.write() as conn:
        article_stamps.renew_all(conn)
    other.put("a2", sections=("taiwan",), title="Another change")
    other.later()
    assert "Unnoticed." in desk.body()


def test_many_asked_feeds_are_completed_together_and_a_change_comes_first(desk, clock):
    desk.sections |= {f"s{n:02}": section(f"s{n:02}") for n in range(2 * TOGETHER)}
    desk.restart()
    desk.later()
    ask(desk, *desk.sections)
    first = desk.regenerator.regenerate_next(ahead=True)
    assert first.result == "unchanged"
    waiting = [slug for slug in desk.sections if desk.state(slug).pending]
    assert len(desk.sections) - len(waiting) == TOGETHER
    desk.put("b1", sections=("sports",))
    while (outcome := desk.regenerator.regenerate_next(ahead=True)) is not None and outcome.result == "unchanged":
        desk.regenerator.process_changes(ahead=True)
    assert outcome.section == "sports" and any(desk.state(slug).pending for slug in desk.sections)
    assert {one.result for one in desk.regenerator.regenerate_pending()} == {"unchanged", "published"}
    assert not any(desk.state(slug).pending for slug in desk.sections)


def test_what_a_stopped_worker_had_claimed_ahead_is_taken_over(desk, database, clock):
    ask(desk, *[*desk.sections, *(f"s{n}" for n in range(FEW))][: FEW + 1])
    assert desk.regenerator._claim(ahead=True)
    other = Regenerator(database, Newsroom(desk.site, desk.sections), PACE, "other")
    assert other.regenerate_next() is None
    clock.advance(31)
    assert {one.section for one in other.regenerate_pending()} == set(desk.sections)


def test_a_worker_that_has_just_started_takes_the_bytes_of_entries_that_are_stored(desk, database, monkeypatch):
    before, entries = desk.body(), RenderedEntries({}, [])
    assert before.count("<entry>") == 3
    desk.site = replace(desk.site, title="Another title")
    rendered = []
    other = Regenerator(
        database,
        Newsroom(desk.site, desk.sections),
        PACE,
        "other",
        entries=lambda _, fresh: rendered.extend(fresh) or entries,
    )
    other.register()
    desk.clock.advance(1)
    outcomes = {outcome.section: outcome for outcome in other.regenerate_pending()}
    assert {one.result for one in outcomes.values()} == {"published"} and not rendered
    after = desk.body()
    assert "Another title" in after and after != before
    assert re.findall("(?s)<entry>.*</entry>", after) == re.findall("(?s)<entry>.*</entry>", before)


@pytest.mark.parametrize("broken", ["source = 'other'", "body = NULL", "source = NULL"])
def test_stored_bytes_that_are_of_something_else_are_not_taken(desk, database, broken):
    with database.write() as conn:
        conn.execute(text(f"UPDATE entry_state SET {broken}"))
    before = re.findall("(?s)<entry>.*</entry>", desk.body())
    assert before
    desk.site = replace(desk.site, title="Another title")
    desk.restart()
    desk.later()
    assert "Another title" in desk.body() and re.findall("(?s)<entry>.*</entry>", desk.body()) == before


def test_a_reconciliation_does_not_believe_stored_bytes(desk, database):
    with database.write() as conn:
        wrong = Fragments(b"<entry>wrong</entry>", b"<item>wrong</item>", b"{}").pack()
        conn.execute(update(EntryStateRow).values(body=wrong))
    desk.site = replace(desk.site, title="Another title")
    desk.restart()
    desk.regenerator.maker.from_scratch = True
    desk.later()
    assert "wrong" not in desk.body()


def test_a_section_that_is_claimed_already_and_changes_is_regenerated_once(desk):
    desk.sections |= {f"s{n:02}": section(f"s{n:02}") for n in range(2 * TOGETHER)}
    desk.restart()
    desk.later()
    ask(desk, *desk.sections)
    desk.regenerator.regenerate_next(ahead=True)
    claimed = list(desk.regenerator._ahead)
    assert len(claimed) > 2
    desk.put("b1", sections=(claimed[2],))
    desk.regenerator.process_changes(ahead=True)
    done = []
    while (outcome := desk.regenerator.regenerate_next(ahead=True)) is not None:
        done.append((outcome.section, outcome.result))
    assert [result for slug, result in done if slug == claimed[2]] == ["published"]


def test_feeds_that_are_to_be_made_anew_are_claimed_one_by_one(desk):
    desk.site = replace(desk.site, title="Another title")
    desk.restart()
    desk.clock.advance(1)
    assert len(desk.regenerator._claim(ahead=True)) == 1


def test_what_would_be_the_same_is_not_claimed_again_by_a_section_that_differs(desk):
    # After taiwan, which differs, and before all, which differs too and comes last.
    desk.sections |= {f"w{n:02}": section(f"w{n:02}") for n in range(FEW)}
    desk.restart()
    desk.later()
    with desk.database.write() as conn:
        article_stamps.renew(conn, ["a1"])
    ask(desk, *desk.sections)
    done = []
    while (outcome := desk.regenerator.regenerate_next(ahead=True)) is not None:
        done.append(outcome.section)
    assert sorted(done) == sorted(desk.sections)
