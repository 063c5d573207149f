"""Discovery by HTTP: WebSub section 4, Link headers of hub and self."""

import re

import pytest

from syndication.model.values import FORMATS, MEDIA_TYPES
from syndication.serve.catalogue import Catalogue
from syndication.serve.respond import respond
from tests.support.newsroom import section, site
from tests.unit.serve.test_respond import document

HUBS = ("https://feeds.daily.example/hub", "https://hub.example/?a=1&b=2")


def catalogue(*hubs: str) -> Catalogue:
    empty = Catalogue.empty(site(hubs=hubs), {"taiwan": section("taiwan")}, {}, frozenset())
    return empty.with_documents(document(format) for format in FORMATS)


def links(value: str) -> list[tuple[str, str]]:
    return re.findall(r'<([^>]*)>; rel="([^"]*)"', value)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_section_4_get_and_head_name_the_topic_and_each_hub(method: str, format: str) -> None:
    status, headers, body, _ = respond(catalogue(*HUBS), method, f"/feeds/taiwan.{format}", {})
    assert status == "200 OK" and bool(body) == (method == "GET")
    found = links(dict(headers)["Link"])
    assert [href for href, rel in found if rel == "self"] == [f"https://feeds.daily.example/feeds/taiwan.{format}"]
    assert [href for href, rel in found if rel == "hub"] == list(HUBS)
    assert len([rel for _, rel in found if rel == "alternate"]) == len(MEDIA_TYPES) - 1


@pytest.mark.parametrize("format", FORMATS)
def test_section_4_1_a_topic_has_one_representation_whatever_a_client_accepts(format: str) -> None:
    for accept in ("application/rss+xml", "application/atom+xml", "application/feed+json", "text/html", "*/*"):
        _, headers, body, _ = respond(catalogue(*HUBS), "GET", f"/feeds/taiwan.{format}", {"HTTP_ACCEPT": accept})
        found = dict(headers)
        assert (found["Content-Type"], found["Vary"]) == (MEDIA_TYPES[format], "Accept-Encoding")
        assert body == f"{format} as identity".encode()


def test_get_and_head_have_the_same_headers() -> None:
    feeds = catalogue(*HUBS)
    assert respond(feeds, "GET", "/feeds/taiwan.rss", {})[1] == respond(feeds, "HEAD", "/feeds/taiwan.rss", {})[1]


def test_a_304_repeats_no_link() -> None:
    """RFC 9110 section 15.4.5: only what a cache needs; it has the Link of the 200."""
    status, headers, _, _ = respond(catalogue(*HUBS), "GET", "/feeds/taiwan.atom", {"HTTP_IF_NONE_MATCH": "*"})
    assert status == "304 Not Modified" and "Link" not in dict(headers)


def test_without_a_hub_none_is_named() -> None:
    headers = dict(respond(catalogue(), "GET", "/feeds/taiwan.atom", {})[1])
    assert 'rel="hub"' not in headers["Link"] and 'rel="self"' in headers["Link"]


def test_a_catalogue_of_changed_settings_names_their_hubs() -> None:
    feeds = catalogue()
    after = feeds.with_feeds(site(hubs=HUBS), feeds.sections, {}, frozenset(), feeds.old_feeds, feeds.asked)
    headers = dict(respond(after, "GET", "/feeds/taiwan.atom", {})[1])
    assert [href for href, rel in links(headers["Link"]) if rel == "hub"] == list(HUBS)
