"""The needs of readers in each format; each workaround for feedgen has a test that fails without it."""

import json
import locale
import os
import subprocess
import sys
import threading
from dataclasses import replace

import feedparser
import pytest
from feedgen.entry import FeedEntry
from lxml import etree

from syndication.model.values import Author, Enclosure, Image
from syndication.render import atom, rss
from syndication.render.html import sanitize
from syndication.render.renderer import Renderer
from tests.support.newsroom import CACHE, NOON, at, entry, feed, section, site
from tests.support.reference_renderer import plain_feedgen

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "content": "http://purl.org/rss/1.0/modules/content/",
}

FULL = entry(
    "full",
    html='<p>Body <a href="/x">link</a> <img src="i.png"></p>',
    authors=(Author("Lin Mei-hua", "lin@daily.example", "https://daily.example/lin"), Author("Wu Pei-shan")),
    image=Image("https://cdn.example/i.jpg", "A caption", "Photo: CNA", "An alternative", 1200, 800),
    enclosures=(
        Enclosure("https://cdn.example/a.mp3", "audio/mpeg", 1234, "Listen", 90),
        Enclosure("https://cdn.example/b.pdf", "application/pdf", 99, "Read"),
    ),
    language="zh-Hant",
    correction="The day was wrong.",
)


def rendered(*entries, **changes):
    out = Renderer().render(feed(*entries, **changes))
    tree = {format: etree.fromstring(out.bodies[format]) for format in ("atom", "rss")}
    return out, tree["atom"], tree["rss"], json.loads(out.bodies["json"])


def texts(tree, path):
    return [node if isinstance(node, str) else node.text for node in tree.xpath(path, namespaces=NS)]


def test_the_order_is_that_of_the_feed():
    out, atom_tree, rss_tree, items = rendered(entry("a1"), entry("a2"))
    assert texts(atom_tree, "//a:entry/a:title") == ["Story a1", "Story a2"]
    assert texts(rss_tree, "//item/title") == ["Story a1", "Story a2"]
    assert [item["title"] for item in items["items"]] == ["Story a1", "Story a2"]
    assert [e.article_id for e in out.entries] == ["a1", "a2"]


def test_atom_links_keep_rel_type_title_and_length():
    _, tree, _, _ = rendered(FULL)
    links = [dict(link.attrib) for link in tree.xpath("//a:entry/a:link", namespaces=NS)]
    assert [(link["rel"], link["type"], link["href"]) for link in links] == [
        ("alternate", "text/html", FULL.url),
        ("enclosure", "audio/mpeg", "https://cdn.example/a.mp3"),
        ("enclosure", "application/pdf", "https://cdn.example/b.pdf"),
    ]
    assert [(link["title"], link["length"]) for link in links[1:]] == [("Listen", "1234"), ("Read", "99")]


def test_every_author_is_in_each_format():
    _, atom_tree, rss_tree, items = rendered(FULL)
    assert texts(atom_tree, "//a:entry/a:author/a:name") == ["Lin Mei-hua", "Wu Pei-shan"]
    assert texts(atom_tree, "//a:entry/a:author/a:email") == ["lin@daily.example"]
    assert texts(rss_tree, "//item/dc:creator") == ["Lin Mei-hua", "Wu Pei-shan"]
    assert texts(rss_tree, "//item/author") == [], "nobody is said twice"
    assert [a["name"] for a in items["items"][0]["authors"]] == ["Lin Mei-hua", "Wu Pei-shan"]


def test_an_entry_without_an_author_has_the_feeds():
    _, tree, _, _ = rendered(entry(authors=()))
    assert texts(tree, "/a:feed/a:author/a:name") == ["The Daily Example"]


def test_full_text_and_summary_are_both_present():
    _, atom_tree, rss_tree, items = rendered(FULL)
    (body,) = texts(atom_tree, "//a:entry/a:content")
    assert tree_type(atom_tree) == "html" and body == texts(rss_tree, "//item/content:encoded")[0]
    assert body == items["items"][0]["content_html"]
    assert body.startswith("<p><em>Correction: The day was wrong.</em></p>")
    assert 'href="https://www.daily.example/x"' in body and 'src="https://www.daily.example/news/i.png"' in body
    assert texts(atom_tree, "//a:entry/a:summary") == texts(rss_tree, "//item/description") == ["The summary of full."]


