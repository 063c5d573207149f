"""RSS: each part of an article comes from the element that says it, whatever stands beside it."""

import itertools

import pytest

from syndication.errors import ArticleError
from syndication.importing.feed_files import xml_items

NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:media="http://search.yahoo.com/mrss/"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:xhtml="http://www.w3.org/1999/xhtml" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)
REQUIRED = "<guid>https://old.example/2026/1</guid><title>T</title><pubDate>Sat, 14 Mar 2026 08:00:00 +0800</pubDate>"


def items(item, channel="<link>https://old.example/</link>", rss=""):
    content = f'<rss version="2.0" {NAMESPACES} {rss}><channel>{channel}<item>{item}</item></channel></rss>'
    return [make() for _, make in xml_items(content.encode())]


def item(*parts, required=REQUIRED, **around):
    (found,) = items(required + "".join(parts), **around)
    return found


STORY = "<description>The story.</description>"
OTHERS = [
    "<media:description>A caption</media:description>", "<media:title>A picture</media:title>",
    "<media:content url='/c.jpg' medium='image'><media:description>In</media:description></media:content>",
    "<media:group><media:title>Group</media:title><media:text>Text</media:text></media:group>",
    "<itunes:summary>Itunes</itunes:summary><itunes:title>Itunes</itunes:title><itunes:subtitle>S</itunes:subtitle>",
    "<dc:description>DC</dc:description><dc:title>DC</dc:title><dc:date>2020-01-01</dc:date>",
    "<source url='https://x.example/'>Source</source><comments>https://old.example/c</comments>",
    "<image><title>I</title><url>/i.jpg</url><link>https://old.example/i</link><description>I</description></image>",
    "<x:description xmlns:x='urn:x'>X</x:description><x:title xmlns:x='urn:x'>X</x:title>",
    "<atom:link rel='related' href='https://rel.example/'/><atom:title>A</atom:title>",
]  # fmt: skip


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("first", [True, False])
def test_a_story_stays_whatever_stands_beside_it(other, first):
    found = item(*((other, STORY) if first else (STORY, other)))
    assert (found["title"], found["html"], found["summary"]) == ("T", "The story.", None)
    assert (found["url"], found["published_at"]) == ("https://old.example/2026/1", "2026-03-14T00:00:00+00:00")


FULL = ["<content:encoded><![CDATA[<p>Full &amp; long.</p>]]></content:encoded>",
        "<xhtml:body><xhtml:p>Full &amp; long.</xhtml:p></xhtml:body>",
        "<atom:content type='html'>&lt;p&gt;Full &amp;amp; long.&lt;/p&gt;</atom:content>",
        "<atom:content type='text'>Full &amp; long.</atom:content>"]  # fmt: skip


@pytest.mark.parametrize("full", FULL)
@pytest.mark.parametrize("first", [True, False])
def test_a_full_text_goes_before_the_description(full, first):
    found = item(*((full, STORY) if first else (STORY, full)))
    assert (found["html"], found["summary"]) == ("<p>Full &amp; long.</p>", "The story.")


@pytest.mark.parametrize(
    ("markup", "html"),
    [
        ("<content:encoded> </content:encoded><description>d</description>", "d"),
        ("<description><p>Naked &amp; <b>bold</b><br/></p></description>", "<p>Naked &amp; <b>bold</b><br></p>"),
        ("<description>&lt;p&gt;a &amp;lt; b&lt;/p&gt;</description>", "<p>a &lt; b</p>"),
        ("<description>a &amp; b &nbsp;</description>", "a & b \u00a0"),
        ("<itunes:summary>Only words</itunes:summary>", "Only words"),
        ("<dc:description>Only words</dc:description>", "Only words"),
        ("<dcterms:abstract>Only words</dcterms:abstract>", "Only words"),
        ("<DESCRIPTION>Upper</DESCRIPTION>", "Upper"),
        ("<description/><content:encoded>a</content:encoded>", "a"),
        ("<media:description>A caption</media:description>", ""),
    ],
)
def test_a_body_is_what_the_element_contains(markup, html):
    assert item(markup)["html"] == html


