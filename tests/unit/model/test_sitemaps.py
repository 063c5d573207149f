"""Which addresses a sitemap lists, where its files are, and which articles belong to which."""

from datetime import UTC, datetime, timedelta

import pytest

from syndication.config.old_feed_schema import reserved
from syndication.model.sitemaps import bounds, file_path, is_for_sitemaps, month_in, own_address
from tests.support.newsroom import NOON, site


@pytest.mark.parametrize(
    ("url", "listed"),
    [
        ("/news/1", "https://www.daily.example/news/1"),
        ("", "https://www.daily.example/"),
        ("https://www.daily.example/news/1#top", "https://www.daily.example/news/1"),
        ("HTTPS://WWW.Daily.Example:443/a", "https://www.daily.example:443/a"),
        ("//www.daily.example/a", "https://www.daily.example/a"),
        ("/ö ä", "https://www.daily.example/%C3%B6%20%C3%A4"),
        ("/a?b=<c>&d", "https://www.daily.example/a?b=%3Cc%3E&d"),
        ("https://www.daily.example?x", "https://www.daily.example?x"),
        ("https://desk:secret@www.daily.example/a", None),
        ("http://www.daily.example/a", None),
        ("https://www.daily.example:8443/a", None),
        ("https://daily.example/a", None),
        ("https://www.daily.example.evil.example/a", None),
        ("https://www.daily.example@evil.example/a", None),
        ("//evil.example/a", None),
        ("mailto:desk@daily.example", None),
        ("javascript:alert(1)", None),
        ("https://[::1", None),
        ("/" + "a" * 2020, "https://www.daily.example/" + "a" * 2020),
        ("/" + "a" * 2023, None),
    ],
)
def test_only_addresses_of_the_newsroom_are_listed(url, listed):
    assert own_address(site(), url) == listed


def test_every_file_has_a_path_at_the_root_that_old_feeds_cannot_have():
    paths = [
        file_path(part, number)
        for part, number in (
            *(("archive", 0), ("news", 0), ("news", 1), ("news", 2)),
            *(("2026-03", 1), ("2026-03", 2)),
        )
    ]
    assert paths == [
        *("/sitemap.xml", "/sitemap-news.xml", "/sitemap-news-1.xml", "/sitemap-news-2.xml"),
        *("/sitemap-2026-03.xml", "/sitemap-2026-03-2.xml"),
    ]
    assert all(is_for_sitemaps(path) and reserved(path) for path in paths)
    for other in ("/sitemap", "/sitemap.xml/", "/sitemaps.xml", "/sitemap-.xml", "/a/sitemap.xml", "/sitemap-A.xml"):
        assert not is_for_sitemaps(other)


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2026-03-14T12:00:00.000000Z", "2026-03"), ("2026-03-14 12:00:00+00", "2026-03"),
        ("9999-12-31 23:59:59", "9999-12"),
        ("0000-12-31 00:00:00", None), ("12026-03-14 12:00:00+00", None), ("0044-03-15 12:00:00+00 BC", "0044-03"),
        ("infinity", None), ("2026-13-01 00:00:00", None), (None, None),
    ],
)  # fmt: skip
def test_the_month_of_a_time(text, month):
    assert month_in(text) == month


def test_a_part_has_the_articles_of_its_time():
    assert bounds("2026-12", NOON) == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert bounds("9999-12", NOON) == (datetime(9999, 12, 1, tzinfo=UTC), None)
    assert bounds("news", NOON) == (NOON - timedelta(days=2) + timedelta(microseconds=1), None)
