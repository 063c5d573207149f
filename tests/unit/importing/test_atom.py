"""Atom 1.0 and 0.3: text is text, HTML is HTML, and what an entry lacks comes from its feed."""

import pytest

from syndication.errors import ArticleError
from syndication.importing.feed_files import xml_items

REQUIRED = "<id>tag:old.example,2026:1</id><title>T</title><link href='/1'/><updated>2026-03-14T08:00:00Z</updated>"
NAMESPACES = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'


def entry(*parts, required=REQUIRED, head="", feed="", namespace="http://www.w3.org/2005/Atom"):
    content = (
        f'<feed xmlns="{namespace}" {NAMESPACES} {feed}><link rel="self" href="https://old.example/feed.atom"/>{head}'
        f"<entry>{required}{''.join(parts)}</entry></feed>"
    )
    ((_, make),) = xml_items(content.encode())
    return make()


XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


@pytest.mark.parametrize(
    ("content", "html"),
    [
        ("<content>Run &lt;job_id&gt; &amp;lt;now.</content>", "<p>Run &lt;job_id&gt; &amp;lt;now.</p>"),
        ("<content type='text'>a &lt;b&gt;\n\nc\nd</content>", "<p>a &lt;b&gt;</p><p>c\nd</p>"),
        ("<content type='text/plain'>1 &lt; 2</content>", "<p>1 &lt; 2</p>"),
        ("<content type='TEXT/HTML; charset=utf-8'>&lt;p&gt;x&lt;/p&gt;</content>", "<p>x</p>"),
        ("<content type='html'>&lt;p&gt;a &amp;lt; b&lt;/p&gt;</content>", "<p>a &lt; b</p>"),
        (
            f"<content type='xhtml'><div {XHTML}><p>a &lt; b<br/></p><script/></div></content>",
            "<p>a &lt; b<br></p><script></script>",
        ),
        (
            "<content type='xhtml'>\n<x:div xmlns:x='http://www.w3.org/1999/xhtml'><x:b>a</x:b></x:div>\n</content>",
            "<b>a</b>",
        ),
        (
            f"<content type='xhtml'><div {XHTML}><p xml:lang='ja' class='c'>a</p></div></content>",
            '<p lang="ja" class="c">a</p>',
        ),
        (f"<content type='xhtml'><div {XHTML}><y:z xmlns:y='urn:y' y:a='b'>a</y:z></div></content>", "<span>a</span>"),
        (
            f"<content type='xhtml'><div {XHTML}><p/><img src='a' alt='&quot;'/></div></content>",
            '<p></p><img src="a" alt="&quot;">',
        ),
        (f"<content type='application/xhtml+xml'><div {XHTML}><b>a</b></div></content>", "<b>a</b>"),
        (f"<content type='xhtml'><div {XHTML}>a &lt; b</div></content>", "a &lt; b"),
        (
            "<content type='image/svg+xml'><svg xmlns='http://www.w3.org/2000/svg'><title>a</title></svg></content>",
            "<svg><title>a</title></svg>",
        ),
        ("<content type='image/png'>iVBO\nRw0=</content>", '<img src="data:image/png;base64,iVBORw0=" alt="">'),
        ("<content type='application/octet-stream'>PGI+YTwvYj4=</content>", "<b>a</b>"),
        ("<content type='application/pdf'>JVBERi3/AA==</content><summary>s</summary>", "<p>s</p>"),
        ("<content>a</content><content type='html'>&lt;b&gt;a&lt;/b&gt;</content>", "<b>a</b>"),
        ("<content type='html'><p>a</p><p>b</p></content>", "<p>a</p><p>b</p>"),
        ("<content type='xhtml'><div><p>a<br/>b</p></div></content>", "<p>a<br>b</p>"),
        (
            "<content type='multipart/alternative'><content type='text/plain'>a</content>"
            "<content type='text/html' mode='escaped'>&lt;b&gt;a&lt;/b&gt;</content></content>",
            "<b>a</b>",
        ),
        ("<content type='application/json'>{\"a\": 1}</content>", '<p>{"a": 1}</p>'),
        ("<summary>Less: 1 &lt; 2 &lt;b&gt;.</summary>", "<p>Less: 1 &lt; 2 &lt;b&gt;.</p>"),
        ("<content/><summary type='html'>&lt;b&gt;a&lt;/b&gt;</summary>", "<b>a</b>"),
        ("<media:group><media:description>A caption</media:description></media:group>", ""),
    ],
)
def test_content_is_read_by_its_type(content, html):
    assert entry(content)["html"] == html