def test_a_description_that_repeats_the_title_is_no_summary():
    assert item("<description>T</description><content:encoded>The text</content:encoded>")["summary"] is None


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("AT&amp;T: 1 &lt; 2", "AT&T: 1 < 2"),
        ("Run &lt;job_id&gt; now", "Run <job_id> now"),
        ("The &lt;b&gt; element", "The <b> element"),
        ("&lt;b&gt;Bold&lt;/b&gt; &amp;amp; new", "Bold & new"),
        ("&amp;ldquo;Fish&amp;rdquo; &amp;#8211; now", "“Fish” – now"),
        ("<![CDATA[Arts &amp; Leisure]]>", "Arts & Leisure"),
        ("R&amp;D &amp;c.", "R&D &c."),
        ("?a=1&amp;copy=2", "?a=1&copy=2"),
        ("One <b>two</b>\n three", "One two three"),
        ("H&lt;sub&gt;2&lt;/sub&gt;O", "H₂O"),
    ],
)
def test_a_title_is_html_only_if_it_can_be_nothing_else(title, text):
    assert item(required=REQUIRED.replace("<title>T<", f"<title>{title}<"))["title"] == text


@pytest.mark.parametrize(
    ("parts", "url", "guid"),
    [
        ("<guid>https://x.example/1</guid>", "https://x.example/1", "https://x.example/1"),
        ("<guid isPermaLink='true'>https://x.example/1</guid>", "https://x.example/1", "https://x.example/1"),
        ("<guid>tag:x,1</guid><link>https://x.example/2</link>", "https://x.example/2", "tag:x,1"),
        (
            "<guid isPermaLink='false'>https://x.example/1</guid><link>/2</link>",
            "https://old.example/2",
            "https://x.example/1",
        ),
        ("<link> https://x.example/2 </link>", "https://x.example/2", "https://x.example/2"),
        ("<link/><atom:link href='https://x.example/2'/>", "https://x.example/2", "https://x.example/2"),
        ("<link href='https://x.example/2'/><guid>1</guid>", "https://x.example/2", "1"),
        ("<link>https://x.example/2</link><guid> a  b\n c </guid>", "https://x.example/2", "a  b\n c"),
        (
            "<guid>https://x.example/?a=1&amp;b=2 c</guid>",
            "https://x.example/?a=1&b=2 c",
            "https://x.example/?a=1&b=2 c",
        ),
        (
            "<link>https://fb.example/~r/1</link><feedburner:origLink>https://x.example/2</feedburner:origLink>",
            "https://x.example/2",
            "https://x.example/2",
        ),
        (
            "<image><link>https://x.example/i</link></image><link>https://x.example/2</link>",
            "https://x.example/2",
            "https://x.example/2",
        ),
    ],
)
def test_the_address_and_the_guid_are_those_of_their_elements(parts, url, guid):
    found = item(parts, required="<title>T</title>")
    assert (found["url"], found["guid"], found["id"]) == (url, guid, guid)


def test_an_episode_without_a_page_has_its_recordings_address():
    parts = "<guid isPermaLink='false'>1</guid><enclosure url='/1.mp3' type='audio/mpeg' length='1'/>"
    found = item(parts, required="<title>T</title>")
    assert found["url"] == found["enclosures"][0]["url"] == "https://old.example/1.mp3"


@pytest.mark.parametrize(
    "declarations",
    [
        'xmlns:content="https://purl.org/rss/1.0/modules/content/" xmlns:dc="HTTPS://purl.org/dc/elements/1.1"',
        'xmlns:content="http://purl.org/rss/1.0/modules/content" xmlns:dc="https://purl.org/dc/elements/1.1/"',
    ],
)
def test_a_namespace_is_known_however_it_is_written(declarations):
    parts = "<content:encoded>Full</content:encoded><dc:creator>A</dc:creator>"
    content = f"<rss {declarations}><channel><item>{REQUIRED}{parts}</item></channel></rss>"
    ((_, make),) = xml_items(content.encode())
    assert (make()["html"], make()["authors"][0]["name"]) == ("Full", "A")


def test_every_channel_of_a_file_is_read():
    channels = "".join(
        f"<channel><language>{language}</language><item>{REQUIRED}</item></channel>" for language in ("en", "ja")
    )
    found = list(xml_items(f"<rss>{channels}</rss>".encode()))
    assert [(number, make()["language"]) for number, make in found] == [(1, "en"), (2, "ja")]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ("<guid isPermaLink='false'>1</guid>", "no address: add a link"),
        ("<guid>1</guid>", "no address: add a link"),
        ("", "no ID and no address"),
        ("<link>/1</link><pubDate>the other day</pubDate>", "the date is 'the other day'"),
    ],
)
def test_an_item_without_identity_or_date_is_an_error(parts, words):
    with pytest.raises(ArticleError, match=words):
        item(parts, required="<title>T</title>")


