"""Files from untrusted sources: a bad item is reported with its number, and the others are imported."""

import json
import shutil
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.config.loading import load_settings
from syndication.importing.feed_reader import FeedFileReader
from syndication.importing.import_file import import_file
from syndication.importing.report import Report
from syndication.model.values import Feed
from syndication.pipeline.entries import to_entry
from syndication.render.renderer import Renderer
from syndication.store.articles import articles
from syndication.store.db.database import Database
from tests.support.newsroom import NOON, article, entry, feed
from tests.support.ninjs import iptc, superdesk
from tests.support.thorough import THOROUGH

RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title><link>https://x.example/</link>
{items}</channel></rss>"""
ITEM = "<item><guid isPermaLink='false'>{id}</guid><link>https://x.example/{id}</link>{more}</item>"
DATE = "<pubDate>Sat, 14 Mar 2026 08:00:00 +0800</pubDate>"


def item(id="1", more="<title>Story</title>" + DATE):
    return ITEM.format(id=id, more=more)


def rss(*items, encoding="utf-8"):
    return RSS.format(encoding=encoding, items="".join(items)).encode(encoding)


def json_feed(*items, **more):
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": items} | more).encode()


FINE = {"id": "fine", "url": "https://x.example/fine", "title": "T", "date_published": "2026-03-14T08:00:00Z"}


@pytest.fixture(scope="module")
def reader():
    with closing(FeedFileReader()) as reader:
        yield reader


@pytest.fixture
def take(database, tmp_path, reader):
    """Imports bytes and returns the report."""
    known = load_settings(environ={})

    def take(content, *sections):
        path = tmp_path / "file"
        path.write_bytes(content)
        report = Report()
        import_file(database, known, str(path), sections, report, reader=reader, progress=False)
        return report

    return take


def stored(database, id):
    with database.read() as conn:
        return articles.get_article(conn, id)


@pytest.mark.parametrize("again", [False, True])
def test_a_story_from_two_feeds_is_in_both_sections(database, take, again):
    take(rss(item("shared"), item("a")), "taiwan")
    take(rss(item("shared"), item("b")), "travel")
    if again:
        assert take(rss(item("shared"), item("a")), "taiwan").outcomes == {"unchanged": 2}
    assert stored(database, "shared").sections == ("taiwan", "travel")
    assert (stored(database, "a").sections, stored(database, "b").sections) == (("taiwan",), ("travel",))
    take(rss(item("shared")))
    assert stored(database, "shared").sections == ("taiwan", "travel"), "and no section leaves those that are there"


def ninjs(item, indent=2):
    return json.dumps(item, indent=indent).encode()


@pytest.mark.parametrize("indent", [2, None])
@pytest.mark.parametrize("item", [iptc(), iptc(pubStatus="withheld")], ids=["usable", "withheld"])
def test_a_file_of_ninjs_is_the_article_that_the_webhook_makes(database, take, item, indent):
    report = take(ninjs(item, indent), "taiwan")
    assert (report.problems, report.outcomes) == ([], {"created": 1})
    found = stored(database, item["uri"])
    assert (found.title, found.url, found.sections) == ("Port opens", item["uri"], ("taiwan",))
    assert found.status == ("draft" if item["pubStatus"] == "withheld" else "published")


def test_several_items_of_ninjs_may_be_lines_beside_our_own(database, take):
    line = {"id": "a", "title": "T", "url": "/a", "published_at": "2026-03-14T08:00:00Z"}
    items = [iptc(), iptc("https://agency.example/news/2"), line]
    assert take(b"\n".join(ninjs(item, None) for item in items)).outcomes == {"created": 3}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (iptc(pubStatus="canceled"), "is canceled: `syndication withdraw`"),
        (iptc(type="picture"), "is no story. It is of the type picture"),
        (superdesk(), "guid is not a web address: set ninjs.url"),
        (superdesk(pubstatus="killed"), "pubstatus must be"),
    ],
)
def test_ninjs_that_cannot_be_imported_is_reported_with_its_reason(database, take, item, words):
    report = take(ninjs(item))
    assert report.outcomes == {} and words in str(report.problems)


def test_json_feed_with_an_item_named_like_ninjs_stays_a_feed(take):
    assert take(json_feed(FINE | {"headline": "x"})).outcomes == {"created": 1}
    indented = json.dumps(json.loads(json_feed(FINE | {"headline": "x"})), indent=1).encode()
    assert take(indented).outcomes == {"unchanged": 1}


def test_a_line_that_names_sections_is_filed_there_alone(database, take):
    line = {"id": "a", "title": "T", "url": "/a", "published_at": "2026-03-14T08:00:00Z"}
    take(json.dumps(line | {"sections": ["taiwan"]}).encode(), "world")
    take(json.dumps(line | {"sections": ["travel"]}).encode(), "world")
    assert stored(database, "a").sections == ("travel",)


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>x:1</id><entry><id>x:2</id>
<link href="https://x.example/2"/><updated>2026-03-14T08:00:00Z</updated>{title}</entry></feed>"""


