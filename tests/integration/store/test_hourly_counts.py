"""Hourly counts of publications: only articles that are public now, each counted once."""

import pytest
from sqlalchemy import text

from syndication.model.feed_selections import FeedSelections
from syndication.store.articles import articles, hourly_counts
from syndication.store.articles.hourly_counts import HourlyCount
from syndication.store.articles.selected_articles import walks
from tests.support.newsroom import NOON, article, at, section


def wanting(*sections):
    return FeedSelections({one.slug: one for one in sections}, "en").wanting(one.slug for one in sections)


def hours(database, slug="taiwan", since=None, **changes):
    with database.read() as conn:
        found = hourly_counts.count_hourly(conn, wanting(section(slug, **changes)), since or at(days=-7), NOON)
    return found[slug]


def put(database, *stories):
    outcomes = list(articles.put_articles(database, stories))
    assert {outcome.outcome for outcome in outcomes} == {"created"}, outcomes


def test_an_hour_has_its_count_its_first_and_its_last_moment(database):
    put(
        database,
        article("a1", published_at=at(hours=-3, minutes=1)),
        article("a2", published_at=at(hours=-3, minutes=59, seconds=59.5)),
        article("a3", published_at=at(hours=-3, minutes=20), sections=("taiwan", "china")),
        article("a4", published_at=at(hours=-2)),
        article("a5", published_at=NOON),
    )
    assert hours(database) == (
        HourlyCount(3, at(hours=-3, minutes=1), at(hours=-3, minutes=59, seconds=59.5)),
        HourlyCount(1, at(hours=-2), at(hours=-2)),
        HourlyCount(1, NOON, NOON),
    )
    assert [hour.count for hour in hours(database, "china")] == [1]
    assert [hour.count for hour in hours(database, "all")] == [3, 1, 1]
    assert hours(database, since=at(hours=-2)) == hours(database)[1:]


@pytest.mark.parametrize("slug", ["taiwan", "all"])
@pytest.mark.parametrize(
    "secret",
    [
        {"status": "draft"},
        {"status": "withdrawn"},
        {"published_at": at(seconds=0.000001)},
        {"published_at": at(days=1)},
        {"expires_at": NOON},
        {"status": "draft", "published_at": None},
    ],
    ids=str,
)
def test_what_is_not_public_is_not_counted(database, slug, secret):
    put(database, article("a1", **secret), article("a2", published_at=at(hours=-1)))
    assert hours(database, slug) == (HourlyCount(1, at(hours=-1), at(hours=-1)),)


def test_a_renamed_section_counts_an_article_under_both_names_once(database):
    put(
        database,
        article("a1", sections=("formosa", "taiwan")),
        article("a2", sections=("formosa",)),
        article("a3", sections=("taiwan",)),
    )
    assert [hour.count for hour in hours(database, formerly=("formosa",))] == [3]
    assert [hour.count for hour in hours(database)] == [2]


def test_each_section_is_asked_for_by_name(database):
    put(database, article("a1"), article("a2", sections=("china",)))
    with database.read() as conn:
        found = hourly_counts.count_hourly(conn, wanting(section("taiwan"), section("sports")), at(days=-1), NOON)
    assert {slug: len(hours) for slug, hours in found.items()} == {"taiwan": 1, "sports": 0}


@pytest.mark.parametrize("slug", ["taiwan", "all"])
def test_counting_walks_an_index(database, slug):
    put(database, *(article(f"a{n}", published_at=at(minutes=-n)) for n in range(300)))
    put(database, *(article(f"b{n}", published_at=at(days=-400, minutes=-n)) for n in range(3000)))
    with database.write() as conn:
        conn.execute(text("ANALYZE"))
    with database.read() as conn:
        (walk,) = walks(conn, wanting(section(slug))[slug])
        query = hourly_counts._shown(walk, at(days=-1), NOON)
        compiled = query.compile(conn, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
        plan = "\n".join(row[-1] for row in conn.exec_driver_sql(f"{explain} {compiled}".replace("%", "%%")))
    assert ("ix_article_newest" if slug == "all" else "ix_article_section_newest") in plan, plan
    assert "Seq Scan on article_section" not in plan and "SCAN" not in plan, plan
