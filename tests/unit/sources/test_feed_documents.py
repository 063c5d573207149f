"""What an answer is, and in which encoding."""

import pytest

from syndication.importing.xml_tree import parse_xml
from syndication.sources.feed.document import kind_of, with_encoding


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<rss/>", "xml"),
        (b"\xef\xbb\xbf\n<?xml version='1.0'?><feed/>", "xml"),
        ("<rss/>".encode("utf-16"), "xml"),
        (b"\n {\"items\": []}", "json"),
        (b"\xef\xbb\xbf{}", "json"),
        (b"", None),
        (b"   ", None),
        (b"Briefly unavailable for scheduled maintenance.", None),
        (b"[1]", None),
        (b"<!DOCTYPE html><title>Maintenance</title>", None),
        (b"<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' ''><html/>", None),
        (b"<!-- cached --><HTML lang=en>", None),
        (b"<head><title>Error</title>", None),
        (b"<br />\n<b>Fatal error</b>: in feed.php", "xml"),  # The parser tells what is wrong with it.
    ],
)  # fmt: skip
def test_pages_and_words_are_told_from_feeds(content, kind):
    assert kind_of(content) == kind


@pytest.mark.parametrize(
    ("content_type", "content", "text"),
    [
        ("text/xml; charset=windows-1251", "<a>Ж</a>".encode("cp1251"), "Ж"),
        ("text/xml; charset=windows-1251", "<?xml version='1.0'?>\n<a>Ж</a>".encode("cp1251"), "Ж"),
        ("text/xml; charset=koi8-r", "<?xml version='1.0' encoding='windows-1251'?><a>Ж</a>".encode("cp1251"), "Ж"),
        ("text/xml; charset=iso-8859-1", "<a>Ж</a>".encode(), "Ж"),
        ("text/xml; charset=koi8-r", "<a>Ж</a>".encode(), "Ж"),
        ("text/xml; charset=iso-2022-jp", "<a>日</a>".encode("iso-2022-jp"), "日"),
        ("text/xml; charset=utf-8", "<a>caf\xe9</a>".encode("cp1252"), "caf\xe9"),
        ("text/xml; charset=iso-8859-1", "<a>Ж</a>".encode("utf-8-sig"), "Ж"),
        ("text/xml; charset=iso-8859-1", "<a>Ж</a>".encode("utf-16"), "Ж"),
        ('application/rss+xml; charset="UTF-8"', "<a>Ж</a>".encode(), "Ж"),
        ("text/xml; charset=no-such", "<a>Ж</a>".encode(), "Ж"),
        ("text/xml; charset", "<a>Ж</a>".encode(), "Ж"),
        ("text/xml", "<a>Ж</a>".encode(), "Ж"),
        ("text/xml; charset=base64", "<a>Ж</a>".encode(), "Ж"),
    ],
)
def test_the_encoding_of_the_document_goes_before_that_of_its_server(content_type, content, text):
    assert parse_xml(with_encoding(content, {"content-type": content_type})).text == text
