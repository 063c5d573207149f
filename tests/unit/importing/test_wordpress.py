"""Exports of WordPress: RSS with items that are no published stories, logins for names, and texts without markup."""

import pytest

from syndication.errors import ArticleError
from syndication.importing.feed_files import xml_items
from tests.unit.importing.test_rss import NAMESPACES, REQUIRED

AUTHOR = (
    "<wp:author><wp:author_login>jlin</wp:author_login>"
    "<wp:author_display_name><![CDATA[Lin Mei-hua]]></wp:author_display_name></wp:author>"
)


def exported(parts, version="1.2"):
    names = f'xmlns:wp="http://wordpress.org/export/{version}/"'
    names += f' xmlns:excerpt="http://wordpress.org/export/{version}/excerpt/" {NAMESPACES}'
    parts = f"<wp:post_type>post</wp:post_type>{parts}" if "wp:post_type" not in parts else parts
    content = f"<rss {names}><channel>{AUTHOR}<item>{REQUIRED}<description/>{parts}</item></channel></rss>"
    ((_, make),) = xml_items(content.encode())
    return make()


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
@pytest.mark.parametrize("status", ["publish", "future"])
def test_published_and_scheduled_posts_are_stories(version, status):
    found = exported(
        f"<wp:status>{status}</wp:status><dc:creator>jlin</dc:creator><category domain='post_format'>Aside</category>"
        "<category domain='post_tag'>rail</category><content:encoded>Full.</content:encoded>"
        "<excerpt:encoded>Short.</excerpt:encoded>",
        version,
    )
    assert (found["html"], found["summary"], found["tags"]) == ("<p>Full.</p>", "Short.", ["rail"])
    assert [author["name"] for author in found["authors"]] == ["Lin Mei-hua"]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ("<wp:status>draft</wp:status>", "its status in WordPress is 'draft': only published"),
        ("<wp:status>private</wp:status>", "'private'"),
        ("<wp:status>trash</wp:status>", "'trash'"),
        ("<wp:status>publish</wp:status><wp:post_password>x</wp:post_password>", "it has a password"),
        ("<wp:post_type>page</wp:post_type><wp:status>publish</wp:status>", "its type in WordPress is 'page'"),
        ("<wp:post_type>attachment</wp:post_type><wp:status>inherit</wp:status>", "'attachment'"),
        ("<wp:post_type>wp_navigation</wp:post_type><wp:status>publish</wp:status>", "'wp_navigation'"),
    ],
)
def test_what_readers_never_saw_is_refused_with_its_reason(parts, words):
    with pytest.raises(ArticleError, match=words):
        exported(parts)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\nline.\r\n\r\nTwo.", "<p>One<br>line.</p>\n<p>Two.</p>"),
        (
            "One.\n\n[caption id='a']<a href='/i'><img src='/i.jpg' /></a> A bridge[/caption]\n\nTwo [gallery].",
            "<p>One.</p>\n<figure><a href='/i'><img src='/i.jpg' /></a><figcaption> A bridge</figcaption></figure>\n"
            "<p>Two [gallery].</p>",
        ),
        ("One.\n\n<h2>Head</h2>\n\n<em>Two.</em>", "<p>One.</p>\n<h2>Head</h2>\n<p><em>Two.</em></p>"),
        ("<!-- wp:paragraph -->\n<p>One.</p>\n\n<p>Two.</p>", "<!-- wp:paragraph -->\n<p>One.</p>\n\n<p>Two.</p>"),
    ],
)
def test_blank_lines_of_a_raw_text_make_paragraphs(text, html):
    assert exported(f"<content:encoded><![CDATA[{text}]]></content:encoded>")["html"] == html


def test_a_posts_picture_is_the_attachment_that_it_names():
    meta = "<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key><wp:meta_value>7</wp:meta_value></wp:postmeta>"
    picture = (
        "<item><wp:post_type>attachment</wp:post_type><wp:post_id>7</wp:post_id>"
        "<wp:attachment_url>https://old.example/i.jpg</wp:attachment_url></item>"
    )
    items = f"<item>{REQUIRED}{meta}</item>{picture}"
    content = f'<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel>{items}</channel></rss>'
    (_, make), _ = xml_items(content.encode())
    assert make()["image"]["url"] == "https://old.example/i.jpg"
