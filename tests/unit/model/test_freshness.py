"""The cache time that follows a feed's cadence: within its bounds, and shorter the more is published."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.model.freshness import Cadence, expected_wait, max_age
from tests.support.newsroom import CACHE, NOON

BOUNDED = replace(CACHE, min_browser=60, max_browser=3600)
NOW = int(NOON.timestamp())
SECONDS = st.integers(0, 40 * 86400)


def cadence(*ago: float) -> Cadence:
    found = Cadence.of(NOON - timedelta(seconds=seconds) for seconds in ago)
    assert found is not None
    return found


@given(ago=st.lists(SECONDS, max_size=60), later=SECONDS, low=st.integers(0, 300), high=st.integers(300, 9999))
def test_the_bounds_always_hold(ago, later, low, high):
    known = Cadence.of(NOON - timedelta(seconds=seconds) for seconds in ago)
    assert low <= max_age(replace(CACHE, min_browser=low, max_browser=high), known, NOW + later) <= high


@given(ago=st.lists(SECONDS, min_size=3, max_size=60), new=SECONDS)
def test_one_more_story_never_lengthens_the_wait(ago, new):
    more = cadence(*ago, min(new, *[max(ago)]))
    assert expected_wait(more, NOW) <= expected_wait(cadence(*ago), NOW) * (1 + 1e-9)


@given(ago=st.lists(SECONDS, max_size=60))
def test_what_is_stored_comes_back(ago):
    known = Cadence.of(NOON - timedelta(seconds=seconds) for seconds in ago)
    assert Cadence.from_text(known and known.to_text()) == known


@pytest.mark.parametrize("text", [None, "", "no", "{}", "[1,2,3]", "[0,[1],[2]]", "null", '["x",[],[]]'])
def test_what_no_program_of_ours_wrote_is_no_cadence(text):
    assert Cadence.from_text(text) is None and max_age(BOUNDED, None, NOW) == CACHE.browser


def test_without_bounds_the_time_is_fixed():
    assert max_age(CACHE, cadence(1, 2, 3, 4, 5), NOW) == 300


def test_breaking_news_shortens_at_once_and_passes():
    quiet = [86400.0 * day for day in range(1, 30)]
    assert max_age(BOUNDED, cadence(*quiet), NOW) == 3600
    breaking = cadence(*quiet, 60, 400, 1000)
    assert max_age(BOUNDED, breaking, NOW) == 60
    assert max_age(BOUNDED, breaking, NOW + 3600) > 900


def test_three_stories_an_hour_are_two_minutes():
    assert max_age(BOUNDED, cadence(*range(1200, 30 * 86400, 1200)), NOW) == 120


def test_the_night_lengthens_and_ends_before_the_morning_does():
    day = [at for hour in range(6, 22) for at in [datetime(2026, 3, d, hour, m, tzinfo=UTC) for d in range(1, 14)
           for m in (0, 20, 40)]]  # fmt: skip
    known = Cadence.of(day)
    at = {hour: max_age(BOUNDED, known, datetime(2026, 3, 14, hour, tzinfo=UTC).timestamp()) for hour in (1, 5, 12)}
    assert at[1] > at[5] > at[12] >= 60
