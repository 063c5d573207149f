"""A section is reported as silent if that is unusual for it at this hour, and never while it publishes as usual."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import cycle
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from syndication.diagnostics.silence import FEWEST_DAYS, HISTORY, MORE, TIMES, Silence, unusual_silence
from syndication.store.articles.hourly_counts import HourlyCount
from tests.support.newsroom import NOON, at

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

minutes = st.integers(0, 24 * 60 - 1)


def by_hour(moments: Iterable[datetime], now: datetime = NOON) -> list[HourlyCount]:
    """Returns hourly counts as the store does."""
    found: dict[datetime, list[datetime]] = {}
    for moment in sorted(moments):
        if now - HISTORY <= moment <= now:
            found.setdefault(moment.replace(minute=0, second=0, microsecond=0), []).append(moment)
    return [HourlyCount(len(some), some[0], some[-1]) for some in found.values()]


def every(period: timedelta, last: datetime) -> list[datetime]:
    return [last - period * number for number in range(int(HISTORY / period) + 2)]


def silent(moments: Iterable[datetime], now: datetime = NOON, **more) -> Silence | None:
    return unusual_silence(by_hour(moments, now), now, **more)


def test_an_hourly_section_is_silent_after_more_than_two_hours():
    assert silent(every(HOUR, at(hours=-1))) is None
    assert silent(every(HOUR, at(hours=-1.5))) is None
    assert silent(every(HOUR, at(hours=-9))) == Silence(at(hours=-9), HOUR)


def test_a_silent_night_is_usual_and_a_silent_noon_is_not():
    office = [at(days=-day, hours=-3 + hour) for day in range(42) for hour in range(9)]
    until_six = [moment for moment in office if moment <= at(days=-1, hours=5)]
    assert silent(office, at(days=-1, hours=20)) is None  # Eight in the morning, after a night.
    assert silent(until_six, at(hours=-3)) is None
    found = silent(until_six, at(hours=1))
    assert found is not None and found.since == at(days=-1, hours=5) and found.usual <= 2 * HOUR


def test_a_weekly_day_of_rest_is_usual():
    worked = [at(days=-day, hours=h) for day in range(42) if (day % 7) for h in range(-4, 5)]
    assert silent(worked, at(hours=6)) is None
    assert silent(worked, at(hours=-2)) is None


def test_with_few_days_nothing_is_unusual():
    def known_for(days: float) -> list[datetime]:
        return [moment for moment in every(HOUR, at(hours=-9)) if moment >= at(days=-days)]

    assert silent([]) is None
    assert silent([at(days=-20)]) is None
    assert silent(known_for(FEWEST_DAYS)) is None
    assert silent(known_for(FEWEST_DAYS + 0.1)) == Silence(at(hours=-9), HOUR)


def test_one_or_two_long_silences_do_not_count_as_usual():
    moments = [moment for moment in every(HOUR, at(hours=-9)) if not at(days=-4, hours=-12) < moment < at(days=-4)]
    assert silent(moments) == Silence(at(hours=-9), HOUR)


def test_the_time_of_day_is_the_newsrooms_when_clocks_change():
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 31, 9, 45, tzinfo=berlin)  # Two days after summer time began.
    today = datetime(2026, 3, 31, tzinfo=berlin)
    office = [today - timedelta(days=day) + timedelta(hours=h, minutes=5) for day in range(42) for h in (9, 12, 15)]
    assert silent(office, now, zone=berlin) is None


@example(period=2903, ago=0.9921875)  # Its hour moves by 23 minutes every two days.
@example(period=2915, ago=0.99)
@given(period=st.integers(10, 7 * 24 * 60), ago=st.floats(0, 1, exclude_max=True))
def test_a_regular_section_is_never_silent(period, ago):
    policy = timedelta(minutes=period)
    assert silent(every(policy, NOON - policy * ago)) is None


@given(
    schedule=st.sets(minutes, min_size=1, max_size=12),
    chance=st.randoms(use_true_random=False),
    now=minutes,
)
def test_a_scheduled_section_is_never_silent_with_articles_15_minutes_late(schedule, chance, now):
    midnight = NOON.replace(hour=0)
    planned = [midnight - DAY * day + timedelta(minutes=minute) for day in range(43) for minute in schedule]
    came = [moment + timedelta(minutes=chance.choice((0, 14.9, chance.uniform(0, 14.9)))) for moment in planned]
    assert silent(came, midnight + timedelta(minutes=now)) is None


@settings(deadline=None)
@given(gaps=st.lists(st.integers(20, 24 * 60), min_size=10, max_size=100), hours=st.floats(0, 10 * 24))
def test_a_stopped_section_is_silent_in_bounded_time(gaps, hours):
    moments = [NOON]
    for gap in cycle(gaps):
        moments.append(moments[-1] - timedelta(minutes=gap))
        if moments[-1] < NOON - HISTORY:
            break
    longest = max(timedelta(minutes=max(gaps)), HOUR)  # Within an hour no gap is known.
    now = NOON + max(TIMES * longest, longest + MORE) + timedelta(hours=hours, seconds=1)
    found = silent(moments, now)
    assert found is not None and found.since == NOON and found.usual <= longest


@given(st.lists(st.datetimes(datetime(2026, 2, 1), datetime(2026, 3, 14)), max_size=80))
def test_every_reported_silence_is_real(moments):
    moments = [moment.replace(tzinfo=NOON.tzinfo) for moment in moments]
    found = silent(moments)
    if found is not None:
        assert found.since == max(m for m in moments if m <= NOON)
        assert NOON - found.since >= found.usual + MORE