@pytest.mark.parametrize(
    ("summary", "stored"),
    [
        ("<summary>a &lt; b</summary>", "a &lt; b"),
        ("<summary type='html'>a &amp;lt; &lt;b&gt;b&lt;/b&gt;</summary>", "a &lt; <b>b</b>"),
        (f"<summary type='xhtml'><div {XHTML}>a <b>b</b></div></summary>", "a <b>b</b>"),
        ("", None),
    ],
)
def test_a_summary_is_html_whatever_it_was(summary, stored):
    assert entry(summary, "<content>The text</content>")["summary"] == stored


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("<title>A &amp;amp; B &lt;b&gt;</title>", "A &amp; B <b>"),
        ("<title type='html'>A &amp;amp; &lt;b&gt;B&lt;/b&gt;</title>", "A & B"),
        (f"<title type='xhtml'><div {XHTML}>A <b>B</b></div></title>", "A B"),
        ("<media:group><media:title>M</media:title></media:group><title>T</title>", "T"),
    ],
)
def test_a_title_is_plain_text(title, text):
    assert entry(title, required=REQUIRED.replace("<title>T</title>", ""))["title"] == text


@pytest.mark.parametrize(
    ("parts", "head", "authors"),
    [
        ("", "<author><name>Desk</name></author>", [("Desk", None, None)]),
        (
            "<author><name>A</name></author><author><name>B</name><uri>/b</uri></author>",
            "<author><name>Desk</name></author>",
            [("A", None, None), ("B", None, "https://old.example/b")],
        ),
        (
            "<source><author><name>Elsewhere</name></author></source>",
            "<author><name>Desk</name></author>",
            [("Elsewhere", None, None)],
        ),
        (
            "<author><name>A</name><email>a@x.example</email></author><dc:creator>A</dc:creator>",
            "",
            [("A", "a@x.example", None)],
        ),
        ("<author><name>a@x.example (A)</name></author>", "", [("A", "a@x.example", None)]),
        ("<author><email>a@x.example</email></author>", "", [("a@x.example", "a@x.example", None)]),
        ("<contributor><name>C</name></contributor>", "", []),
    ],
)
def test_authors_are_those_of_the_entry_then_of_the_feed(parts, head, authors):
    found = entry(parts, head=head)["authors"]
    assert [(author["name"], author["email"], author["uri"]) for author in found] == authors


@pytest.mark.parametrize(
    ("feed", "parts", "language"),
    [
        ("xml:lang='zh-TW'", "", "zh-TW"),
        ("xml:lang='zh-TW'", "<content xml:lang='ja'>x</content>", "ja"),
        ("xml:lang='zh-TW'", "<content xml:lang=''>x</content>", None),
        ("xml:lang='zh-TW'", "<dc:language>fr</dc:language>", "fr"),
        ("", "<content>x</content>", None),
    ],
)
def test_the_language_is_inherited(feed, parts, language):
    assert entry(parts, feed=feed)["language"] == language


@pytest.mark.parametrize(
    ("links", "url"),
    [
        ("<link href='https://x.example/1'/>", "https://x.example/1"),
        (
            "<link rel='self' href='/s'/><link rel='related' href='/r'/><link rel='alternate' href='/1'/>",
            "https://old.example/1",
        ),
        ("<link type='application/json' href='/j'/><link type='text/html' href='/h'/>", "https://old.example/h"),
        ("<link xml:base='https://b.example/c/' href='d'/>", "https://b.example/c/d"),
        ("<link rel='http://www.iana.org/assignments/relation/alternate' href='/1'/>", "https://old.example/1"),
        ("<content src='https://x.example/1' type='text/html'/>", "https://x.example/1"),
        ("<link rel='edit' href='/e'/>", "https://old.example/id"),
    ],
)
def test_the_address_is_the_alternate_link(links, url):
    required = REQUIRED.replace("<link href='/1'/>", "").replace("tag:old.example,2026:1", "https://old.example/id")
    assert entry(links, required=required)["url"] == url


@pytest.mark.parametrize(
    ("feed", "content", "html"),
    [
        ("", "<content type='html'>&lt;a href='/a'&gt;</content>", "<a href='/a'>"),
        (
            "xml:base='https://b.example/'",
            "<content type='html' xml:base='c/'>&lt;a href='d'&gt;</content>",
            '<a href="https://b.example/c/d">',
        ),
        ("xml:base='/c/'", "<content type='html'>&lt;a href='d'&gt;</content>", '<a href="https://old.example/c/d">'),
        (
            "",
            f"<content type='xhtml' xml:base='https://b.example/'><div {XHTML} xml:base='c/'>"
            "<a xml:base='d/' href='e'/></div></content>",
            '<a href="https://b.example/c/d/e"></a>',
        ),
    ],
)
def test_xml_base_is_nested(feed, content, html):
    assert entry(content, feed=feed)["html"] == html