@pytest.mark.parametrize(
    ("content", "id", "title"),
    [
        (rss(item(more=f"<title>&amp;ldquo;Fish&amp;rdquo; &lt;b&gt;now&lt;/b&gt;</title>{DATE}")), "1", "“Fish” now"),
        (rss(item(more=f"<title>AT&amp;T: 1 &lt; 2</title>{DATE}")), "1", "AT&T: 1 < 2"),
        (ATOM.format(title='<title type="html">A &amp;amp; &lt;b&gt;B&lt;/b&gt;</title>').encode(), "x:2", "A & B"),
        (ATOM.format(title="<title>A &amp;amp; B &lt;b&gt;</title>").encode(), "x:2", "A &amp; B <b>"),
        (json_feed(FINE | {"title": "A &amp; <b>"}), "fine", "A &amp; <b>"),
        (json_feed(FINE | {"title": None, "content_text": "1 < 2\n\nnext"}), "fine", "1 < 2 next"),
        (rss(item(more=f"<description>&lt;p&gt;No title&lt;/p&gt;</description>{DATE}")), "1", "No title"),
    ],
)  # fmt: skip
def test_a_title_is_text_whatever_it_was_in_the_feed(database, take, content, id, title):
    assert take(content).outcomes == {"created": 1}
    assert stored(database, id).title == title


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1252", "iso-8859-1"])
def test_a_feed_is_read_in_the_encoding_that_it_declares(database, take, encoding):
    assert take(rss(item(more=f"<title>Café</title>{DATE}"), encoding=encoding)).outcomes == {"created": 1}
    assert stored(database, "1").title == "Café"


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("text", "be a JSON object, not a string"),
        (None, "be a JSON object, not null"),
        ({"title": "T", "date_published": "2026-03-14T08:00:00Z"}, "no ID and no address to identify it"),
        ({"id": "1", "title": "T"}, "no address: add a link (in JSON Feed, url)"),
        (FINE | {"date_published": None}, "no publication date"),
        (FINE | {"title": None}, "no title and no text"),
        (FINE | {"id": ["x"]}, "id must be a string, not a list"),
        (FINE | {"title": 5}, "title must be a string, not a number"),
        (FINE | {"content_html": {"a": 1}}, "html must be a string, not an object"),
        (FINE | {"tags": [["x"]]}, "tags.0 must be a string, not a list"),
        (FINE | {"date_published": "yesterday"}, "(RFC 3339), not 'yesterday'"),
        (FINE | {"date_published": 10**400}, "(RFC 3339), not a number"),
        (FINE | {"date_published": "0001-01-01T00:00:00+08:00"}, "must be in the years 1 to 9999 in UTC"),
        (FINE | {"id": "x" * 6000}, "id must have at most 500 characters, not 6000"),
        (FINE | {"image": {"a": 1}}, "image.url must be a string, not an object"),
    ],
)
def test_a_bad_item_of_a_json_feed_is_reported_with_its_number(database, take, bad, words):
    report = take(json_feed(FINE | {"id": "first"}, bad, FINE))
    assert report.outcomes == {"created": 2} and report.bad == 1
    assert "item 2: " in report.problems[0] and words in report.problems[0]


