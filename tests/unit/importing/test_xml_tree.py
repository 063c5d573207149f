"""Encodings, and what breaks XML in real feeds: read where one reading is possible, else an error with the line."""

import pytest

from syndication.errors import ArticleError
from syndication.importing.xml_tree import parse_xml


def text(content):
    return "".join(parse_xml(content).itertext())


def declared(encoding, words, written=None):
    return f'<?xml version="1.0" encoding="{encoding}"?><rss>{words}</rss>'.encode(written or encoding)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(declared("utf-8", "Café"), "Café", id="utf-8"),
        pytest.param(declared("utf-8", "Café", "utf-8-sig"), "Café", id="utf-8 with a mark"),
        pytest.param("<rss>Café</rss>".encode(), "Café", id="nothing declared"),
        pytest.param(declared("utf-16", "Café"), "Café", id="utf-16"),
        pytest.param(declared("utf-16", "Café", "utf-16-be"), "Café", id="utf-16-be without a mark"),
        pytest.param(declared("utf-16", "Café", "utf-8"), "Café", id="utf-8 declared as utf-16"),
        pytest.param(declared("utf-32", "Café"), "Café", id="utf-32"),
        pytest.param(declared("iso-8859-1", "Café"), "Café", id="latin-1"),
        pytest.param(declared("iso-8859-1", "“Café” – 5 €", "cp1252"), "“Café” – 5 €", id="windows declared as latin"),
        pytest.param(declared("us-ascii", "“Café”", "cp1252"), "“Café”", id="windows declared as ascii"),
        pytest.param(declared("utf-8", "It’s “Café”", "cp1252"), "It’s “Café”", id="windows declared as utf-8"),
        pytest.param("<rss>Café, 台灣, ".encode() + b"caf\xe9</rss>", "Café, 台灣, café", id="both"),
        pytest.param("<rss>台灣".encode()[:-1] + b"</rss>", "台�", id="a character that was cut"),
        pytest.param(declared("iso-8859-1", "Café – “5 €”", "utf-8"), "Café – “5 €”", id="utf-8 declared as latin"),
        pytest.param(declared("gb2312", "新闻，镕", "gb18030"), "新闻，镕", id="gb18030 declared as gb2312"),
        pytest.param(declared("shift_jis", "ニュース①", "cp932"), "ニュース①", id="windows-31j"),
        pytest.param(declared("big5", "臺灣新聞"), "臺灣新聞", id="big5"),
        pytest.param(declared("koi8-r", "Новости"), "Новости", id="koi8-r"),
        pytest.param(declared("x-unknown", "Café", "utf-8"), "Café", id="unknown, and utf-8"),
        pytest.param("<rss>don\x92t</rss>".encode(), "don’t", id="windows converted as latin-1"),
    ],
)
def test_a_file_is_read_in_its_encoding(content, words):
    assert text(content) == words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (declared("utf-8", "\n新闻", "gbk"), "line 2 is not in UTF-8"),
        (declared("utf-8", "\n\nニュース", "cp932"), "line 3 is not in UTF-8"),
        (declared("utf-8", "Новости", "koi8-r"), "line 1 is not in UTF-8"),
        (declared("big5", "\n") + b"\xff\xff", r"is not in the encoding that it declares, big5hkscs \(line 2\)"),
        (declared("x-unknown", "Café", "cp1252"), "declares the encoding 'x-unknown', which is unknown"),
        (declared("base64", "x", "utf-8") + b"\xff", "declares the encoding"),
    ],
)
def test_another_encoding_than_declared_is_an_error(content, words):
    with pytest.raises(ArticleError, match=words):
        parse_xml(content)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("a&nbsp;b&eacute;&hellip;&mdash;", "a\xa0bé…—"),
        ("Fish & Chips, AT&T; R&D &c. &", "Fish & Chips, AT&T; R&D &c. &"),
        ("?a=1&copy=2&amp;b=3", "?a=1&copy=2&b=3"),
        ("&unknown; &lt;b&gt; &LT;", "&unknown; <b> <"),
        ("&#8217;&#x2019;&#X2019;&#146;&#x92;", "’’’’’"),
        ("a&#0;&#8;&#xFFFF;&#xD800;&#99999999999;b", "ab"),
        ("one\x0bline&#11;and\x0canother", "one\nline\nand\nanother"),
        ("a\x00\x01\x1f\ufffe\uffffb", "ab"),
        ("1 < 2, <3, a <= b", "1 < 2, <3, a <= b"),
        ("<![CDATA[a]]> b ]]> c", "a b ]]> c"),
        ("<![CDATA[a & b <br> &nbsp;]]>", "a & b <br> &nbsp;"),
        ("a<!-- -- & < --->b<?php echo '<' ?>c", "abc"),
    ],
)
def test_what_can_only_be_text_is_read_as_text(markup, words):
    assert text(f"<rss>{markup}</rss>".encode()) == words


