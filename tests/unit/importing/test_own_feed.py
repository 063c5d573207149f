"""Our own feeds come back as they were, in each format: published again, they have the same bytes."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from syndication.importing import own_feed
from syndication.importing.feed_files import json_feed_items, xml_items
from syndication.importing.fields import FEED
from syndication.model.article_json import parse_article
from syndication.model.values import Author, Enclosure, Image
from syndication.pipeline.entries import to_entry
from syndication.render.renderer import Renderer
from tests.support.newsroom import NOON, article, at, feed, section, site
from tests.support.thorough import THOROUGH

SECTIONS = {slug: section(slug) for slug in ("taiwan", "travel", "arts-leisure")}
SLUGS = {value.title.lower(): slug for slug, value in SECTIONS.items()}

# C1 controls, which feeds have by mistake, are read as the characters of windows-1252.
TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30).map(
    lambda text: re.sub("[\x80-\x9f]", "", text) or "x"
)
PIECES = st.sampled_from(
    ["&amp;", "<b>", "</b>", " & ", "&lt;", "A, B", "  ", "(Correction: x)", "<p>", "</p>", "&#0;"]
)
LINE = st.lists(TEXT | PIECES, min_size=1, max_size=4).map("".join)
ADDRESS = st.integers(0, 99).map("https://x.example/{}.jpg".format)
FILE = st.builds(
    Enclosure, ADDRESS, st.sampled_from(["audio/mpeg", "image/jpeg", "text/html"]), st.none() | st.integers(1, 10**9),
    st.none() | LINE, st.none() | st.integers(1, 10**5),
)  # fmt: skip
SIZE = st.integers(1, 5000)
IMAGE = st.builds(Image, ADDRESS, st.none() | LINE, st.none() | LINE, st.none() | LINE, SIZE, SIZE)


@st.composite
def written(draw):
    return article(
        draw(TEXT).replace("\0", "0"),
        url="/news/1",
        title="T" + draw(LINE),
        html=draw(st.just("") | LINE.map("<p>{}</p><figure>x</figure>".format)),
        summary=draw(st.none() | LINE),
        authors=tuple(
            Author("N" + draw(LINE), draw(st.none() | st.just("a@x.example")), draw(st.none() | ADDRESS))
            for _ in range(draw(st.integers(0, 2)))
        ),
        sections=("taiwan", *draw(st.lists(st.sampled_from(["travel", "arts-leisure"]), max_size=2, unique=True))),
        tags=tuple(dict.fromkeys(draw(st.lists(LINE.map("t{}".format), max_size=3)))),
        language=draw(st.none() | st.sampled_from(["ja", "zh-TW"])),
        image=draw(st.none() | IMAGE),
        enclosures=tuple(draw(st.lists(FILE, max_size=3, unique_by=lambda file: file.url))),
        updated_at=at(hours=-1) + timedelta(seconds=draw(st.integers(0, 3000))),
        correction=draw(st.none() | LINE.map("C{}".format)),
        guid=draw(st.none() | LINE.map("g{}".format)),
    )


def published(value, content):
    known = SECTIONS["taiwan"]
    entry = to_entry(value, site(), SECTIONS, NOON)
    return Renderer().render(feed(entry, section=replace(known, content=content))).bodies


def come_back(format, body):
    reader = json_feed_items if format == "json" else xml_items
    ((_, make),) = reader(body)
    found = make()
    assert own_feed.is_own(found, site())
    return parse_article(own_feed.as_published(found, site(), SLUGS), SLUGS)


@settings(max_examples=400 if THOROUGH else 60, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=written(), content=st.sampled_from(["full", "summary"]))
@example(
    value=article("a1", enclosures=(Enclosure("https://x.example/a.mp3", "audio/mpeg", title="A\u00a0"),)),
    content="full",
)
@example(value=article("a1", summary=">\u00a0"), content="full")
def test_an_own_feed_published_again_has_the_same_bytes(value, content):
    # A summary that ends like one with a correction, of a story without a body, is read as one.
    assume(value.html or value.correction or "(Correction: " not in (value.summary or ""))
    for format, body in published(value, content).items():
        restored = come_back(format, body)
        assert published(restored, content)[format] == body, format


RICH = article(
    "a 1/é",
    authors=(Author("Lin Mei-hua", "lin@daily.example", "https://daily.example/lin"), Author("B Two")),
    sections=("taiwan", "arts-leisure"),
    tags=("rail", "A & B", "Taiwan's east, north"),
    image=Image("https://x.example/a.jpg", "A caption", "Photo: P", None, 1200, 800),
    enclosures=(
        Enclosure("https://x.example/1.mp3", "audio/mpeg", 5, "One", 60),
        Enclosure("https://x.example/2.jpg", "image/jpeg", None, "Two", None),
    ),
    correction="It was <two> & not three",
    language="ja",
)


@pytest.mark.parametrize("format", ["atom", "rss", "json"])
@pytest.mark.parametrize("content", ["full", "summary"])
def test_each_part_of_an_own_article_comes_back(format, content):
    found = come_back(format, published(RICH, content)[format])
    assert (found.id, found.guid, found.title) == (RICH.id, None, RICH.title)
    assert found.url == "https://www.daily.example/news/a%201/%C3%A9"
    assert (found.sections, found.tags, found.language) == (RICH.sections, RICH.tags, "ja")
    assert found.html == (RICH.html if content == "full" else "")
    assert (found.summary, found.correction) == (RICH.summary, RICH.correction)
    assert [author.name for author in found.authors] == ["Lin Mei-hua", "B Two"]
    assert found.image == (RICH.image if format != "json" else Image(RICH.image.url))
    assert [(file.url, file.media_type, file.length) for file in found.enclosures] == [
        ("https://x.example/1.mp3", "audio/mpeg", 5),
        ("https://x.example/2.jpg", "image/jpeg", None),
    ]
    assert (found.published_at, found.updated_at)[: 1 if format == "rss" else 2] == (
        RICH.published_at, RICH.updated_at)[: 1 if format == "rss" else 2]  # fmt: skip


@pytest.mark.parametrize("format", ["atom", "rss", "json"])
def test_an_unsigned_article_of_our_own_stays_unsigned(format):
    assert come_back(format, published(replace(RICH, authors=()), "full")[format]).authors == ()


@pytest.mark.parametrize("guid", ["https://old.example/?p=17", "old id  with\nspaces", "ep-6"])
@pytest.mark.parametrize("format", ["atom", "rss", "json"])
def test_an_imported_guid_of_an_own_feed_stays(format, guid):
    found = come_back(format, published(replace(RICH, id=guid, guid=guid), "full")[format])
    assert (found.id, found.guid) == (guid, guid)


@pytest.mark.parametrize("address", ["https://other.example/feeds/taiwan.json", None, "", 5, ["x"]])
def test_a_feed_with_another_address_is_not_our_own(address):
    body = json.loads(published(RICH, "full")["json"])
    body["feed_url"] = address
    ((_, make),) = json_feed_items(json.dumps(body).encode())
    assert not own_feed.is_own(make(), site())


def test_a_feed_moved_to_another_host_keeps_its_titles_to_the_letter():
    body = published(replace(RICH, title="The &amp; and the <b>"), "full")["rss"]
    ((_, make),) = xml_items(re.sub(rb"https://feeds.daily.example", b"https://new.example", body))
    found = make()
    assert (found["title"], own_feed.is_own(found, site()), found[FEED]["full"]) == (
        "The &amp; and the <b>",
        False,
        True,
    )
