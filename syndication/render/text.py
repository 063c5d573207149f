"""Rules for text: legal XML, one line, summaries that end at a word."""

import re
import unicodedata
from html import unescape
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

import nh3

# XML 1.0 section 2.2: tab, LF and CR are legal; other controls, lone surrogates, U+FFFE and U+FFFF are not.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_SPACE = re.compile(r"\s+")

# Removing a tag joins the words on both sides, so tags of blocks get a space.
_BLOCK = re.compile(
    r"<(?=/?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|figure|figcaption|section|article|hr|dt|dd|pre)\b)",
    re.IGNORECASE,
)

_LINE_ENDS = re.compile("[\t\n\r]")

# A percent sign that does not begin an encoded character.
_STRAY = re.compile("%(?![0-9A-Fa-f]{2})")

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?", re.ASCII)

_IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s\x00-\x20\x7f<>\"{}|\\^`\[\]]+", re.ASCII | re.IGNORECASE)

HIDDEN = {
    "script", "style", "iframe", "frame", "frameset", "noframes", "object", "embed", "applet", "noscript", "template",
    "form", "select", "button", "textarea", "svg", "math", "canvas", "dialog",
}  # fmt: skip
"""Elements that are removed with their content."""


def legal(text: str) -> str:
    """Returns ``text`` without the characters that XML 1.0 forbids."""
    return _ILLEGAL.sub("", text)


def one_line(text: str) -> str:
    """Returns legal text with each run of white space as one space."""
    return _SPACE.sub(" ", legal(text)).strip()


def plain(html: str) -> str:
    """Returns the visible text of ``html`` on one line."""
    if "<" not in html and "&" not in html:
        return one_line(html)
    stripped = nh3.clean(_BLOCK.sub(" <", legal(html)), tags=set(), clean_content_tags=HIDDEN)
    return one_line(unescape(stripped))


def shorten(text: str, length: int) -> str:
    """Returns ``text`` cut at a word to at most ``length`` characters, with an ellipsis if it was cut."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    # Scripts without spaces, such as Chinese, are cut at a character.
    at = head.rfind(" ")
    if not text[length - 1].isspace() and at > length // 2:
        head = head[:at]
    return head.rstrip(" ,.;:–—-") + "…"


def web_address(url: str) -> str | None:
    """Returns ``url`` as a feed may contain it (RFC 3986); None if it is not a usable http or https address.

    As in browsers, line ends are ignored, and a host in another script becomes its xn-- form.
    """
    text = _LINE_ENDS.sub("", legal(url)).strip()
    try:
        parts = urlsplit(text)
        host, port = _host(parts.hostname or ""), parts.port
        if ("[" in parts.netloc) != bool(host and host.startswith("[")):
            return None
    except ValueError:  # "http://[oops", and a port over 65535.
        return None
    if parts.scheme not in ("http", "https") or host is None or "\\" in parts.netloc:
        return None
    user, at, _ = parts.netloc.rpartition("@")
    # Only the last @ is a delimiter; any before it must be encoded (RFC 3986 section 3.2.1).
    place = f"{quoted(user, '').replace('@', '%40')}{at}{host}" + ("" if port is None else f":{port}")
    query = f"?{quoted(parts.query, '/?')}" if parts.query else ""
    fragment = f"#{quoted(parts.fragment, '/?')}" if parts.fragment else ""
    return f"{parts.scheme}://{place}{quoted(parts.path, '/')}{query}{fragment}"


def quoted(text: str, more: str) -> str:
    """Returns ``text`` with every character encoded that RFC 3986 allows in no part of an address, except ``more``."""
    return quote(_STRAY.sub("%25", text), safe=f"%:@!$&'()*+,;=~{more}")


def _host(name: str) -> str | None:
    """Returns a host in its DNS form; None if it is not valid."""
    if ":" in name:  # An IPv6 address, already without its brackets.
        return f"[{name}]" if "%" not in name and ip_address(name).version == 6 else None
    if not name.isascii():
        # As browsers do (UTS 46), except for the rarest letters: this needs no table of them.
        labels = unicodedata.normalize("NFKC", name.replace("。", ".")).lower().split(".")
        name = ".".join(part if part.isascii() else f"xn--{part.encode('punycode').decode()}" for part in labels)
    return name if _HOST.fullmatch(name) else None


def iri(text: str) -> str | None:
    """Returns ``text`` if it is an absolute IRI (RFC 3987), as an atom:id must be; otherwise None."""
    return text if _IRI.fullmatch(text) and not _STRAY.search(text) else None