def tree_type(tree):
    return tree.xpath("string(//a:entry/a:content/@type)", namespaces=NS)


def test_a_section_of_summaries_holds_no_body():
    out, atom_tree, rss_tree, items = rendered(FULL, section=section(content="summary"))
    assert texts(atom_tree, "//a:content") == texts(rss_tree, "//content:encoded") == []
    wanted = "The summary of full. (Correction: The day was wrong.)"
    assert texts(atom_tree, "//a:summary") == texts(rss_tree, "//item/description") == [wanted]
    assert items["items"][0]["content_text"] == wanted
    assert not {"content_html", "summary"} & items["items"][0].keys(), "and it is not said twice"
    assert all(b"Body" not in body for body in out.bodies.values())


def test_a_missing_summary_is_taken_from_the_body():
    body = "<h1>Head</h1><p>" + "word " * 200 + "</p><script>bad()</script>"
    _, tree, _, _ = rendered(entry(html=body, summary=None))
    (summary,) = texts(tree, "//a:summary")
    assert summary.startswith("Head word word") and summary.endswith("word…") and len(summary) <= 300


def test_a_summary_is_text_in_atom_and_html_in_rss():
    _, atom_tree, rss_tree, _ = rendered(entry(summary="Fish &amp; <b>chips</b> cost &lt; 5"))
    assert texts(atom_tree, "//a:summary") == ["Fish & chips cost < 5"]
    assert texts(rss_tree, "//item/description") == ["Fish &amp; chips cost &lt; 5"]


def test_images_are_media_rss_with_credit_and_description():
    for tree in rendered(FULL)[1:3]:
        content = tree.xpath("//media:content[@medium='image']", namespaces=NS)[0]
        assert (content.get("url"), content.get("width"), content.get("height")) == (FULL.image.url, "1200", "800")
        assert content.get("type") == "image/jpeg"
        assert texts(content, "media:credit") == ["Photo: CNA"]
        assert texts(content, "media:description") == ["A caption"]
        assert texts(tree, "//media:thumbnail/@url") == [FULL.image.url]


def test_one_enclosure_is_rss_and_the_others_are_media_content():
    _, _, tree, items = rendered(FULL)
    (enclosure,) = tree.xpath("//item/enclosure")
    assert dict(enclosure.attrib) == {"url": "https://cdn.example/a.mp3", "length": "1234", "type": "audio/mpeg"}
    (second,) = tree.xpath("//media:content[@type='application/pdf']", namespaces=NS)
    assert (second.get("url"), second.get("fileSize")) == ("https://cdn.example/b.pdf", "99")
    assert items["items"][0]["attachments"][0] == {
        "url": "https://cdn.example/a.mp3",
        "mime_type": "audio/mpeg",
        "title": "Listen",
        "size_in_bytes": 1234,
        "duration_in_seconds": 90,
    }


def test_an_unknown_length_is_zero_in_rss_alone():
    _, atom_tree, rss_tree, _ = rendered(entry(enclosures=(Enclosure("https://x.example/a", "audio/mpeg"),)))
    assert texts(rss_tree, "//enclosure/@length") == ["0"]
    assert texts(atom_tree, "//a:link[@rel='enclosure']/@length") == []


def test_categories_have_their_scheme():
    _, atom_tree, rss_tree, items = rendered(FULL)
    found = [(c.get("term"), c.get("scheme"), c.get("label")) for c in atom_tree.xpath("//a:category", namespaces=NS)]
    home = "https://www.daily.example"
    assert found == [("taiwan", f"{home}/sections", "Taiwan"), ("rail", f"{home}/tags", "rail")]
    assert [(c.text, c.get("domain")) for c in rss_tree.xpath("//item/category")] == [
        ("Taiwan", f"{home}/sections"),
        ("rail", f"{home}/tags"),
    ]
    assert items["items"][0]["tags"] == ["Taiwan", "rail"]