@pytest.mark.parametrize(
    ("parts", "published", "updated"),
    [
        ("<pubDate>14 Mar 2026 08:00:00 GMT</pubDate><dc:date>2020-01-01</dc:date>", "2026-03-14T08", None),
        ("<dc:date>2026-03-14T08:00:00Z</dc:date>", "2026-03-14T08", None),
        ("<dcterms:issued>2026-03-14T08:00:00Z</dcterms:issued>", "2026-03-14T08", None),
        ("<atom:published>2026-03-14T08:00:00Z</atom:published>", "2026-03-14T08", None),
        (
            "<pubDate>14 Mar 2026 08:00 Z</pubDate><atom:updated>2026-03-14T09:00:00Z</atom:updated>",
            "2026-03-14T08",
            "2026-03-14T09",
        ),
        ("<dcterms:modified>2026-03-14T09:00:00Z</dcterms:modified>", "2026-03-14T09", "2026-03-14T09"),
        ("<pubDate>soon</pubDate><dc:date>2026-03-14T08:00:00Z</dc:date>", "2026-03-14T08", None),
        ("<pubdate>14 Mar 2026 08:00:00 GMT</pubdate>", "2026-03-14T08", None),
        ("<pubDate/>", None, None),
    ],
)
def test_a_date_is_that_of_its_element(parts, published, updated):
    found = item(parts, required="<title>T</title><link>/1</link>")
    cut = [value and value[:13] for value in (found["published_at"], found["updated_at"])]
    assert cut == [published, updated]


@pytest.mark.parametrize(
    ("parts", "authors"),
    [
        ("<author>desk@old.example (A One)</author><dc:creator>A One</dc:creator>", [("A One", "desk@old.example")]),
        ("<dc:creator>A One</dc:creator><dc:creator>B Two</dc:creator>", [("A One", None), ("B Two", None)]),
        ("<author>desk@old.example</author><dc:creator>A One</dc:creator>", [("A One", "desk@old.example")]),
        ("<dc:creator><![CDATA[O&#039;Hara]]></dc:creator>", [("O'Hara", None)]),
        ("<itunes:author>The Station</itunes:author><dc:creator>A One</dc:creator>", [("A One", None)]),
        ("<itunes:author>The Station</itunes:author>", [("The Station", None)]),
        ("<dcterms:creator>A One</dcterms:creator>", [("A One", None)]),
        (
            "<author>a@x.example (A One), b@x.example (B Two)</author>",
            [("A One", "a@x.example"), ("B Two", "b@x.example")],
        ),
        (
            "<author>A One &lt;a@x.example&gt;; B Two &lt;b@x.example&gt;</author>",
            [("A One", "a@x.example"), ("B Two", "b@x.example")],
        ),
        ("<dc:creator>One, A and Two, B</dc:creator>", [("One, A and Two, B", None)]),
        (
            "<atom:author><atom:name>A</atom:name><atom:email>a@x.example</atom:email></atom:author>",
            [("A", "a@x.example")],
        ),
        ("<media:credit role='author'>P</media:credit><dc:contributor>C</dc:contributor>", [("The Desk", None)]),
        ("", [("The Desk", None)]),
    ],
)
def test_authors_are_those_of_the_item_or_of_the_feed(parts, authors):
    channel = "<managingEditor>ed@old.example (Ed)</managingEditor><dc:creator>The Desk</dc:creator>"
    found = item(parts, channel=channel)["authors"]
    assert [(author["name"], author["email"]) for author in found] == authors


@pytest.mark.parametrize(
    ("parts", "tags"),
    [
        ("<category>Rail, east</category><category domain='d'>Rail, east</category>", ["Rail, east"]),
        (
            "<category><![CDATA[Arts &amp; Leisure]]></category><dc:subject>Taiwan</dc:subject>",
            ["Arts & Leisure", "Taiwan"],
        ),
        ("<category> a\n b </category><category/>", ["a b"]),
        ("<atom:category term='t' label='Label'/><atom:category term='u'/>", ["Label", "u"]),
        ("<itunes:keywords>rail, east</itunes:keywords>", ["rail", "east"]),
        ("<itunes:category text='News'><itunes:category text='Daily'/></itunes:category>", ["News", "Daily"]),
        ("<media:category>Sport</media:category><media:keywords>a, b</media:keywords>", []),
    ],
)
def test_tags_are_those_of_the_item(parts, tags):
    assert item(parts)["tags"] == tags