def test_unusable_values_of_an_attachment_are_left_out(database, take):
    files = [{"url": "https://x.example/a", "size_in_bytes": 10**30, "duration_in_seconds": 90.5}, "x", {"url": None}]
    files += [
        {"url": "https://x.example/b", "size_in_bytes": -1, "duration_in_seconds": 2**31, "mime_type": "audio/mpeg"}
    ]
    extra = {"attachments": files, "authors": ["x", {"name": "Lin"}, {}], "tags": ["", "rail"], "id": 12345}
    assert take(json_feed(FINE | extra)).outcomes == {"created": 1}
    found = stored(database, "12345")
    assert [(f.media_type, f.length, f.duration) for f in found.enclosures] == [
        ("application/octet-stream", None, 90),
        ("audio/mpeg", None, None),
    ]
    assert ([author.name for author in found.authors], found.tags) == (["x", "Lin"], ("rail",))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("<title>T</title>", "no publication date"),
        (
            "<title>T</title><pubDate>the other day</pubDate>",
            "the date is 'the other day': it should be like Sat, 14 Mar",
        ),
        ("<title>T</title><pubDate>Sat, 14 Mar 99999 08:00:00 +0800</pubDate>", "the date is"),
        (DATE, "no title and no text"),
    ],
)
def test_a_bad_item_of_an_rss_file_is_reported_with_its_number(database, take, more, words):
    report = take(rss(item("first"), item("2", more), item("3")))
    assert report.outcomes == {"created": 2} and report.bad == 1
    assert "item 2: " in report.problems[0] and words in report.problems[0]


@pytest.mark.parametrize("length", ["9" * 40, "²", "-5", "many", ""])
def test_an_unusable_length_of_an_enclosure_is_left_out(database, take, length):
    file = f"<title>T</title>{DATE}<enclosure url='https://x.example/a' length='{length}' type='audio/mpeg'/>"
    assert take(rss(item(more=file))).outcomes == {"created": 1}
    assert stored(database, "1").enclosures[0].length is None


LINE = {"id": "a", "title": "T", "url": "/a", "published_at": "2026-03-14T08:00:00+08:00"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"published_at": "0001-01-01T00:00:00+08:00"}, "must be in the years 1 to 9999 in UTC"),
        ({"published_at": "9999-12-31T23:59:59-08:00"}, "must be in the years 1 to 9999 in UTC"),
        ({"image": {"url": "/i", "width": 2**31}}, "image.width must be less than or equal to"),
        ({"enclosures": [{"url": "/e", "media_type": "a/b", "duration": 2**40}]}, "enclosures.0.duration must"),
        ({"enclosures": [{"url": "/e", "media_type": "a/b", "length": 10**30}]}, "enclosures.0.length must"),
        ({"id": "é" * 501}, "id must have at most 500 characters, not 501"),
        ({"sections": ["x" * 101]}, "sections.0 must have at most 100 characters, not 101"),
        ({"title": "a\x00b"}, "title must not contain the character U+0000"),
        ({"title": "a\ud800b"}, "title must not contain half a surrogate pair"),
    ],
)
def test_a_line_that_no_database_can_hold_is_reported_with_its_number(take, changes, words):
    lines = [json.dumps(value) for value in (LINE, LINE | changes, LINE | {"id": "z"})]
    report = take("\n".join(lines).encode())
    assert report.outcomes == {"created": 2}
    assert [words in problem and "line 2: " in problem for problem in report.problems] == [True]


def test_the_longest_id_and_section_can_be_stored(database, take):
    line = LINE | {"id": "\U0001f600" * 500, "sections": ["x" * 100]}
    assert take(json.dumps(line).encode()).outcomes == {"created": 1}