def test_a_language_is_written_only_where_it_differs():
    _, atom_tree, rss_tree, items = rendered(
        FULL,
    )
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert atom_tree.get(lang) == "en" and atom_tree.find("a:entry", NS).get(lang) == "zh-Hant"
    assert texts(rss_tree, "/rss/channel/language") == ["en"] and texts(rss_tree, "//item/dc:language") == ["zh-Hant"]
    assert (items["language"], items["items"][0]["language"]) == ("en", "zh-Hant")


def test_the_head_names_its_publisher_and_addresses():
    _, atom_tree, rss_tree, items = rendered()
    assert texts(atom_tree, "/a:feed/a:rights") == texts(rss_tree, "//copyright") == ["© The Daily Example"]
    assert (
        texts(atom_tree, "/a:feed/a:logo") == texts(rss_tree, "//image/url") == ["https://www.daily.example/logo.png"]
    )
    assert texts(atom_tree, "/a:feed/a:icon") == [items["favicon"]]
    assert texts(atom_tree, "//a:generator") == texts(rss_tree, "//generator") == ["Syndication"]
    links = {link.get("rel"): link.get("href") for link in atom_tree.xpath("/a:feed/a:link", namespaces=NS)}
    assert links == {"self": "https://feeds.daily.example/feeds/taiwan.atom", "alternate": "https://www.daily.example/"}
    assert texts(rss_tree, "/rss/channel/link") == ["https://www.daily.example/"], "and not the self link"
    assert texts(rss_tree, "//a:link[@rel='self']/@href") == ["https://feeds.daily.example/feeds/taiwan.rss"]
    assert items["feed_url"] == "https://feeds.daily.example/feeds/taiwan.json"


@pytest.mark.parametrize(
    ("browser", "ttl", "period", "frequency"),
    [
        (300, 5, "hourly", 12),
        (0, 1, "hourly", 60),
        (420, 6, "hourly", 10),
        (7200, 120, "daily", 12),
        (10**6, 1440, "daily", 1),
    ],
)
def test_ttl_and_sy_agree_with_the_cache_time(browser, ttl, period, frequency):
    _, _, tree, _ = rendered(section=section(cache=replace(CACHE, browser=browser)))
    assert texts(tree, "//ttl") == [str(ttl)]
    assert texts(tree, "//sy:updatePeriod") == [period] and texts(tree, "//sy:updateFrequency") == [str(frequency)]
    assert {"hourly": 60, "daily": 1440}[period] == ttl * frequency


def test_no_date_is_now():
    _, atom_tree, rss_tree, _ = rendered(FULL)
    assert texts(atom_tree, "//a:updated") == ["2026-03-14T12:00:00+00:00", "2026-03-14T11:00:00+00:00"]
    assert texts(atom_tree, "//a:published") == ["2026-03-14T11:00:00+00:00"]
    assert texts(rss_tree, "//pubDate") == ["Sat, 14 Mar 2026 11:00:00 +0000"]
    assert texts(rss_tree, "//lastBuildDate") == ["Sat, 14 Mar 2026 12:00:00 +0000"]


def test_the_guid_is_no_link():
    _, _, tree, _ = rendered(FULL)
    (guid,) = tree.xpath("//guid")
    assert (guid.text, guid.get("isPermaLink")) == (FULL.id, "false")