@pytest.mark.parametrize(
    "around",
    [
        " \n{}",
        "<br />\n<b>Warning</b>: x &nbsp;\n<?xml version='1.0'?>{}",
        "{}\n<!-- 12 ms -->",
        "{}<script>x</script>",
        "{}\n</body></html>\n",
        "{}\x00\x00",
        "<?xml version='1.0'?><?xml-stylesheet href='x'?>{}",
        "<!DOCTYPE rss PUBLIC '-//Netscape//DTD RSS 0.91//EN' 'http://my.netscape.com/publish/formats/rss-0.91.dtd'>{}",
    ],
)
def test_what_is_around_a_feed_is_ignored(around):
    assert text(around.format("<rss>x</rss>").encode()) == "x"


@pytest.mark.parametrize(
    ("subset", "markup", "words"),
    [
        ("<!ENTITY nbsp '&#160;'><!ENTITY paper \"Day &amp; Night\">", "&paper;&nbsp;", "Day & Night\xa0"),
        ("<!ENTITY a 'x&b;'><!ENTITY b '<i>y</i>'><!-- it's --><!ENTITY c SYSTEM '/etc/passwd'>", "&a;&c;", "xy&c;"),
        ("<!ENTITY eacute 'E'>", "&eacute;&egrave;", "Eè"),
        ("<!ENTITY amp 'x'>", "&amp;", "&"),
    ],
)
def test_entities_of_the_doctype_are_replaced_but_never_loaded(subset, markup, words):
    assert text(f"<!DOCTYPE rss [{subset}]><rss>{markup}</rss>".encode()) == words


LAUGHS = "<!ENTITY l0 'lol'>" + "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 20))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"<!DOCTYPE r [{LAUGHS}]>\n<r>&l19;</r>", "line 2 has an entity of more than 10,000 bytes, the limit: l4"),
        ("<!DOCTYPE r [<!ENTITY a '&b;'><!ENTITY b '&a;'>]>\n<r>&a;", "line 2 has an entity that contains itself: a"),
        (f"<!DOCTYPE r [<!ENTITY a '{'x' * 9000}'>]>\n<r>{'&a;' * 3000}", "line 2 has entities that add more than"),
        ("<!DOCTYPE r [<!ENTITY a 'x'>\n<rss/>", "line 1 has a DOCTYPE that does not end"),
        ("<rss>\n<a>\n<b>\n</a></rss>", "not well-formed XML: line 4: Opening and ending tag mismatch: b line 3 and a"),
        ("<rss>\n<item>", "not well-formed XML: line 2: Premature end of data in tag item line 2"),
        ("<rss>\n<![CDATA[ x </rss>", "not well-formed XML: line 2: "),
        ("<rss>\n<a b='1' b='2'/></rss>", "not well-formed XML: line 2: Attribute b redefined"),
        ("<rss>\n<a b=1/></rss>", "not well-formed XML: line 2: AttValue"),
        ("", "empty"),
    ],
)
def test_what_could_mean_several_things_is_an_error_with_its_line(content, words):
    with pytest.raises(ArticleError) as caught:
        parse_xml(content.encode())
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("prefix", ["media:", "x:", "media:a:"])
def test_a_prefix_that_is_declared_nowhere_is_no_error(prefix):
    assert text(f"<rss><{prefix}a {prefix}b='1'/>x</rss>".encode()) == "x"
