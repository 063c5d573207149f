"""Times of forms are in the newsroom's time zone, also in the nights in which clocks change."""

from zoneinfo import ZoneInfo

import pytest

from syndication.dashboard.form_times import read_time, time_turns, write_time

ZONE = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-10-25T00:30:00Z", ("2026-10-25T02:30", "first")),
        ("2026-10-25T01:30:00Z", ("2026-10-25T02:30", "second")),
        ("2026-10-25T02:30:00Z", ("2026-10-25T03:30", "")),
        ("2026-03-29T01:30:00Z", ("2026-03-29T03:30", "")),
        ("9999-12-31T23:59:59Z", ("9999-12-31T23:59", "")),
        (None, ("", "")),
    ],
)
def test_a_time_comes_back_as_it_was_shown(moment, shown):
    assert write_time(moment, ZONE) == shown
    if moment is not None and not moment.startswith("9999"):
        assert read_time(shown[0], ZONE, shown[1]) == moment


@pytest.mark.parametrize("turn", ["", "third"])
def test_a_time_that_comes_twice_needs_an_answer(turn):
    with pytest.raises(ValueError, match="02:30 comes twice"):
        read_time("2026-10-25T02:30", ZONE, turn)


def test_the_answers_name_both_times():
    assert time_turns("2026-10-25T02:30", ZONE) == [
        ("first", "02:30 (UTC+02:00), before the clocks go back"),
        ("second", "02:30 (UTC+01:00), after the clocks went back"),
    ]


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-03-29T02:30", "2026-10-25T03:00", "2026-10-25T01:59", "0001-01-01T00:00"]
)
def test_any_other_time_asks_nothing(text):
    assert time_turns(text, ZONE) == []


@pytest.mark.parametrize("turn", ["", "first", "second"])
def test_a_time_in_the_gap_is_refused_with_the_time_to_write(turn):
    with pytest.raises(ValueError, match="02:30 does not exist in Europe/Berlin"):
        read_time("2026-03-29T02:30", ZONE, turn)
