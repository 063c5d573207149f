"""Whatever a newsroom writes, the result is well-formed, safe and deterministic."""

import json
import re
from datetime import timedelta

import feedparser
import nh3
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from syndication.model.addresses import web_address
from syndication.model.values import Author, Enclosure, Image
from syndication.render.renderer import Renderer
from tests.support.newsroom import at, entry, feed, section
from tests.support.reference_renderer import plain_feedgen
from tests.support.thorough import THOROUGH

# Everything that a Python string can hold: controls, lone surrogates, what XML forbids, the far planes.
TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
PIECES = ["<p>", "</p>", "<b", "<a href='", "'>", "<img src=x onerror=y>", "<script>", "</script>", "&amp;", "&#0;"]
PIECES += ["]]>", "<!--", "-->", "<![CDATA[", "</entry>", "<item>", "<svg/onload=x>", "\x00", "<iframe src=//x>"]
MARKUP = st.lists(
    st.one_of(
        TEXT,
        st.sampled_from(PIECES),
    ),
    max_size=12,
).map("".join)

ADDRESS = st.lists(
    st.one_of(
        TEXT, st.sampled_from(["http://", "https://", "[", "]", ":", "@", "%", "/", "?", "#", "x.example", "例え"])
    ),
    max_size=8,
).map("".join)
# RFC 3986: the characters allowed in an address.
LEGAL = re.compile(
    r"https?://([!$&'()*+,;=:\w.~%-]*@)?(\[[0-9a-f:.]+\]|[!$&'()*+,;=\w.~-]+)(:\d+)?"
    r"(/[^\[\]#?]*)?(\?[^\[\]#]*)?(#[^\[\]#]*)?",
    re.ASCII,
)


@st.composite
def entries(draw):
    number = draw(st.integers(0, 10**6))
    published = at(minutes=-draw(st.integers(0, 10**6)))
    return entry(
        f"a{number}",
        title=draw(TEXT),
        url=draw(
            st.just(f"https://www.daily.example/news/{number}") | ADDRESS.map("https://x.example/".__add__) | ADDRESS
        ),
        html=draw(MARKUP),
        summary=draw(st.none() | MARKUP),
        authors=tuple(
            Author(*names) for names in draw(st.lists(st.tuples(TEXT, TEXT | st.none(), TEXT | ADDRESS), max_size=3))
        ),
        categories=tuple((f"s{n}", title) for n, title in enumerate(draw(st.lists(TEXT, max_size=3)))),
        tags=tuple(draw(st.lists(TEXT, max_size=3))),
        language=draw(st.none() | st.sampled_from(["zh-Hant", "zh_TW", "en"]) | TEXT),
        image=draw(st.none() | st.builds(Image, TEXT.map("https://x.example/".__add__) | ADDRESS, TEXT, TEXT, TEXT)),
        enclosures=tuple(
            draw(st.lists(st.builds(Enclosure, TEXT.map("https://x.example/".__add__) | ADDRESS, TEXT), max_size=2))
        ),
        correction=draw(st.none() | TEXT),
        published=published,
        updated=published + timedelta(minutes=draw(st.integers(0, 60))),
    )


EXAMPLES = 60 if THOROUGH else 25

FEEDS = st.builds(
    lambda found, content: feed(*found, section=section(content=content)),
    st.lists(entries(), max_size=5, unique_by=lambda e: e.article_id),
    st.sampled_from(["full", "summary"]),
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FEEDS)
def test_every_format_parses_and_holds_every_entry_that_is_not_left_out(value):
    out = Renderer().render(value)
    atom, rss = etree.fromstring(out.bodies["atom"]), etree.fromstring(out.bodies["rss"])
    items = json.loads(out.bodies["json"].decode("utf-8"))["items"]
    shown = [e.article_id for e in out.entries]
    assert len(shown) + len(out.left_out) == len(value.entries)
    assert len(atom.findall("{*}entry")) == len(rss.findall("channel/item")) == len(items) == len(shown)
    for format in ("atom", "rss"):
        parsed = feedparser.parse(out.bodies[format])
        assert not parsed.bozo, parsed.get("bozo_exception")
        assert [e.id for e in parsed.entries] == [item["id"] for item in items]
    for item in items:
        body = item.get("content_html", "")
        assert "<script" not in body and "<iframe" not in body and "onerror=" not in nh3.clean(body, tags={"img"})
        assert item.get("content_html") or item.get("content_text")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FEEDS, min_size=1, max_size=3))
def test_reuse_is_plain_feedgen_byte_for_byte(values):
    renderer = Renderer()
    for value in [*values, *values]:
        assert renderer.render(value).bodies == plain_feedgen(value)


@settings(max_examples=300, deadline=None)
@example("HTTP://@@0")
@example("HTTP:!")
@given(ADDRESS)
def test_an_address_is_legal_or_none_and_stays_as_it_is(address):
    found = web_address(address)
    assert found is None or (LEGAL.fullmatch(found) and found.isascii() and web_address(found) == found)
    assert found is None or not re.search('%(?![0-9A-Fa-f]{2})|[\\s"<>{}|^`]', found)
