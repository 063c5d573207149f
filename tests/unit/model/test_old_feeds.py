"""An old address finds its feed in each of its spellings, and nothing else does."""

import pytest

from syndication.model import old_feeds
from syndication.model.old_feeds import MAX_PARAMETERS, OldFeed, OldFeeds

FEEDS = OldFeeds.of(
    [
        OldFeed("/feed/", "all", "rss"),
        OldFeed("/?feed=rss2", "all", "rss"),
        OldFeed("/?feed=rss2&cat=7", "world", "rss"),
        OldFeed("/category/asia/feed/", "asia", "rss"),
        OldFeed("/category/asia/feed/atom/", "asia", "atom"),
        OldFeed("/tag/%E6%B8%A1%E8%BC%AA/feed/", "taiwan", "rss"),
        OldFeed("/blog/category/asia/feed/", "china", "rss"),
    ],
    ["feed", "cat", "paged", "p"],
    ["category", "blog/category"],
)


@pytest.mark.parametrize(
    ("path", "query", "section"),
    [
        ("/feed/", "", "all"),
        ("/feed", "", "all"),
        ("//feed//", "", "all"),
        ("/feed/", "utm_source=reader&fbclid=1", "all"),
        ("/feed/", "cat=&x", "all"),
        ("/", "feed=rss2", "all"),
        ("/", "cat=7&feed=rss2", "world"),
        ("/", "feed=rss2&utm_medium=x&cat=7", "world"),
        ("/", "%66eed=rss%32&c%61t=7", "world"),
        ("/", "feed=atom&feed=rss2", "all"),
        ("/category/asia/feed", "", "asia"),
        ("/category/news/asia/feed/", "", "asia"),
        ("/category/news/east/asia/feed/", "", "asia"),
        ("/blog/category/news/asia/feed/", "", "china"),
        ("/tag/渡輪/feed/".encode().decode("latin-1"), "", "taiwan"),
    ],
)
def test_each_spelling_of_an_address_finds_its_feed(path, query, section):
    for _ in range(2):  # The second answer is remembered.
        found = FEEDS.find(path, query)
        assert found is not None and found.section == section


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/", ""),
        ("/", "feed=atom"),
        ("/", "feed=rss2&cat=8"),
        ("/", "cat=7"),
        ("/feed/", "paged=2"),
        ("/feed/", "p=12"),
        ("/comments/feed/", ""),
        ("/2026/03/asia/feed/", ""),
        ("/category/asia/", ""),
        ("/category/feed/", ""),
        ("/category/news/feed/", ""),
        ("/category/asia/page/feed/", ""),
        ("/tag/news/asia/feed/", ""),
        ("/api/v1/articles", "feed=rss2"),
        ("*", ""),
        ("", ""),
        ("/category/" + "x/" * 4000 + "asia/feed/", ""),
        ("/", "&".join(["feed=rss2"] * (MAX_PARAMETERS + 1))),
    ],
)
def test_what_is_no_old_address_finds_nothing(path, query):
    assert FEEDS.find(path, query) is None


def test_clients_cannot_make_it_remember_much(monkeypatch):
    monkeypatch.setattr(old_feeds, "MAX_REMEMBERED", 10)
    feeds = OldFeeds.of([OldFeed("/feed/", "all", "rss")])
    for number in range(50):
        assert feeds.find("/feed/", f"utm_id={number}")
    assert feeds.find("/feed/", "x=" + "a" * 1000)
    assert 0 < len(feeds._found) <= 10


def test_an_address_that_the_table_has_itself_is_not_a_nested_one():
    feeds = OldFeeds.of(
        [OldFeed("/category/news/asia/feed/", "china", "rss"), OldFeed("/category/asia/feed/", "asia", "rss")],
        nested=["category"],
    )
    assert [feeds.find(path, "").section for path in ("/category/news/asia/feed/", "/category/x/asia/feed/")] == [
        "china",
        "asia",
    ]


def test_the_feeds_of_a_section_have_all_its_addresses():
    assert [old.address for old in FEEDS.of_section("asia")] == ["/category/asia/feed/", "/category/asia/feed/atom/"]
    assert OldFeed("/x", "asia", "atom").path == "/feeds/asia.atom"
