"""What carries meaning stays: numbering, readings, corrections, headers of tables, languages, ids of footnotes."""

import pytest

from syndication.render.body.anchors import prefix_of
from syndication.render.html import sanitize
from tests.support.bodies import PAGE, body

KEPT = [
    '<ol start="5" reversed="" type="a"><li value="9">x</li></ol>',
    "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",
    '<p><del datetime="2026-01-01">a</del><ins>b</ins><s>c</s>10<sup>6</sup>H<sub>2</sub>O</p>',
    '<p lang="fr" dir="rtl" title="t"><abbr title="World">W</abbr> <time datetime="2026-01-01">1 Jan</time></p>',
    '<table><caption>c</caption><tbody><tr><th scope="col">A</th><td rowspan="3">1</td></tr></tbody></table>',
    '<p><q cite="https://h.example/z">q</q><bdo dir="rtl">x</bdo><bdi>y</bdi><data value="1">one</data></p>',
    '<details open=""><summary>x</summary>y</details>',
    '<blockquote cite="https://h.example/z"><p>x</p></blockquote><pre>a\n  b</pre><p>日本<wbr>語</p>',
]


@pytest.mark.parametrize("html", KEPT)
def test_what_carries_meaning_stays_as_it_is(html):
    assert body(html) == html


def test_a_footnote_and_its_link_have_the_entrys_prefix():
    html = '<p>So<a href="#f1" id="r1">1</a></p><ol><li id="f1">Minutes <a href="https://h.example/news/1#r1">back</a></li></ol>'
    assert body(html) == (
        f'<p>So<a href="{PAGE}#e1-f1" id="e1-r1" data-id="r1">1</a></p>'
        f'<ol><li id="e1-f1" data-id="f1">Minutes <a href="{PAGE}#e1-r1">back</a></li></ol>'
    )
    one, other = (sanitize(html, PAGE, prefix_of(id)).html for id in ("tag:a,2026:1", "tag:a,2026:2"))
    assert one != other and one == sanitize(html, PAGE, prefix_of("tag:a,2026:1")).html


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<p id="x">no link</p>', "<p>no link</p>"),
        ('<a href="#gone">x</a>', f'<a href="{PAGE}#gone">x</a>'),
        ('<a href="/other#x">y</a><p id="x">z</p>', '<a href="https://h.example/other#x">y</a><p>z</p>'),
        ('<a href="#%C3%A9">1</a><p id="é">2</p>', f'<a href="{PAGE}#e1-%C3%A9">1</a><p id="e1-é" data-id="é">2</p>'),
        ('<a name="top"></a><a href="#top">up</a>', f'<a id="e1-top" data-id="top"></a><a href="{PAGE}#e1-top">up</a>'),
        ('<a href="#x">1</a><p hidden id="x">no</p>', f'<a href="{PAGE}#x">1</a>'),
        (
            '<table><tr><th id="h">A<td headers="h no">1</table>',
            '<table><tbody><tr><th id="e1-h" data-id="h">A</th><td headers="e1-h">1</td></tr></tbody></table>',
        ),
        (
            '<a href="#a&quot;b">1</a><p id="a&quot;b">2</p>',
            f'<a href="{PAGE}#e1-a%22b">1</a><p id="e1-a&quot;b" data-id="a&quot;b">2</p>',
        ),
    ],
)
def test_only_an_id_that_the_text_leads_to_stays(html, shown):
    assert body(html) == shown


def test_readers_find_footnotes_by_their_classes_and_roles():
    html = (
        '<p class="x lead">So<a href="#f" class="footnote big" role="doc-noteref">1</a></p>'
        '<div class="footnotes" role="doc-endnotes"><p id="f" role="button">Note</p></div>'
    )
    assert body(html) == (
        f'<p>So<a href="{PAGE}#e1-f" class="footnote" role="doc-noteref">1</a></p>'
        '<div class="footnotes" role="doc-endnotes"><p id="e1-f" data-id="f">Note</p></div>'
    )


def test_a_pasted_document_keeps_its_language_and_direction():
    assert body('<html dir="rtl"><body lang="ar"><p>a</p></html>') == '<div dir="rtl" lang="ar"><p>a</p></div>'
    assert body('<html dir="rtl"><head><title>x</title>') == ""


@pytest.mark.parametrize("scheme", ["mailto:a@b.example", "tel:+1", "sms:+1", "geo:1,2", "ftp://f.example/x"])
def test_a_link_to_a_safe_scheme_stays(scheme):
    assert body(f'<a href="{scheme}">x</a>') == f'<a href="{scheme}">x</a>'


@pytest.mark.parametrize("scheme", ["javascript:x()", "data:text/html,x", "vbscript:x", "file:///x", "blob:x"])
def test_of_a_link_to_another_scheme_the_words_stay(scheme):
    assert body(f'<a href="{scheme}">x</a>') == "<a>x</a>"


CONTROLS = [
    ("one\x0btwo", "one<br>two"),
    ("one&#11;two", "one<br>two"),
    ("one\x0ctwo", "one<br>two"),
    ("one\x85two", "one<br>two"),
    ("one\u2028two\u2029three", "one<br>two<br>three"),
    ("one&#x2028;two", "one<br>two"),
    ("one\x1ftwo", "one two"),
    ("one\x1c\x1dtwo", "one two"),
    ("o\x01n\ufffee", "one"),
    ("o&#0;n&#x1;e\ud800", "one"),
    ("<b>one\x0b</b>two", "<b>one\n</b>two"),
    ("<p>one</p>\x0c<p>two</p>", "<p>one</p>\n<p>two</p>"),
    ("<pre>one\x0btwo\u2028three</pre>", "<pre>one\ntwo\nthree</pre>"),
    ("<p title='one\x0btwo&#1;'>x</p>", '<p title="one two">x</p>'),
    ("one&amp;#11;two", "one&amp;#11;two"),
    ("one\u00a0two\u202fthree\u3000four", "one&nbsp;two\u202fthree\u3000four"),
    ("one\r\ntwo", "one\ntwo"),
]


@pytest.mark.parametrize(("html", "shown"), CONTROLS)
def test_a_control_character_is_the_break_that_it_was_and_joins_no_words(html, shown):
    assert body(html) == shown


def test_a_blank_first_line_of_preformatted_text_stays():
    assert body("<pre>\n\na</pre>") == "<pre>\n\na</pre>" and body("<pre>\na</pre>") == "<pre>a</pre>"