BAD = [
    (entry("bad", title=" \x00\x01 "), "its title has no printable characters"),
    (entry("bad", title="\u200b\u00ad\u3164"), "its title has no printable characters"),
    (entry("bad", url="javascript:alert(1)"), "is not an http or https address"),
    (entry("bad", url="http://[broken"), "is not an http or https address"),
    (entry("bad", id="\x02"), "its guid has no printable characters"),
    (entry("bad", id=entry("good").id), "its guid is also that of another story"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_one_bad_entry_is_left_out_and_the_others_remain(bad, reason):
    out, tree, _, items = rendered(entry("good"), bad, entry("fine"))
    assert texts(tree, "//a:entry/a:title") == ["Story good", "Story fine"]
    assert len(items["items"]) == 2
    assert [(item.article_id, reason in item.reason) for item in out.left_out] == [("bad", True)]


def test_an_entry_that_feedgen_rejects_is_found_among_many(monkeypatch):
    real = FeedEntry.atom_entry

    def refusing(self, extensions=True):
        if "refused" in self.title():
            raise ValueError("All strings must be XML compatible")
        return real(self, extensions)

    monkeypatch.setattr(FeedEntry, "atom_entry", refusing)
    out, tree, _, _ = rendered(*(entry(f"a{n}") for n in range(5)), entry("bad", title="refused"), entry("z"))
    assert len(texts(tree, "//a:entry")) == 6
    assert [item.article_id for item in out.left_out] == ["bad"]


def test_reuse_gives_the_bytes_of_plain_feedgen():
    renderer = Renderer()
    entries = [entry(f"a{n}", title=f"Story <{n}> & more") for n in range(8)]
    for shown in (entries[:3], entries[2:], entries[::-1], [replace(entries[0], title="New"), FULL]):
        for changes in ({}, {"section": section("other", content="summary")}, {"updated": at(days=1)}):
            value = feed(*shown, **changes)
            assert renderer.render(value).bodies == plain_feedgen(value)


def test_an_entry_that_did_not_change_is_not_rendered_again(monkeypatch):
    renderer = Renderer()
    entries = [entry(f"a{n}") for n in range(50)]
    renderer.render(feed(*entries))
    made = []
    real = FeedEntry.rss_entry
    monkeypatch.setattr(FeedEntry, "rss_entry", lambda self, extensions=True: made.append(1) or real(self, extensions))
    renderer.render(feed(*entries, updated=at(hours=1)))
    assert made == []
    renderer.render(feed(entry("new"), *entries))
    assert len(made) == 1


def test_the_digest_of_an_entry_changes_with_any_of_its_formats():
    def digest(value):
        return Renderer().render(feed(value)).entries[0].digest

    base = digest(FULL)
    assert base == digest(FULL)
    assert base != digest(replace(FULL, enclosures=(*FULL.enclosures[:1], replace(FULL.enclosures[1], duration=7))))
    assert base != digest(replace(FULL, correction=None))


SAME = """
import locale, sys
for name in ("tr_TR.UTF-8", "de_DE.UTF-8", "C.UTF-8"):
    try:
        locale.setlocale(locale.LC_ALL, name)
        break
    except locale.Error:
        pass
from tests.unit.render.test_renderer import FULL
from tests.support.newsroom import entry, feed
from syndication.render.renderer import Renderer
from hashlib import sha256
print([sha256(b).hexdigest() for b in Renderer().render(feed(FULL, entry())).bodies.values()])
"""


def test_another_process_with_another_locale_and_time_zone_gives_the_same_bytes():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SAME],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C.UTF-8", "PYTHONPATH": "."},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed, zone in (("0", "UTC"), ("1", "Asia/Taipei"), ("2", "America/New_York"))
    }  # fmt: skip
    assert len(outputs) == 1


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<script>alert(1)</script>x", "x"),
        ("<style>p{}</style>x", "x"),
        ("<iframe src='//e.example'>in</iframe>x", '<p><a href="https://e.example/">e.example</a></p>x'),
        ("<form><input name=a>q</form>x", "<div>q</div>x"),
        ("<p onclick='x()' style='color:red'>x</p>", "<p>x</p>"),
        ("<a href='javascript:x()'>x</a>", "<a>x</a>"),
        ("<a href='java\nscript:x()'>x</a>", "<a>x</a>"),
        ("<a href='&#106;avascript:x()'>x</a>", "<a>x</a>"),
        ("<img src='data:text/html,x'>x", "x"),
        ("<img src=''>x<img src=' #top '><img src='http://[oops' alt='an > image src='>", "x an &gt; image src= "),
        ("<img alt=' src=' srcset='#n 1x'><img alt='<img>' src=a>", 'src= <img alt="&lt;img&gt;" src="https://h.example/news/a">'),
        ("<i title='<img>'>x</i><img>", '<i title="&lt;img&gt;">x</i>'),
        ("<video src='' poster='#x'></video>x", "x"),
        ("<a href='a b.html'>x</a>", '<a href="https://h.example/news/a%20b.html">x</a>'),
        ("<a href='/%zz?\"%41'>x</a>", '<a href="https://h.example/%25zz?%22%41">x</a>'),
        ("<a href='https://例え.jp/'>x</a>", '<a href="https://xn--r8jz45g.jp/">x</a>'),
        ("<a href='https://h.example:99999/'>x</a>", "<a>x</a>"),
        ("<a href='mailto:a b@h.example?subject=50%'>x</a>", '<a href="mailto:a%20b@h.example?subject=50%25">x</a>'),
        ("<svg><script>x</script></svg>x", "x"),
        ("<a href='/a?b=1&amp;c=2'>x</a>", '<a href="https://h.example/a?b=1&amp;c=2">x</a>'),
        ("<a href='#n'>x</a>", '<a href="https://h.example/news/1#n">x</a>'),
        ("<a href='//o.example/x'>x</a>", '<a href="https://o.example/x">x</a>'),
        ("<a href='http://[x'>x</a>", "<a>x</a>"),
        ("<img srcset='a 1x'>", '<img src="https://h.example/news/a" srcset="https://h.example/news/a 1x">'),
        ("<audio src=v></audio>", '<audio src="https://h.example/news/v" controls=""><a href="https://h.example/news/v">h.example</a></audio>'),
        ("a\x00\x0b\ufffeb", "a<br>b"),
    ],
)  # fmt: skip
def test_bodies_are_sanitized_and_absolute(html, clean):
    assert sanitize(html, "https://h.example/news/1").html == clean