def own_feed(database, *ids):
    """Returns our own feed of Taiwan's summaries, as this configuration publishes it."""
    known = load_settings(environ={})
    summaries = replace(known.sections["taiwan"], content="summary")
    written = [article(id, tags=("rail",), correction="It was two") for id in ids]
    entries = [to_entry(one, known.site, known.sections, NOON) for one in written]
    return written, Renderer().render(Feed("tag:x:1", known.site, summaries, tuple(entries), NOON)).bodies


@pytest.mark.parametrize("format", ["atom", "rss", "json"])
def test_an_own_feed_restores_what_is_lost_and_changes_nothing_else(database, take, format):
    (kept, lost), bodies = own_feed(database, "kept", "lost")
    assert [outcome.outcome for outcome in articles.put_articles(database, [kept])] == ["created"]
    assert take(bodies[format]).outcomes == {"created": 1, "unchanged": 1}
    assert stored(database, "kept").html == kept.html
    found = stored(database, "lost")
    assert (found.guid, found.sections, found.tags) == (None, ("taiwan",), ("rail",))
    assert (found.html, found.summary, found.correction) == ("", lost.summary, "It was two")


FILES = list(Renderer().render(feed(entry("a1"), entry("a2", title="A &amp; B"))).bodies.values())
FILES += [rss(item("1"), item("2"), encoding=encoding) for encoding in ("utf-16", "windows-1252")]
FILES += [ATOM.format(title="<title>T</title>").encode(), json.dumps(LINE).encode() + b"\n" + json.dumps(LINE).encode()]
PIECES = [b"<", b">", b"&", b"]]>", b"\x00", b"\xff", b"null", b"9" * 400, b"[", b"]", b"{", b"}", b'"', b"1e999", b"-"]
PIECES += [b"<item>", b"</item>", b"<entry>", b"<!DOCTYPE x [<!ENTITY y 'z'>]>", b"&y;", b"utf-16", b"koi8-r", b"2026"]
PIECES += [b"0001-01-01T00:00:00+08:00", b"Sat, 31 Feb 0000 99:99:99 +9999", b"http://[oops", b"type='html'"]


@st.composite
def mutated(draw):
    content = draw(st.sampled_from(FILES))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(content)))
        piece = draw(st.sampled_from(PIECES) | st.binary(max_size=4))
        content = content[:at] + piece + content[at + draw(st.integers(0, 40)) :]
    return content


@settings(max_examples=150 if THOROUGH else 50, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=mutated())
def test_no_file_ends_in_a_traceback(sqlite_template, tmp_path_factory, reader, content):
    folder = tmp_path_factory.mktemp("mutated", numbered=True)
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, folder / 'newsroom.db')}")
    path = folder / "file"
    path.write_bytes(content)
    report = Report()
    import_file(database, load_settings(environ={}), str(path), ("taiwan",), report, reader=reader, progress=False)
    database.close()
    assert report.bad == len(report.problems) and all(": " in problem for problem in report.problems)


def test_an_import_says_what_became_of_the_dates_of_updated_articles(take):
    story = {"id": "a", "title": "T", "url": "/a", "published_at": "2026-03-14T08:00:00Z"}
    lines = [
        json.dumps({**story, "id": id} | more) for id, more in (("a", {}), ("b", {}), ("c", {"published_at": None}))
    ]
    take("\n".join(lines).encode())
    changes = (("a", {"correction": "Not so."}), ("b", {"title": "U"}), ("c", {"title": "U", "published_at": None}))
    lines = [json.dumps({**story, "id": id} | more) for id, more in changes]
    said = take("\n".join(lines).encode()).summary()
    assert said.startswith("0 created, 3 updated (1 date moved: correction, 1 date unchanged), 0 unchanged")
    assert take("\n".join(lines).encode()).summary().startswith("0 created, 0 updated, 3 unchanged")
