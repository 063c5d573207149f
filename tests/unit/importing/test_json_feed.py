"""JSON Feed: plain text is text, and an item inherits its feed's language and authors."""

import json

import pytest

from syndication.errors import ArticleError
from syndication.importing.feed_files import json_feed_items

ITEM = {"id": "1", "url": "https://x.example/1", "title": "T", "date_published": "2026-03-14T08:00:00Z"}


def read(item, **feed):
    ((_, make),) = json_feed_items(json.dumps({"items": [ITEM | item]} | feed).encode())
    return make()


def test_plain_text_is_escaped():
    found = read({"content_text": "Run <job_id>\n\nnow & then", "summary": "1 < 2 <b>"})
    assert (found["html"], found["summary"]) == ("<p>Run &lt;job_id&gt;</p><p>now &amp; then</p>", "1 &lt; 2 &lt;b&gt;")


@pytest.mark.parametrize(
    ("item", "feed", "names"),
    [
        ({}, {"authors": [{"name": "Desk"}]}, ["Desk"]),
        ({}, {"author": {"name": "Desk"}}, ["Desk"]),
        (
            {"authors": [{"name": "A"}, {"name": "A"}, {"url": "https://b.example/"}]},
            {"authors": [{"name": "Desk"}]},
            ["A", "https://b.example/"],
        ),
        ({"authors": {"name": "A"}}, {"authors": [{"name": "Desk"}]}, ["A"]),
        ({"authors": ["A", {"name": "B"}]}, {}, ["A", "B"]),
        ({"author": "A"}, {}, ["A"]),
        ({"author": {"name": "A"}}, {"authors": [{"name": "Desk"}]}, ["A"]),
        ({"authors": []}, {}, []),
    ],
)
def test_authors_are_those_of_the_item_then_of_the_feed(item, feed, names):
    assert [author["name"] for author in read(item, **feed)["authors"]] == names


def test_an_authors_relative_address_is_resolved():
    found = read({"authors": [{"name": "A", "url": "/a"}]}, home_page_url="https://old.example/")
    assert found["authors"] == [{"name": "A", "uri": "https://old.example/a"}]


@pytest.mark.parametrize("title", [None, "", "  ", "\u200b"])
def test_without_a_visible_title_the_text_gives_it(title):
    assert read({"title": title, "content_text": "The story."})["title"] == "The story."


def test_the_language_is_that_of_the_item_then_of_the_feed():
    assert read({}, language="ja")["language"] == "ja"
    assert read({"language": "zh-TW"}, language="ja")["language"] == "zh-TW"


@pytest.mark.parametrize(
    ("url", "feed", "resolved"),
    [
        ("/a", {"home_page_url": "https://old.example/"}, "https://old.example/a"),
        ("a", {"feed_url": "feed.json", "home_page_url": "https://old.example/b/"}, "https://old.example/b/a"),
        ("/a", {}, "/a"),
        ("https://new.example/a?", {"home_page_url": "https://old.example/"}, "https://new.example/a?"),
    ],
)
def test_relative_addresses_are_resolved_against_the_feed(url, feed, resolved):
    found = read({"url": url, "image": url, "attachments": [{"url": url}]}, **feed)
    assert [found["url"], found["image"]["url"], found["enclosures"][0]["url"]] == [resolved] * 3


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ({"external_url": "https://b.example/"}, "https://b.example/"),
        ({"id": "https://b.example/1"}, "https://b.example/1"),
        ({"attachments": {"url": "https://b.example/1.mp3"}}, "https://b.example/1.mp3"),
    ],
)
def test_an_item_without_a_page_has_another_address(item, url):
    assert read({"url": None, **item})["url"] == url


def test_an_item_without_any_address_is_an_error():
    with pytest.raises(ArticleError, match="no address: add a link"):
        read({"url": None})


@pytest.mark.parametrize(
    ("dates", "found"),
    [
        (("2026-03-14", "Sat, 14 Mar 2026 08:00:00 GMT"), ("2026-03-14T00:00:00+00:00", "2026-03-14T08:00:00+00:00")),
        (("2026-03-14T08:00:00", None), ("2026-03-14T08:00:00+00:00", None)),
        (("2026-03-14t08:00:00z", ""), ("2026-03-14t08:00:00z", "")),
        ((None, "2026-03-14T08:00:00Z"), ("2026-03-14T08:00:00Z", "2026-03-14T08:00:00Z")),
        (("soon", 5), ("soon", 5)),
    ],
)
def test_dates_are_read_as_those_of_rss(dates, found):
    read_dates = read({"date_published": dates[0], "date_modified": dates[1]})
    assert (read_dates["published_at"], read_dates["updated_at"]) == found


def test_a_summary_alone_gives_the_title():
    assert read({"title": None, "summary": "Only 1 < 2."})["title"] == "Only 1 < 2."


def test_an_id_stays_to_the_letter():
    assert read({"id": " a  b\n"})["guid"] == " a  b\n"