OOPS = "http://[oops"


def test_an_address_that_cannot_be_read_costs_itself_alone():
    bad = entry(
        html=f"<p>Body <a href='{OOPS}'>link</a><img src='{OOPS}'></p>",
        authors=(Author("Lin Mei-hua", None, OOPS),),
        image=Image(OOPS),
        enclosures=(Enclosure(OOPS, "audio/mpeg"), Enclosure("https://h.example:99999/", "audio/mpeg")),
    )
    out, _, _, items = rendered(bad, entry("lost", url=OOPS), entry("fine"))
    assert [(item.article_id, OOPS in item.reason) for item in out.left_out] == [("lost", True)]
    assert len(items["items"]) == 2
    assert items["items"][0]["content_html"] == "<p>Body <a>link</a></p>"
    assert items["items"][0]["authors"] == [{"name": "Lin Mei-hua"}]
    assert not {"image", "attachments"} & items["items"][0].keys()


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("zh_TW", "zh-TW"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("x-taigi", "x-taigi"),
        ("de-CH-1901", "de-CH-1901"),
        ("EN", None),
        ("English", None),
        ("not a lang!", None),
        ("zh-", None),
    ],
)
def test_a_language_is_a_valid_tag_or_omitted(said, tag):
    _, atom_tree, rss_tree, items = rendered(entry(language=said))
    wanted = [tag] if tag else []
    assert texts(atom_tree, "//a:entry/@xml:lang") == texts(rss_tree, "//item/dc:language") == wanted
    assert items["items"][0].get("language") == tag


@pytest.mark.parametrize("email", ["@", "lin", "lin@", "lin@daily", "lin mei@daily.example", "<lin@daily.example>"])
def test_an_invalid_mail_address_is_omitted(email):
    _, tree, _, _ = rendered(entry(authors=(Author("Lin Mei-hua", email),)))
    assert texts(tree, "//a:entry/a:author/a:name") == ["Lin Mei-hua"] and texts(tree, "//a:email") == []


