"""Discovery in documents: WebSub section 4, with the hubs of the settings in every format."""

import json

import feedparser
import pytest
from lxml import etree

from syndication.model.values import Feed
from syndication.pipeline.gather import Newsroom
from syndication.render.renderer import Renderer
from tests.support.newsroom import entry, feed, section, site
from tests.support.reference_renderer import plain_feedgen

HUBS = ("https://feeds.daily.example/hub", "https://hub.example/?a=1&b=2")

ATOM = "{http://www.w3.org/2005/Atom}link"


def announced(*hubs: str) -> Feed:
    return feed(entry("a1"), entry("a2"), site=site(hubs=hubs))


def links(body: bytes, parent: str) -> list[tuple[str | None, str | None]]:
    head = etree.fromstring(body)
    found = head if not parent else head.find(parent)
    return [(link.get("rel"), link.get("href")) for link in found.findall(ATOM)]


def test_section_4_an_atom_feed_links_to_itself_and_to_each_hub() -> None:
    body = Renderer().render(announced(*HUBS)).bodies["atom"]
    expected = [("self", "https://feeds.daily.example/feeds/taiwan.atom"), *(("hub", hub) for hub in HUBS)]
    assert links(body, "")[:3] == expected
    assert [rel for rel, _ in links(body, "")] == ["self", "hub", "hub", "alternate"]


def test_section_4_an_rss_channel_links_to_itself_and_to_each_hub() -> None:
    body = Renderer().render(announced(*HUBS)).bodies["rss"]
    expected = [("self", "https://feeds.daily.example/feeds/taiwan.rss"), *(("hub", hub) for hub in HUBS)]
    assert links(body, "channel") == expected
    assert etree.fromstring(body).findtext("channel/link") == "https://www.daily.example/", "and no hub"


def test_a_json_feed_lists_the_hubs_as_version_1_1_has_them() -> None:
    found = json.loads(Renderer().render(announced(*HUBS)).bodies["json"])
    assert found["hubs"] == [{"type": "WebSub", "url": hub} for hub in HUBS]
    assert found["feed_url"] == "https://feeds.daily.example/feeds/taiwan.json"


def test_without_a_hub_no_document_names_one() -> None:
    bodies = Renderer().render(announced()).bodies
    assert all(b"hub" not in body for body in bodies.values())


@pytest.mark.parametrize("hubs", [(), HUBS[:1], HUBS])
def test_entries_that_are_not_rendered_again_stay_below_the_same_head(hubs: tuple[str, ...]) -> None:
    renderer = Renderer()
    renderer.render(announced())
    assert renderer.render(announced(*hubs)).bodies == plain_feedgen(announced(*hubs))


@pytest.mark.parametrize("format", ["atom", "rss"])
def test_a_reader_finds_every_hub(format: str) -> None:
    found = feedparser.parse(Renderer().render(announced(*HUBS)).bodies[format])
    assert not found.bozo and len(found.entries) == 2
    assert [link.href for link in found.feed.links if link.rel == "hub"] == list(HUBS)
    assert [link.href for link in found.feed.links if link.rel == "self"] == [
        f"https://feeds.daily.example/feeds/taiwan.{format}"
    ]


def test_another_hub_is_another_fingerprint_of_every_feed() -> None:
    sections = {slug: section(slug) for slug in ("all", "taiwan")}
    before = Newsroom(site(), sections).fingerprints()
    after = Newsroom(site(hubs=HUBS), sections).fingerprints()
    assert before.keys() == after.keys() and not set(before.values()) & set(after.values())
