"""What a feed costs that hardly any story is in: one that readers ask for is searched as far as its reach."""

import pytest
from sqlalchemy import text

from syndication.model.feed_selections import FeedSelections
from syndication.model.selection import Selection, Term
from syndication.model.wanted_terms import LEAST_REACH, READERS_REACH, WantedTerms
from syndication.store.articles.feed_query import list_newest
from syndication.store.articles.selected_articles import walk_newest, walks
from tests.support.desk import Desk
from tests.support.newsroom import at, section

TAIWAN, CHINA, WORLD = (Term("section", slug) for slug in ("taiwan", "china", "world"))
EVEN = Term("tag", "even")


@pytest.fixture
def desk(database, clock):
    return Desk(database, clock)


def fill(desk, count, first=0):
    """Adds one story a minute, each older than the one before: all in world, by turns in taiwan and china."""
    for number in range(first, first + count):
        own = ("taiwan", "china")[number % 2]
        tags = ("even",) if number % 2 == 0 else ("odd",)
        desk.put(f"a{number:04}", sections=("world", own), tags=tags, published_at=at(minutes=-number))
    while desk.regenerator.process_changes():
        pass


def newest(desk, wanted, limit=50):
    with desk.database.read() as conn:
        return [one.article_id for one in list_newest(conn, wanted, desk.clock.now, limit)]


def test_what_readers_ask_for_has_a_reach_and_what_editors_define_has_none(desk):
    chosen = Selection(any=(WORLD,), none=(TAIWAN,))
    feeds = {owner: section("calm", selection=chosen, owner=owner) for owner in ("readers", "editors", "configuration")}
    found = {owner: FeedSelections(desk.sections, "en").wanted(one).reach for owner, one in feeds.items()}
    assert found == {"readers": READERS_REACH, "editors": None, "configuration": None}


def test_a_feed_with_a_reach_has_what_the_newest_stories_of_its_terms_give(desk):
    fill(desk, 30)
    desk.put("old", sections=("world",), published_at=at(minutes=-900))
    for number in range(LEAST_REACH):
        desk.put(f"b{number:03}", sections=("sports", "china"), published_at=at(minutes=-40 - number))
    without = WantedTerms(any=(WORLD,), none=(TAIWAN, CHINA))
    assert newest(desk, without) == ["old"]
    assert newest(desk, WantedTerms(none=(TAIWAN, CHINA), reach=131)) == ["old"]
    assert newest(desk, WantedTerms(none=(TAIWAN, CHINA), reach=130)) == []
    both = WantedTerms(any=(WORLD, Term("section", "china")), none=(TAIWAN,), reach=2 * LEAST_REACH)
    found = newest(desk, both, 500)
    # Of china only the newest hundred; of world, which has fewer, all.
    assert "old" in found and len(found) == 1 + LEAST_REACH and "b099" not in found and "b084" in found
    plain = WantedTerms(any=(WORLD,), reach=1)
    assert len(newest(desk, plain)) == 31, "a walk that selects all it meets ends at the limit of the feed"


NO_OVERLAP = {
    "all": WantedTerms(all=((TAIWAN,), (CHINA,))),
    "all-of-kinds": WantedTerms(all=((CHINA,), (EVEN,))),
    "any-without": WantedTerms(any=(TAIWAN, CHINA), none=(WORLD,)),
    "everything-without": WantedTerms(none=(WORLD,)),
}


@pytest.mark.parametrize("name", NO_OVERLAP)
def test_no_article_is_read_before_everything_else_is_known_to_be_true(sqlite_database, clock, name):
    desk = Desk(sqlite_database, clock)
    fill(desk, 4)
    with sqlite_database.read() as conn:
        for walk in walks(conn, NO_OVERLAP[name]):
            query = walk_newest(walk, clock.now).limit(50).compile(conn.engine, compile_kwargs={"literal_binds": True})
            plan = [row[-1] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
            assert "TEMP B-TREE" not in " ".join(plan), plan
            if walk.term is not None:
                read = next(place for place, step in enumerate(plan) if step.startswith("SEARCH article USING"))
                asked = [place for place, step in enumerate(plan) if "SUBQUERY" in step]
                assert asked and max(asked) < read, plan


def steps(conn, wanted, now):
    """Returns how many hundreds of instructions SQLite needs."""
    count = 0

    def one() -> int:
        nonlocal count
        count += 1
        return 0

    driver = conn.connection.driver_connection
    driver.set_progress_handler(one, 100)
    try:
        assert list_newest(conn, wanted, now, 50) == []
    finally:
        driver.set_progress_handler(None, 0)
    return count


def test_an_archive_of_any_size_costs_what_readers_ask_for_the_same(sqlite_database, clock):
    desk = Desk(sqlite_database, clock)
    costs: dict[int | None, list[int]] = {None: [], LEAST_REACH: []}
    fill(desk, 2 * LEAST_REACH)
    for times in (1, 3):
        if times > 1:
            with sqlite_database.write() as conn:
                for table, columns in (
                    ("article", "url, title, html, status, slug, published_at, id"),
                    ("article_section", "section, position, published_at, status, article_id"),
                ):
                    own = columns.split(", ")[-1]
                    copied = columns.replace("published_at", "replace(published_at, '2026', '2025')")
                    for copy in range(times):
                        values = copied.removesuffix(own) + f"{own} || '-{copy}'"
                        where = f"{own} NOT LIKE '%-%'"
                        conn.execute(
                            text(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE {where}")
                        )
        for reach, found in costs.items():
            with sqlite_database.read() as conn:
                found.append(steps(conn, WantedTerms(any=(WORLD,), none=(TAIWAN, CHINA), reach=reach), clock.now))
    assert costs[None][1] > 3 * costs[None][0], costs
    assert costs[LEAST_REACH][1] <= costs[LEAST_REACH][0] + 2, costs