@pytest.mark.parametrize(
    ("said", "type"),
    [
        ("audio", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("audio / mpeg", "application/octet-stream"),
        ('video/mp4; codecs="avc1, mp4a"', 'video/mp4; codecs="avc1, mp4a"'),
    ],
)
def test_an_enclosure_has_a_media_type(said, type):
    _, atom_tree, rss_tree, items = rendered(entry(enclosures=(Enclosure("https://x.example/a", said),)))
    assert texts(atom_tree, "//a:link[@rel='enclosure']/@type") == texts(rss_tree, "//enclosure/@type") == [type]
    assert items["items"][0]["attachments"][0]["mime_type"] == type


@pytest.mark.parametrize(
    ("guid", "id"),
    [
        ("12345", "tag:daily.example,2026-01-01:guid/12345"),
        ("Wu & Lin, 50%", "tag:daily.example,2026-01-01:guid/Wu%20%26%20Lin%2C%2050%25"),
        ("https://old.example/?p=1 2", "tag:daily.example,2026-01-01:guid/https%3A%2F%2Fold.example%2F%3Fp%3D1%202"),
        ("https://old.example/%zz", "tag:daily.example,2026-01-01:guid/https%3A%2F%2Fold.example%2F%25zz"),
        ("https://old.example/?p=1", "https://old.example/?p=1"),
        ("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"),
    ],
)
def test_an_id_is_an_iri_in_atom_and_the_guid_as_readers_know_it_elsewhere(guid, id):
    _, atom_tree, rss_tree, items = rendered(entry(id=guid))
    assert texts(atom_tree, "//a:entry/a:id") == [id]
    assert texts(rss_tree, "//guid") == [items["items"][0]["id"]] == [guid]


def test_guids_that_differ_only_in_white_space_around_them_are_one_id():
    out, _, _, _ = rendered(entry("a1", id="12 345"), entry("a2", id=" 12 345"), entry("a3", id="12  345"))
    assert [item.article_id for item in out.left_out] == ["a2"]


MACHINE = """
import mimetypes, sys
mimetypes.init([sys.argv[1]])
from hashlib import sha256
from syndication.model.values import Image
from syndication.render.renderer import Renderer
from tests.support.newsroom import entry, feed
value = feed(*(entry(end, image=Image(f"https://x.example/i.{end}?w=1")) for end in ("webp", "jpg", "unknown")))
bodies = Renderer().render(value).bodies
print([sha256(body).hexdigest() for body in bodies.values()], b"image/webp" in bodies["atom"])
"""


def test_another_machine_with_other_media_types_gives_the_same_bytes(tmp_path):
    (tmp_path / "bare").write_text("")
    (tmp_path / "rich").write_text("image/x-ours webp jpg unknown\n")
    outputs = {
        subprocess.run(
            [sys.executable, "-c", MACHINE, str(tmp_path / name)],
            env=os.environ | {"PYTHONPATH": "."}, capture_output=True, text=True, check=True,
        ).stdout
        for name in ("bare", "rich")
    }  # fmt: skip
    assert len(outputs) == 1 and outputs.pop().endswith("True\n")


TITLE = "AT&T: the <em> of A&amp;B"


def test_a_title_is_text_in_every_format():
    _, atom_tree, rss_tree, items = rendered(entry(title=TITLE))
    assert texts(atom_tree, "//a:entry/a:title") == texts(rss_tree, "//item/title") == [TITLE]
    assert atom_tree.xpath("string(//a:entry/a:title/@type)", namespaces=NS) in ("", "text")
    assert items["items"][0]["title"] == TITLE


def test_a_title_in_rss_is_escaped_once_in_hexadecimal():
    body = Renderer().render(feed(entry(title=TITLE), section=section(title="Arts & Leisure"))).bodies["rss"]
    assert b"<title>AT&#x26;T: the &#x3C;em&#x3E; of A&#x26;amp;B</title>" in body
    assert b"<title>Arts &#x26; Leisure</title>" in body


def test_each_format_declares_the_namespaces_that_it_uses():
    _, atom_tree, rss_tree, _ = rendered(FULL)
    assert set(atom_tree.nsmap) == {None, "media"}
    assert set(rss_tree.nsmap) == {"atom", "content", "dc", "itunes", "media", "sy"}
    assert set(rendered(entry())[2].nsmap) == {"atom", "content", "dc", "media", "sy"}


def test_a_control_character_anywhere_costs_no_feed():
    dirty = "A\x0b\ufffe\ud800B"
    told = entry(
        title=dirty, html=dirty, summary=dirty, correction=dirty, tags=(dirty,), categories=(("s", dirty),),
        authors=(Author(dirty, f"{dirty}@daily.example", f"https://daily.example/{dirty}"),),
        image=Image("https://x.example/i.jpg", dirty, dirty, dirty),
        enclosures=(Enclosure("https://x.example/a", "audio/mpeg", 1, dirty), Enclosure("https://x.example/b", dirty)),
    )  # fmt: skip
    head = {"title": dirty, "description": dirty}
    out, atom_tree, rss_tree, items = rendered(told, site=site(rights=dirty, **head), section=section(**head))
    assert out.left_out == ()
    assert texts(atom_tree, "//a:entry/a:title") == texts(rss_tree, "//item/title") == ["A B"]
    assert texts(atom_tree, "/a:feed/a:author/a:name") == ["A B"] and items["authors"][0]["name"] == "A B"


@pytest.mark.parametrize(
    "title",
    [
        "«\u00a0Non\u00a0»\u202f: 10\u202f000\u00a0€",
        "東京\u3000大雨",
        "12\u2009km\u2003of\u205froad",
        "\u3000Edge\u00a0",
    ],
)
def test_a_title_keeps_its_spaces_in_every_format(title):
    _, atom_tree, rss_tree, document = rendered(entry(title=title, tags=(title,), authors=(Author(title),)))
    (item,) = document["items"]
    assert texts(atom_tree, "//a:entry/a:title") == texts(rss_tree, "//item/title") == [item["title"]] == [title]
    assert texts(atom_tree, "//a:entry/a:author/a:name") == texts(rss_tree, "//item/dc:creator") == [title]
    assert item["authors"] == [{"name": title}] and item["tags"][-1] == title


def test_texts_of_invisible_characters_alone_are_left_out():
    blank = "\u200b\u2800"
    told = entry(
        summary=blank, correction=blank, tags=(blank,), authors=(Author(blank),),
        image=Image("https://x.example/i.jpg", blank, blank, blank),
        enclosures=(Enclosure("https://x.example/a", "audio/mpeg", 1, blank),),
    )  # fmt: skip
    out, _, _, document = rendered(told)
    (item,) = document["items"]
    assert out.left_out == () and "\u2800" not in out.bodies["atom"].decode() + out.bodies["rss"].decode()
    assert "\u2800" not in out.bodies["json"].decode() and item["summary"] == "The body of a1."


def test_the_body_of_atom_is_not_the_description():
    _, tree, _, _ = rendered(entry(summary="Short"))
    assert texts(tree, "//a:entry/a:content") == ["<p>The body of a1.</p>"]
    assert tree_type(tree) in ("text", "html", "xhtml"), "CDATA is no type (RFC 4287 section 4.1.3.1)"


def test_dates_are_written_in_the_thread_that_renders(monkeypatch):
    threads = set()
    real = locale.setlocale
    monkeypatch.setattr(locale, "setlocale", lambda *arguments: threads.add(threading.get_ident()) or real(*arguments))
    before = real(locale.LC_ALL)
    rendered(entry())
    assert threads == {threading.get_ident()}, "feedgen sets the process's locale"
    assert real(locale.LC_ALL) == before


def test_a_guid_stays_to_the_letter_with_its_white_space():
    bodies = rendered(entry(id="old  id\n17 "))[0].bodies
    assert '<guid isPermaLink="false">old  id\n17</guid>' in bodies["rss"].decode()
    assert json.loads(bodies["json"])["items"][0]["id"] == "old  id\n17"
    assert b"guid/old%20%20id%0A17</id>" in bodies["atom"]


@pytest.mark.parametrize("format", ["atom", "rss"])
def test_feedparser_reads_everything(format):
    parsed = feedparser.parse(rendered(FULL)[0].bodies[format])
    assert not parsed.bozo
    (item,) = parsed.entries
    assert (item.id, item.link, item.title) == (FULL.id, FULL.url, "Story full")
    assert len(item.enclosures) >= 1 and item.media_credit[0]["content"] == "Photo: CNA"


def test_entry_delimiters_cannot_occur_in_escaped_text():
    trick = entry("t", title="</entry><entry>", html="</item><item>", summary="]]></item><item>")
    value = feed(trick, entry())
    assert Renderer().render(value).bodies == plain_feedgen(value)
    assert len(feedparser.parse(atom.atom(value, [])).entries) == len(feedparser.parse(rss.rss(value, [])).entries) == 0
    assert site().title and NOON
