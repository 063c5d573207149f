"""What a feed shows is compared with its window, by ids and times alone."""

import pytest

from syndication.pipeline.sweep import compare
from syndication.store.articles.feed_query import Candidate
from syndication.store.publishing.sweeps import Standing
from tests.support.newsroom import NOON, at, section

SECTION = section(entries=3, hours=2, max_entries=5)


def candidate(n, **changes):
    values = {"published_at": at(hours=-n, seconds=0.25), "updated_at": str(at(hours=-n)), "expires_at": None}
    return Candidate(f"a{n}", **values | changes)


def entry(n, **changes):
    values = {"published_at": at(hours=-n), "updated_at": str(at(hours=-n)), "expires_at": None}
    given = values | changes
    return Standing(f"a{n}", given["published_at"], given["updated_at"], given["expires_at"])


def test_a_feed_that_shows_its_window_does_not_differ():
    entries = [entry(n) for n in range(3)]
    assert compare(SECTION, entries, [candidate(n) for n in range(5)], (), NOON) == set()


def test_an_article_left_out_takes_no_place():
    entries = [entry(n) for n in (0, 2, 3)]
    assert compare(SECTION, entries, [candidate(n) for n in range(5)], {"a1"}, NOON) == set()


def test_recent_articles_are_expected_up_to_the_maximum():
    recent = [candidate(n, published_at=at(minutes=-n)) for n in range(7)]
    entries = [entry(n, published_at=at(minutes=-n)) for n in range(5)]
    assert compare(SECTION, entries, recent, (), NOON) == set()
    assert compare(SECTION, entries[:4], recent, (), NOON) == {"a4"}


@pytest.mark.parametrize(
    "changes",
    [
        {"published_at": at(hours=-1, seconds=1)},
        {"updated_at": str(at())},
        {"updated_at": None},
        {"expires_at": str(at(hours=9))},
    ],
    ids=["published", "updated", "never updated", "expires"],
)
def test_another_time_of_an_article_is_a_difference(changes):
    candidates = [candidate(0), candidate(1, **changes), candidate(2)]
    assert compare(SECTION, [entry(n) for n in range(3)], candidates, (), NOON) == {"a1"}


def test_what_is_missing_and_what_is_too_much_are_differences():
    assert compare(SECTION, [entry(0), entry(9)], [candidate(0), candidate(1)], (), NOON) == {"a1", "a9"}
