"""When a feed is asked again, and what the next look knows."""

import random

import pytest

from syndication.sources.feed.bookmark import Bookmark, validator
from syndication.sources.feed.missing import taken_out
from syndication.sources.feed.pauses import DAY, HOUR, after_answer, after_failure, retry_after, waits

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z


@pytest.mark.parametrize(
    ("headers", "feed", "seconds"),
    [
        ({}, 0, 60),
        ({}, 2700, 2700),
        ({"cache-control": "public, max-age=300"}, 0, 300),
        ({"cache-control": 'Max-Age="300"'}, 120, 300),
        ({"cache-control": "max-age=300", "age": "200"}, 0, 100),
        ({"cache-control": "max-age=300", "age": "x"}, 0, 300),
        ({"cache-control": "max-age=300", "age": "900"}, 600, 600),
        ({"cache-control": "no-cache"}, 0, 60),
        ({"cache-control": "max-age=31536000"}, 0, DAY),
        ({}, 31_536_000, DAY),
    ],
)
def test_the_longest_of_what_a_feed_asks_for_counts(headers, feed, seconds):
    assert after_answer(headers, feed, polite=True) == seconds
    assert after_answer(headers, feed, polite=False) == 0


def test_each_failure_doubles_the_pause_up_to_hours():
    waits = [after_failure(failures, 900, lambda low, high: 1.0) for failures in (1, 2, 3, 4, 5, 6, 7, 1000)]
    assert waits == [900, 1800, 3600, 7200, 14_400, 21_600, 21_600, 21_600]
    assert after_failure(1, 1, lambda low, high: 1.0) == 60
    assert after_failure(9, 12 * HOUR, lambda low, high: 1.0) == 12 * HOUR
    assert after_failure(9, 5 * DAY, max) == DAY


def test_pauses_after_failures_differ_by_chance():
    found = {after_failure(3, 60, random.Random(seed).uniform) for seed in range(50)}
    assert len(found) == 50 and all(180 <= wait <= 300 for wait in found)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("120", 120),
        (" 120 ", 120),
        ("-5", 0),
        ("9" * 5000, DAY),
        ("Fri, 15 Jan 2027 08:10:00 GMT", 600),
        ("Fri, 15 Jan 2027 07:10:00 GMT", 0),
        ("Fri, 15 Jan 9999 07:10:00 GMT", DAY),
        ("Fri, 15 Jan 0001 07:10:00 GMT", 0),
        ("tomorrow", 0),
    ],
)
def test_retry_after_is_read_as_a_number_or_a_date(value, seconds):
    assert retry_after(value, NOW) == seconds


def test_a_due_time_is_kept_unless_the_clock_was_set_back():
    assert waits(NOW + 3, NOW, told=False) and waits(NOW + DAY, NOW, told=False)
    assert not waits(NOW + 1, NOW, told=False) and not waits(NOW + 2 * DAY, NOW, told=False)
    assert waits(NOW + 1, NOW, told=True) and waits(NOW + DAY, NOW, told=True)
    assert not waits(NOW, NOW, told=True) and not waits(NOW + 2 * DAY, NOW, told=True)


def test_a_bookmark_is_read_as_it_was_written():
    full = Bookmark(
        "abc", "https://x.example/f", '"é"', "Mon", "b0", 60, NOW, True, NOW - 1, 3, "it failed", True, ("a", "ß")
    )
    assert Bookmark.from_text(full.to_text(), "abc") == full
    assert Bookmark("abc").to_text() == '{"settings":"abc"}'


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "[]", "null", '{"etag":"1"}', '{"settings":"old","etag":"1"}', '{"settings":"abc","etag":1}',
        '{"settings":"abc","new":1}', '{"settings":"abc","ids":"ab"}', '{"settings":"abc","ids":[1]}',
        '{"settings":"abc","due":"soon"}', '{"settings":"abc","gone":1}',
    ],
)  # fmt: skip
def test_a_bookmark_of_other_settings_or_another_form_is_forgotten(text):
    assert Bookmark.from_text(text, "abc") == Bookmark("abc")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (' W/"1" ', 'W/"1"'), (None, ""), ("unquoted", "unquoted"), ('"1"\r\n "2"', ""), ('"\x00"', ""),
        ("x" * 1001, ""), ('"\xe9"', '"\xe9"'),
    ],
)  # fmt: skip
def test_a_validator_that_cannot_be_sent_back_is_dropped(value, kept):
    assert validator(value) == kept


@pytest.mark.parametrize(
    ("before", "now", "gone"),
    [
        ("abcdef", "abdef", "c"),
        ("abcdef", "xyabdef", "c"),
        ("abcdef", "abcd", ""),  # The oldest fell off the end.
        ("abcdef", "bcdef", ""),  # The newest has no newer neighbour of before.
        ("abcdef", "xbcdef", ""),
        ("abcdef", "", ""),
        ("abcdef", "xyz", ""),
        ("abcdef", "abdecf"[:3] + "f", ""),  # c and e at once: a third of it.
        ("abcdefghijkl", "abdefhijkl", "cg"),
        ("abcdeP", "xabcdP", ""),  # P is pinned at the end, and e made room for x.
        ("abcdeP", "xyabcP", ""),
        ("abcdefghijP", "xyzabdefghP", "c"),  # i and j made room, and c was taken out.
        ("abcdefghijP", "xabdefghijP", "c"),
        ("abcdef", "abcdf", "e"),  # Nothing came for which it would have made room.
        ("abcdef", "xabcd", ""),
        ("abcdef", "abcdfg", "e"),  # An older one came after the last.
        ("abcdefghijP", "xabcdefghP", "ij"),  # Both left, for one that came.
        ("abcdef", "fedba", ""),  # In another order.
        ("abcdef", "abcdef", ""),
        ("", "abc", ""),
        ("a", "a", ""),
    ],
)
def test_only_what_vanishes_between_neighbours_was_taken_out(before, now, gone):
    assert taken_out(tuple(before), tuple(now)) == list(gone)