def test_enclosures_and_content_elsewhere_are_files():
    found = entry(
        "<link rel='enclosure' href='a.mp3' type='audio/mpeg' length='5' title='A'/>",
        "<link rel='enclosure' href='/b' length='many'/><content src='/c.pdf' type='application/pdf'/>",
        "<summary>s</summary>",
    )
    assert [(file["url"], file["media_type"], file["length"], file["title"]) for file in found["enclosures"]] == [
        ("https://old.example/c.pdf", "application/pdf", None, None),
        ("https://old.example/a.mp3", "audio/mpeg", 5, "A"),
        ("https://old.example/b", "application/octet-stream", None, None),
    ]
    assert found["html"] == "<p>s</p>"


def test_categories_have_their_labels_then_their_terms():
    found = entry("<category term='t' scheme='s' label='Rail, east'/><category term='north'/><category term=''/>")
    assert found["tags"] == ["Rail, east", "north"]


def test_atom_0_3_is_read():
    found = entry(
        "<title mode='escaped' type='text/html'>A &lt;b&gt;B&lt;/b&gt;</title><link rel='alternate' href='/1'/>",
        "<id>1  2</id><issued>2026-03-14T08:00:00Z</issued><modified>2026-03-14T09:00:00Z</modified>",
        "<author><name>A</name><url>/a</url></author><content type='text/html' mode='base64'>PGI+YTwvYj4=</content>",
        required="",
        namespace="http://purl.org/atom/ns#",
    )
    assert (found["title"], found["html"], found["guid"]) == ("A B", "<b>a</b>", "1  2")
    assert (found["published_at"][11:13], found["updated_at"][11:13]) == ("08", "09")
    assert found["authors"] == [{"name": "A", "email": None, "uri": "https://old.example/a"}]


@pytest.mark.parametrize(
    "root", ['<feed xmlns="http://www.w3.org/2005/Atom/">', "<feed>", '<a:feed xmlns:a="http://www.w3.org/2005/Atom">']
)
def test_a_feed_is_known_by_its_root_whatever_its_namespace(root):
    prefix = "a:" if root.startswith("<a:") else ""
    parts = REQUIRED.replace("</", f"</{prefix}").replace("<id", f"<{prefix}id").replace("<title", f"<{prefix}title")
    parts = parts.replace("<link", f"<{prefix}link").replace("<updated", f"<{prefix}updated")
    ((_, make),) = xml_items(f"{root}<{prefix}entry>{parts}</{prefix}entry></{prefix}feed>".encode())
    assert (make()["title"], make()["url"]) == ("T", "/1")


def test_an_entry_document_is_one_entry():
    content = f'<entry xmlns="http://www.w3.org/2005/Atom">{REQUIRED}<content>x</content></entry>'
    assert [make()["html"] for _, make in xml_items(content.encode())] == ["<p>x</p>"]


@pytest.mark.parametrize(
    ("links", "url"),
    [
        ("<link rel='related' href='https://x.example/r'/><link rel='self' href='/s'/>", "https://x.example/r"),
        ("<link rel='enclosure' href='https://x.example/a.mp3'/>", "https://x.example/a.mp3"),
    ],
)
def test_an_entry_without_a_page_leads_to_its_subject(links, url):
    assert entry(links, required="<id>urn:1</id><title>T</title><updated>2026-03-14T08:00:00Z</updated>")["url"] == url


def test_an_entry_without_an_address_is_an_error():
    with pytest.raises(ArticleError, match="no address: add a link"):
        entry(required="<id>urn:1</id><title>T</title><updated>2026-03-14T08:00:00Z</updated>")


BLOGGER = "http://schemas.google.com/blogger/2008/kind#"


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ("<app:control xmlns:app='http://www.w3.org/2007/app'><app:draft>yes</app:draft></app:control>", "a draft"),
        ("<app:control xmlns:app='http://purl.org/atom/app#'><app:draft>yes</app:draft></app:control>", "a draft"),
        (
            f"<category scheme='http://schemas.google.com/g/2005#kind' term='{BLOGGER}comment'/>",
            "its kind in Blogger is 'comment', which is not a story",
        ),
    ],
)
def test_what_readers_never_saw_is_refused_with_its_reason(parts, words):
    with pytest.raises(ArticleError, match=words):
        entry(parts)


def test_a_published_post_of_blogger_is_a_story():
    parts = "<app:control xmlns:app='http://www.w3.org/2007/app'><app:draft>no</app:draft></app:control>"
    parts += f"<category scheme='http://schemas.google.com/g/2005#kind' term='{BLOGGER}post'/><category term='rail'/>"
    assert entry(parts)["tags"] == ["rail"]
