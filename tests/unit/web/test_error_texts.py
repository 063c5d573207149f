"""No public page, and no short text in the place of one, says what happened in a phrase of HTTP alone."""

from http import HTTPStatus

import pytest
from lxml import html

from syndication.web.public_pages import SENTENCES
from tests.unit.web.test_feed_pages import client

PHRASES = {status.phrase.casefold() for status in HTTPStatus if status >= 400}

PATHS = ["/", "/nothing", "/feeds", "/feeds/nothing", "/feeds/horoscope", "/feeds/new", "/feeds/nothing.atom",
         "/feeds/horoscope.atom", "/feeds/new.rss", "/feeds/tag/nothing", "/healthz", "/metrics/x", "/static/nothing",
         "/opml.xml", "/feeds.json", "/favicon.ico", "/feeds/a/b/c",
         "/feeds/author/nobody"]  # fmt: skip


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Dest": "document"}])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_errors_are_said_as_people_say_them(method, headers):
    browser, statuses = client(), set()
    for path in PATHS:
        answer = browser.open(path, method=method, headers=headers)
        if answer.status_code < 400:
            continue
        statuses.add(answer.status_code)
        texts = [answer.text]
        if answer.mimetype == "text/html":
            page = html.document_fromstring(answer.text)
            texts = [page.findtext(".//title").rpartition(" – ")[0], page.findtext(".//h1")]
        for text in texts:
            assert text.strip().rstrip(".").casefold() not in PHRASES, (path, text)
    assert statuses >= ({404, 410, 503} if method == "GET" else {405})


def test_each_sentence_is_one():
    for sentence in SENTENCES.values():
        assert sentence.endswith(".") and sentence.rstrip(".").casefold() not in PHRASES


def test_a_reader_at_a_wrong_address_is_led_to_the_feeds():
    page = html.document_fromstring(client().get("/feeds/author/nobody").text)
    assert page.findtext(".//h1") == "There is no feed at this address"
    assert page.xpath("//a[@class='button']/@href") == ["https://feeds.daily.example/"]
