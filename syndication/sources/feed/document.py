"""Prepares the bytes of an answer for the parser of ``importing``, and finds out what they are not."""

import codecs
import re
from collections.abc import Mapping
from email.message import Message

from syndication.importing.file_kind import FeedKind, is_web_page, is_xml

_DECLARATION = re.compile(rb"\s*<\?xml\b([^>]*?)\?>")
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def kind_of(content: bytes) -> FeedKind | None:
    """Returns the kind of feed that the bytes may be; None if they are none, such as a web page or an empty answer."""
    if is_web_page(content):
        return None
    if is_xml(content[:4096]):
        return "xml"
    return "json" if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else None


def with_encoding(content: bytes, headers: Mapping[str, str]) -> bytes:
    """Returns an XML document that names its encoding, if only the ``charset`` of its Content-Type does.

    What the document itself says wins, against RFC 7303, section 3: servers add a charset to whatever they send. So
    does UTF-8 that is valid, which text in another encoding hardly ever is.
    """
    charset = _charset(headers.get("content-type") or "")
    declared = _DECLARATION.match(content[:1024])
    if not charset or content.startswith(_MARKS) or b"\0" in content[:4] or (declared and b"encoding" in declared[1]):
        return content
    if not _is_in(charset, content) or (not content.isascii() and _is_in("utf-8", content)):
        return content
    if declared:
        content = content[declared.end() :]
    return f'<?xml version="1.0" encoding="{charset}"?>'.encode() + content


def _charset(content_type: str) -> str:
    message = Message()
    message["content-type"] = content_type.replace("\r", "").replace("\n", "")
    try:
        return codecs.lookup(message.get_content_charset("")).name
    except (LookupError, ValueError):
        return ""


def _is_in(encoding: str, content: bytes) -> bool:
    try:
        content.decode(encoding)
    except (LookupError, UnicodeError):  # LookupError for base64 and such, which Python has among its encodings.
        return False
    return True