@pytest.mark.parametrize(
    ("parts", "channel", "rss", "language"),
    [
        ("<dc:language>ja</dc:language>", "<language>zh-TW</language>", "", "ja"),
        ("", "<language>zh-TW</language>", "", "zh-TW"),
        ("", "<dc:language>zh_TW</dc:language>", "", "zh-TW"),
        ("", "", "xml:lang='de'", "de"),
        ("", "<language>zh-TW</language>", "xml:lang='de'", "zh-TW"),
        ("<content:encoded xml:lang='fr'>x</content:encoded>", "<language>zh-TW</language>", "", "fr"),
        ("<description xml:lang=''>x</description>", "", "xml:lang='de'", None),
        ("", "<language>English</language>", "", None),
        ("", "", "", None),
    ],
)
def test_the_language_is_the_nearest(parts, channel, rss, language):
    assert item(parts, channel=channel, rss=rss)["language"] == language


@pytest.mark.parametrize(
    ("rss", "markup", "html"),
    [
        ("", "<description>&lt;a href='/a'&gt;</description>", "<a href='/a'>"),
        (
            "xml:base='https://b.example/c/'",
            "<description>&lt;a href='d'&gt;</description>",
            '<a href="https://b.example/c/d">',
        ),
        (
            "xml:base='https://b.example/'",
            "<description xml:base='c/'>&lt;img src=d&gt;</description>",
            '<img src="https://b.example/c/d">',
        ),
        (
            "xml:base='/c/'",
            "<description>&lt;img srcset='d 2x, e'&gt;</description>",
            '<img srcset="https://old.example/c/d 2x, https://old.example/c/e">',
        ),
        (
            "xml:base='https://b.example/'",
            "<description><p><a xml:base='c/' href='d?e&amp;f'>x</a></p></description>",
            '<p><a href="https://b.example/c/d?e&amp;f">x</a></p>',
        ),
        (
            "xml:base='https://b.example/'",
            "<description>&lt;a href='#n'&gt;&lt;a href='mailto:a@b'&gt; a=b</description>",
            "<a href='#n'><a href=\"mailto:a@b\"> a=b",
        ),
    ],
)
def test_relative_addresses_follow_xml_base(rss, markup, html):
    assert item(markup, rss=rss)["html"] == html


RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="{}"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://old.example/"><title>Old</title>
 <link>https://old.example/</link><dc:language>ja</dc:language><items><rdf:Seq><rdf:li resource="a"/></rdf:Seq></items>
 </channel><item rdf:about="https://old.example/1"><title>T</title><link>https://old.example/1?rss</link>
 <description>The story.</description><dc:date>2026-03-14T08:00:00Z</dc:date></item></rdf:RDF>"""


@pytest.mark.parametrize("namespace", ["http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/"])
def test_rss_1_0_has_its_items_beside_the_channel(namespace):
    ((_, make),) = xml_items(RDF.format(namespace).encode())
    found = make()
    assert (found["guid"], found["url"]) == ("https://old.example/1", "https://old.example/1?rss")
    assert (found["html"], found["language"], found["published_at"][:10]) == ("The story.", "ja", "2026-03-14")


@pytest.mark.parametrize(
    "root",
    [
        "<rss>",
        "<rss version='0.91'>",
        "<rss version='2.0' xmlns='http://backend.userland.com/rss2'>",
        "<RSS>",
        "<rss xmlns='urn:anything'>",
        "<rss xmlns='http://blogs.law.harvard.edu/tech/rss'>",
        "<rss><channel xmlns='urn:anything'>",
    ],
)
def test_every_version_of_rss_is_read(root):
    end = root[1:4]
    channel = "" if "<channel" in root else "<channel>"
    content = f"{root}{channel}<item>{REQUIRED}{STORY}</item></channel></{end}>"
    assert [make()["html"] for _, make in xml_items(content.encode())] == ["The story."]


@pytest.mark.parametrize("prefix", ["content:encoded", "dc:creator"])
def test_a_prefix_that_is_declared_nowhere_has_its_usual_meaning(prefix):
    content = f"<rss><channel><item>{REQUIRED}<{prefix}>Words</{prefix}></item></channel></rss>"
    ((_, make),) = xml_items(content.encode())
    found = make()
    assert "Words" in (found["html"], *[author["name"] for author in found["authors"]])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<opml/>", "neither RSS nor Atom"),
        ("<!DOCTYPE html><html><p>x</html>", "a web page, not a feed"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", "a web page, not a feed"),
    ],
)
def test_a_file_that_is_no_feed_is_refused(content, words):
    with pytest.raises(ArticleError, match=words):
        list(xml_items(content.encode()))


def test_the_order_of_elements_does_not_matter():
    parts = [STORY, FULL[0], OTHERS[2], OTHERS[4], "<dc:creator>A</dc:creator>"]
    results = [item(*order) for order in itertools.permutations(parts)]
    assert all(result == results[0] for result in results)
