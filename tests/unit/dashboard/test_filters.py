"""Times, sizes and shares as pages show them, in the newsroom's time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import lxml.html
import pytest

from syndication.dashboard.filters import TimeFilters, after, number, share, size, span

TAIPEI, BERLIN, YORK = (TimeFilters(ZoneInfo(name)) for name in ("Asia/Taipei", "Europe/Berlin", "America/New_York"))


def parts(markup):
    """Returns the text, the datetime attribute and the tooltip."""
    element = lxml.html.fragment_fromstring(markup)
    return element.text, element.get("datetime"), element.get("title")


def test_a_time_is_shown_in_the_newsrooms_zone_with_utc_for_machines():
    assert parts(TAIPEI.moment("2026-03-14T18:30:00.250000Z")) == (
        "15 Mar 2026, 02:30", "2026-03-14T18:30:00.250000+00:00", "15 Mar 2026, 02:30:00 CST",
    )  # fmt: skip
    assert TAIPEI.day("2026-03-14T18:30:00Z") == "Sunday, 15 March 2026"
    assert parts(TAIPEI.clock(datetime(2026, 3, 14, 18, 30, tzinfo=UTC)))[0] == "02:30"


@pytest.mark.parametrize(
    ("utc", "local", "name", "day"),
    [
        ("2026-03-29T00:59:59Z", "01:59:59", "CET", "Sunday, 29 March 2026"),
        ("2026-03-29T01:00:00Z", "03:00:00", "CEST", "Sunday, 29 March 2026"),
        ("2026-10-24T22:00:00Z", "00:00:00", "CEST", "Sunday, 25 October 2026"),
        ("2026-10-25T00:30:00Z", "02:30:00", "CEST", "Sunday, 25 October 2026"),
        ("2026-10-25T01:30:00Z", "02:30:00", "CET", "Sunday, 25 October 2026"),
        ("2026-10-25T23:00:00Z", "00:00:00", "CET", "Monday, 26 October 2026"),
    ],
)
def test_the_hours_around_a_clock_change_are_distinguishable(utc, local, name, day):
    text, machine, title = parts(BERLIN.clock(utc))
    assert (text, datetime.fromisoformat(machine)) == (local[:-3], datetime.fromisoformat(utc))
    assert title.endswith(f"{local} {name}")
    assert BERLIN.day(utc) == day


@pytest.mark.parametrize(
    ("filters", "utc"),
    [(TAIPEI, "9999-12-31T23:59:59Z"), (BERLIN, "9999-12-31T23:30:00Z"), (YORK, "0001-01-01T00:00:00Z")],
)
def test_the_first_and_last_day_of_the_calendar_are_in_utc(filters, utc):
    assert parts(filters.moment(utc))[2].endswith("UTC")
    assert filters.day(utc) in ("Friday, 31 December 9999", "Monday, 01 January 1")
    assert filters.text(datetime.fromisoformat(utc)).endswith(utc[11:16])


def test_a_missing_time_is_a_dash():
    for show in (BERLIN.moment, BERLIN.clock, BERLIN.ago, BERLIN.ahead):
        assert show(None) == show("") == "–"
    assert BERLIN.day(None) == ""


def test_relative_times_are_absolute_without_script():
    ago, ahead = (lxml.html.fragment_fromstring(show("2026-03-14T12:00:00Z")) for show in (BERLIN.ago, BERLIN.ahead))
    assert (ago.get("data-count"), ago.text) == ("ago", "14 Mar, 13:00")
    assert (ahead.get("data-count"), ahead.text) == ("ahead", "14 Mar, 13:00")


def test_a_time_in_a_sentence_is_local_text():
    assert BERLIN.text(datetime(2026, 3, 14, 12, tzinfo=UTC)) == "14 Mar 2026, 13:00"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"), (0, "0 s"), (59, "59 s"), (60, "1 min"), (420, "7 min"), (3600, "1 h"), (5 * 3600, "5 h"),
        (86400, "1 d"), (30 * 86400, "30 d"), (timedelta(hours=9), "9 h"), (timedelta(seconds=1.4), "1 s"),
    ],
)  # fmt: skip
def test_a_span_has_one_unit(seconds, words):
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("bytes", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9_940, "9.9 kB"), (33_400, "33 kB"), (1_500_000, "1.5 MB"),
     (25_000_000, "25 MB")],
)  # fmt: skip
def test_a_size_has_up_to_two_significant_digits(bytes, words):
    assert size(bytes) == words


def test_numbers_have_separators_and_a_share_of_zero_is_a_dash():
    assert (number(0), number(999), number(1_234_567)) == ("0", "999", "1\u202f234\u202f567")
    assert (share(0, 5), share(97, 100), share(5, 5), share(0, 0)) == ("0\u202f%", "97\u202f%", "100\u202f%", "–")


def test_times_of_the_api_are_compared_by_value():
    now = datetime(2026, 3, 14, 12, 0, 0, 500_000, tzinfo=UTC)
    times = ["12:00:00Z", "12:00:00.500000Z", "12:00:00.500001Z", "12:00:01Z"]
    assert [after(f"2026-03-14T{time}", now) for time in times] == [False, False, True, True]
    assert not after(None, now)
