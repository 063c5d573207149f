"""Dates of feeds in all their forms; one that could mean two things is an error."""

from datetime import UTC, datetime

import pytest

from syndication.errors import ArticleError
from syndication.importing.dates import parse_date
from syndication.model.formats import parse_rfc3339

EIGHT = datetime(2026, 3, 14, 8, 0, 5, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-14T08:00:05Z", "2026-03-14t08:00:05z", "2026-03-14T08:00:05-00:00", "2026-03-14 08:00:05Z",
        "2026-03-14T16:00:05+08:00", "2026-03-14T16:00:05+0800", "2026-03-14T16:00:05+08", "2026-03-14 16:00:05 +0800",
        "2026-03-14T08:00:05", "2026-03-14 T 08:00:05 Z", "2026-03-14T08:00:05 GMT", "2026/03/14 08:00:05",
        "20260314T080005Z", "20260314080005", "2026-3-14 8:00:05 UTC", "2026-03-14T08:00:05+00:00[UTC]"[:25],
        "Sat, 14 Mar 2026 08:00:05 +0000", "Sat, 14 Mar 2026 16:00:05 +0800", "14 Mar 2026 16:00:05 +08:00",
        "Sat, 14 Mar 2026 08:00:05 GMT", "Sat, 14 Mar 2026 08:00:05 UT", "Sat, 14 Mar 2026 08:00:05 Z",
        "Sat, 14 Mar 2026 08:00:05 A", "Sat, 14 Mar 2026 03:00:05 EST", "Sat, 14 Mar 2026 01:00:05 pDt",
        "Sat, 14 Mar 2026 09:00:05 CET", "Sat, 14 Mar 2026 17:00:05 JST", "Sat, 14 Mar 2026 04:00:05 ET",
        "Sat, 14 Mar 2026 08:00:05 Etc/GMT", "Sat, 14 Mar 2026 09:00:05 Europe/Berlin",
        "Sat, 14 Mar 2026 16:00:05 GMT+8", "Sat, 14 Mar 2026 16:00:05 UTC+08:00", "Sat, 14 Mar 2026 08:00:05",
        "Sat, 14 Mar 26 08:00:05 GMT", "Sat,14 Mar 2026 08:00:05 GMT", "sat, 14-mar-2026 08:00:05 gmt",
        "Saturday, 14 March 2026 08:00:05 GMT", "Sat, 14 Mar, 2026 8:00:05 AM GMT", "Fri, 14 Mar 2026 08:00:05 GMT",
        "Sat (it is), 14(th) Mar(ch (spring)) 2026 08:00:05 +0000 (GMT \\) x)", "\n Sat,\t14 Mar 2026\n08:00:05 GMT\n",
        "Sat Mar 14 08:00:05 2026", "Sat Mar 14 08:00:05 GMT 2026", "Mar 14, 2026 08:00:05",
        "Sat Mar 14 2026 08:00:05 GMT", "Saturday, March 14, 2026 - 08:00:05", "Sat, 14 Mar 2026 - 08:00:05",
        "Mon, Mar 14 2026 08:00:05 +0000",
    ],
)  # fmt: skip
def test_a_date_is_read_in_each_form_of_feeds(text):
    assert parse_date(text) == EIGHT


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-14", MIDNIGHT),
        ("Sat, 14 Mar 2026", MIDNIGHT),
        ("2026-03-13T24:00:00Z", MIDNIGHT),
        ("2026-03", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("31 Dec 99 23:59:59 GMT", datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("31 Dec 49 23:59:59 GMT", datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("31 Dec 099 23:59:59 GMT", datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2026-03-14T08:00:05.1239999Z", EIGHT.replace(microsecond=123999)),
        ("Sun, 09 Feb 1806 23:59:45 +0000", datetime(1806, 2, 9, 23, 59, 45, tzinfo=UTC)),
    ],
)
def test_a_date_stands_for_one_moment(text, moment):
    assert parse_date(text) == moment


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the other day", "it should be like Sat, 14 Mar 2026 08:00:00 +0800, or in RFC 3339"),
        ("03/04/2026 08:00", "it should be like"),
        ("Sat, 31 Jun 2026 08:00:00 GMT", "it should be like"),
        ("2026-03-14T25:00:00Z", "it should be like"),
        ("2026-03-14T08:00:60Z", "it should be like"),
        ("2026-03-14T08:00:61Z", "it should be like"),
        ("Mon, 30 Nov -0001 00:00:00 +0000", "it should be like"),
        ("2026-03-14T08:00:00Z+08:00", "the time zone is 'Z+08:00'"),
        ("Sun, 16 Dec 2012 1:2:3:4 GMT", "it should be like"),
        ("0001-01-01T00:00:00+08:00", "it should be like"),
        ("x" * 10**6, "it should be like"),
        ("Sat, 14 Mar 2026 08:00:00 IST", "the time zone is 'IST', which can mean several or none: use an offset"),
        ("Sat, 14 Mar 2026 08:00:00 +9999", "the time zone is '+9999'"),
        ("Sat, 14 Mar 2026 08:00:00 ../../etc/passwd", "it should be like"),
    ],
)
def test_an_unreadable_date_is_an_error_with_what_would_be_right(text, words):
    with pytest.raises(ArticleError) as caught:
        parse_date(text)
    assert words in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1990-12-31T23:59:60Z", datetime(1991, 1, 1, tzinfo=UTC)),
        ("1990-12-31T15:59:60-08:00", datetime(1991, 1, 1, tzinfo=UTC)),
        ("2016-12-31t23:59:60.987z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2026-03-14t08:00:05z", EIGHT),
        ("2026-03-14 08:00:05-00:00", EIGHT),
        ("2026-03-14T08:00:05.123456789+00:00", EIGHT.replace(microsecond=123456)),
        ("1985-04-12T23:20:50.52Z", datetime(1985, 4, 12, 23, 20, 50, 520000, tzinfo=UTC)),
        ("1937-01-01T12:00:27.87+00:20", datetime(1937, 1, 1, 11, 40, 27, 870000, tzinfo=UTC)),
    ],
)
def test_rfc_3339_is_read_whole(text, moment):
    assert parse_rfc3339(text) == parse_date(text) == moment


@pytest.mark.parametrize(
    "text", ["2026-03-14T08:00:60Z", "2026-03-30T23:59:60Z", "2026-03-14T08:60:00Z", "9999-12-31T23:59:60Z", "60", ""]
)
def test_a_second_60_is_refused_unless_a_leap_second(text):
    with pytest.raises(ValueError, match=r"second 60|minute|isoformat"):
        parse_rfc3339(text)


@pytest.mark.parametrize("fraction", ["034960", "60", "5960", "235960"])
def test_a_fraction_that_ends_with_60_is_no_leap_second(fraction):
    text = f"2026-11-28T09:34:58.{fraction}+00:00"
    assert parse_rfc3339(text) == datetime.fromisoformat(text)
