"""A regeneration takes few statements: on PostgreSQL each is a round trip, between a commit and its readers."""

import time
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from syndication.store.db.database import Database
from tests.support.desk import Desk, titles
from tests.support.newsroom import at, section

ENTRIES = 5


@pytest.fixture
def desk(postgres_url):
    """A newsroom with full feeds, on PostgreSQL's own clock."""
    database = Database(postgres_url)
    desk = Desk(database, None)
    desk.sections = {slug: section(slug, entries=ENTRIES, max_entries=ENTRIES) for slug in desk.sections}
    desk.restart()
    for n in range(ENTRIES):
        desk.put(f"a{n}", sections=("taiwan",), published_at=at(hours=-2, minutes=n))
    desk.work()
    time.sleep(1.1)  # A second has one version.
    yield desk
    database.close()


@contextmanager
def statements(database):
    """Yields the statements of the block."""
    found = []

    def note(conn, cursor, statement, parameters, context, many):
        found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_a_new_article_in_two_full_feeds(desk):
    desk.put("new", sections=("taiwan",), published_at=at(hours=-1))
    desk.regenerator.process_changes(ahead=True)
    with statements(desk.database) as of_section:
        assert desk.regenerator.regenerate_next(ahead=True).section == "taiwan"
    with statements(desk.database) as of_all:
        assert desk.regenerator.regenerate_next(ahead=True).section == "all"
    for slug in ("taiwan", "all"):
        found = titles(desk.body(slug))
        assert len(found) == ENTRIES and "Story new" in found
    # The first is claimed by who gathers, and claims the next.
    assert len(of_section) <= 10, of_section
    assert 2 + len(of_all) <= 10, of_all
