"""What items say of their dates, files, authors and tags, and what a feed's head says of a podcast."""

import json
from datetime import UTC, datetime

import pytest
from lxml import etree

from syndication.model.values import Author, Enclosure, Image, Podcast
from syndication.render.renderer import Renderer
from tests.support.newsroom import at, entry, feed, section, site
from tests.support.reference_renderer import plain_feedgen

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
}
AUDIO = Enclosure("https://cdn.example/12.mp3", "audio/mpeg", duration=2040)
VIDEO = Enclosure("https://cdn.example/12.mp4", "video/mp4", duration=60)
PAPER = Enclosure("https://cdn.example/12.pdf", "application/pdf")


def bodies(*entries, **changes):
    value = feed(*entries, **changes)
    made = Renderer().render(value).bodies
    assert made == plain_feedgen(value)
    return etree.fromstring(made["atom"]), etree.fromstring(made["rss"]), json.loads(made["json"])


@pytest.mark.parametrize(
    ("year", "day"), [(1, "Mon"), (26, "Thu"), (99, "Thu"), (999, "Tue"), (1969, "Wed"), (9999, "Fri")]
)
def test_dates_in_rss_have_years_of_four_digits(year, day):
    moment = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    atom, rss, items = bodies(entry(published=moment, updated=moment))
    assert rss.findtext("channel/item/pubDate") == f"{day}, 31 Dec {year:04d} 23:59:59 +0000"
    written = f"{year:04d}-12-31T23:59:59+00:00"
    assert atom.findtext("a:entry/a:published", None, NS) == items["items"][0]["date_published"] == written


def test_rss_says_when_an_item_was_modified():
    one, other = entry("a1", updated=at(minutes=-5)), entry("a2", published=at(hours=-1), updated=at(hours=-1))
    _, rss, _ = bodies(one, other)
    moments = [item.findtext("a:updated", None, NS) for item in rss.iterfind("channel/item")]
    assert moments == ["2026-03-14T11:55:00+00:00", None]


@pytest.mark.parametrize(
    ("files", "duration", "episode"),
    [
        ([AUDIO], "2040", True),
        ([AUDIO, VIDEO], "2040", True),
        ([Enclosure("https://cdn.example/1", "AUDIO/ogg; codecs=opus")], None, True),
        ([Enclosure("ftp://cdn.example/1", "application/pdf"), AUDIO], "2040", True),
        ([Enclosure("https://cdn.example/1", "audio/mpeg", duration=0)], "0", True),
        ([VIDEO, AUDIO], "60", False),
        ([PAPER, AUDIO], None, False),
        ([PAPER], None, False),
        ([], None, False),
    ],
)
def test_the_one_enclosure_of_an_item_has_its_duration(files, duration, episode):
    _, rss, _ = bodies(entry(enclosures=tuple(files)))
    assert rss.findtext("channel/item/itunes:duration", None, NS) == duration
    assert rss.findtext("channel/item/itunes:explicit", None, NS) == ("false" if episode else None)
    assert (rss.find("channel/itunes:author", NS) is not None) == episode
    assert ("itunes" in rss.nsmap) == (episode or duration is not None)


def test_a_feed_with_audio_has_what_podcast_directories_require():
    podcast = Podcast("News > Daily News", True, "https://cdn.example/art.jpg")
    one = entry("a1", enclosures=(AUDIO,), image=Image("https://cdn.example/12.jpg"))
    _, rss, _ = bodies(one, entry("a2"), section=section(podcast=podcast), site=site(email="desk@daily.example"))
    channel = rss.find("channel")
    said = {name: channel.findtext(f"itunes:{name}", None, NS) for name in ("author", "explicit")}
    assert said == {"author": "The Daily Example", "explicit": "true"}
    assert channel.find("itunes:image", NS).get("href") == "https://cdn.example/art.jpg"
    assert [c.get("text") for c in channel.iterfind(".//itunes:category", NS)] == ["News", "Daily News"]
    assert channel.find("itunes:category/itunes:category", NS).get("text") == "Daily News"
    assert channel.findtext("itunes:owner/itunes:email", None, NS) == "desk@daily.example"
    first, second = channel.findall("item")
    assert first.findtext("itunes:explicit", None, NS) == "true"
    assert first.find("itunes:image", NS).get("href") == "https://cdn.example/12.jpg"
    assert not second.xpath("itunes:*", namespaces=NS)


