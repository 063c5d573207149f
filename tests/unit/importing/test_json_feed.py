"""JSON Feed: plain text is text, and an item inherits its feed's language and authors."""

import json

import pytest

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
        ({"author": {"name": "A"}}, {"authors": [{"name": "Desk"}]}, ["A"]),
        ({"authors": []}, {}, []),
    ],
)
def test_authors_are_those_of_the_item_then_of_the_feed(item, feed, names):
    assert [author["name"] for author in read(item, **feed)["authors"]] == names


def test_the_language_is_that_of_the_item_then_of_the_feed():
    assert read({}, language="ja")["language"] == "ja"
    assert read({"language": "zh-TW"}, language="ja")["language"] == "zh-TW"


def test_an_id_stays_to_the_letter():
    assert read({"id": " a  b\n"})["guid"] == " a  b\n"
