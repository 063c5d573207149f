"""What a page links to: its feeds, and pages of its own site."""

import pytest

from syndication.sources.takeover.autodiscovery import feed_links, page_links
from syndication.sources.takeover.crawl import is_feed
from tests.support.old_site import link, wordpress_rss

HERE = "https://daily.example/news/"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (link("/feed/", "The Daily"), [("https://daily.example/feed/", "The Daily")]),
        (link("feed.atom", type="application/atom+xml"), [("https://daily.example/news/feed.atom", "")]),
        (link("//x.example/f", type="application/feed+json"), [("https://x.example/f", "")]),
        (link("/feed/#top", type="Application/RSS+XML; charset=utf-8"), [("https://daily.example/feed/", "")]),
        ("<link rel='home ALTERNATE' type=application/rss+xml href=/f>", [("https://daily.example/f", "")]),
        ("<base href='/blog/'>" + link("feed/"), [("https://daily.example/blog/feed/", "")]),
        ("<base href='https://evil.example/'>" + link("feed/"), [("https://daily.example/news/feed/", "")]),
        (link("/style.css", type="text/css"), []),
        ("<link rel=stylesheet type=application/rss+xml href=/f>", []),
        (link("javascript:alert(1)"), []),
        (link("https://[oops"), []),
        ("<link rel=alternate type=application/rss+xml>", []),
        ("<link rel href>", []),
        ("", []),
    ],
)
def test_a_page_names_its_feeds(html, found):
    assert feed_links(html.encode(), HERE) == found


def test_pages_of_the_navigation_come_first_and_each_once():
    html = b"""<a href="/story/1/">x</a><a href="https://other.example/">x</a><a href="/a.JPG">x</a>
    <a href="mailto:x@y">x</a>    <a href="/feed/">x</a><a href="/wp-login.php">x</a><a href="?page=2">x</a>
    <nav><a href="/category/world/?utm_source=nav#top">World</a><a href="/category/sport/">Sport</a></nav>
    <a href="/category/world/">again</a>"""
    assert page_links(html, HERE) == [
        f"https://daily.example{path}" for path in ("/category/world/", "/category/sport/", "/story/1/", "/news/")
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (wordpress_rss(1), True),
        (b'<feed xmlns="http://www.w3.org/2005/Atom">', True),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', True),
        (b"<!doctype html><html><feed>", False),
        (b"maintenance", False),
        (b"", False),
    ],
)
def test_a_page_is_not_taken_for_a_feed(body, expected):
    assert is_feed(body) == expected