def test_the_artwork_of_a_podcast_is_the_logo_unless_set():
    _, rss, _ = bodies(entry(enclosures=(AUDIO,)))
    assert rss.find("channel/itunes:image", NS).get("href") == site().logo
    assert rss.find("channel/itunes:owner", NS) is None


def test_an_entry_is_rendered_again_when_its_section_becomes_explicit():
    renderer, one = Renderer(), entry(enclosures=(AUDIO,))
    for explicit in (False, True):
        body = renderer.render(feed(one, section=section(podcast=Podcast(explicit=explicit)))).bodies["rss"]
        assert etree.fromstring(body).findtext("channel/item/itunes:explicit", None, NS) == str(explicit).lower()


@pytest.mark.parametrize(
    ("tags", "shown"),
    [
        (("Rail", "rail", "RAIL"), ["Rail"]),
        (("Rail", " Rail ", "Rail\n"), ["Rail"]),
        (("High  speed", "high speed"), ["High speed"]),
        (("Café", "Cafe\u0301"), ["Café"]),
        (("ＡＩ", "AI"), ["ＡＩ"]),
        (("Straße", "STRASSE"), ["Straße"]),
        (("taiwan", "Rail"), ["Rail"]),
        (("Rail", "Rails", "ray-l"), ["Rail", "Rails", "ray-l"]),
        (("", " ", "\x00"), []),
    ],
)
def test_a_tag_is_told_once_in_its_first_spelling(tags, shown):
    atom, rss, items = bodies(entry(tags=tags))
    wanted = ["Taiwan", *shown]
    assert [c.get("label") for c in atom.iterfind("a:entry/a:category", NS)] == wanted
    assert [c.text for c in rss.iterfind("channel/item/category")] == items["items"][0]["tags"] == wanted


def test_two_sections_of_one_title_are_one_tag_in_json():
    atom, _, items = bodies(entry(categories=(("news-en", "News"), ("news-zh", "News")), tags=()))
    assert [c.get("term") for c in atom.iterfind("a:entry/a:category", NS)] == ["news-en", "news-zh"]
    assert items["items"][0]["tags"] == ["News"]


@pytest.mark.parametrize(
    ("authors", "shown"),
    [
        ([Author("Lin Mei-hua"), Author("LIN  Mei-hua ")], [("Lin Mei-hua", None, None)]),
        (
            [Author("Lin Mei-hua"), Author("Lin Mei-hua", "lin@daily.example", "https://daily.example/lin")],
            [("Lin Mei-hua", "lin@daily.example", "https://daily.example/lin")],
        ),
        (
            [Author("Lin Mei-hua", "lin@daily.example"), Author("Lin Mei-hua", "LIN@daily.example")],
            [("Lin Mei-hua", "lin@daily.example", None)],
        ),
        (
            [Author("John Smith", "a@daily.example"), Author("John Smith", "b@daily.example")],
            [("John Smith", "a@daily.example", None), ("John Smith", "b@daily.example", None)],
        ),
        ([Author("A"), Author("B"), Author("A")], [("A", None, None), ("B", None, None)]),
    ],
)
def test_an_author_is_told_once_with_what_is_known(authors, shown):
    atom, rss, items = bodies(entry(authors=tuple(authors)))
    found = [
        tuple(a.findtext(f"a:{name}", None, NS) for name in ("name", "email", "uri"))
        for a in atom.iterfind("a:entry/a:author", NS)
    ]
    names = [name for name, _, _ in shown]
    assert found == shown and [c.text for c in rss.iterfind("channel/item/dc:creator", NS)] == names
    assert [author["name"] for author in items["items"][0]["authors"]] == names


def test_a_feed_has_the_title_that_names_its_newsroom():
    atom, rss, items = bodies(entry(), section=section(feed_title="Taiwan – The Daily Example"))
    wanted = "Taiwan – The Daily Example"
    assert atom.findtext("a:title", None, NS) == rss.findtext("channel/title") == items["title"] == wanted
    assert rss.findtext("channel/item/category") == "Taiwan", "and the section keeps its own"
