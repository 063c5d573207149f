"""Addresses as browsers read them (WHATWG URL Standard), written as feeds may contain them (RFC 3986)."""

import re
from urllib.parse import quote

from ada_url import URL

SCHEMES = {
    "http", "https",
    "bitcoin", "ftp", "ftps", "geo", "im", "irc", "ircs", "magnet", "mailto", "matrix", "mms", "news", "nntp",
    "openpgp4fpr", "sftp", "sip", "sms", "smsto", "ssh", "tel", "urn", "webcal", "wtai", "xmpp",
}  # fmt: skip
"""What a link may lead to: the web, and the safelisted schemes of the HTML standard (section 8.9.1.3)."""

# RFC 3986 appendix B.
_PARTS = re.compile(r"([^:]+:(?://[^/?#]*)?)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)

# RFC 3986 section 3.2.2. The WHATWG also allows quotes and braces in a host, which no DNS name has.
_HOST = re.compile(r"[a-z0-9._~!$&'()*+,;=-]+|\[[0-9a-f:]+\]")

# A percent sign that does not begin an encoded character.
_STRAY = re.compile("%(?![0-9A-Fa-f]{2})")

_IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s\x00-\x20\x7f<>\"{}|\\^`\[\]]+", re.ASCII | re.IGNORECASE)

_CHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
_VALID_AFTER_HOST = re.compile(rf"(:80|:443)?(/{_CHAR}*+)?(\?(?:{_CHAR}|\?)*+)?(#(?:{_CHAR}|\?)*+)?")


def web_address(url: str, base: str | None = None) -> str | None:
    """Returns ``url``, which may be relative to ``base``; None if a browser would not open it by http or https.

    An absolute address that is valid stays as it is written, because readers may know a story or a file by it: only
    scheme and host get their normal form. Any other is written as browsers show it.
    """
    found = _parsed(url, base)
    if found is None or found.protocol not in ("http:", "https:"):
        return None
    text, start = url.strip(), found.href[: len(_split(found.href)[0])]
    valid = text[: len(start)].lower() == start.lower() and _VALID_AFTER_HOST.fullmatch(text, len(start))
    return quoted(start, "/[]") + text[len(start) :] if valid else _written(found.href)


def resolved(base: str, address: str) -> str | None:
    """Returns what a link on the page ``base`` leads to; None if no feed may link there."""
    found, text = _parsed(address, base), address.strip()
    if found is None:
        return None
    target = _written(found.href)
    return text if f"{text}/" == target else target  # A host alone needs no path (RFC 3986 section 3.3).


def quoted(text: str, more: str) -> str:
    """Returns ``text`` with every character encoded that RFC 3986 allows in no part of an address, except ``more``."""
    return quote(_STRAY.sub("%25", text), safe=f"%:@!$&'()*+,;=~{more}")


def iri(text: str) -> str | None:
    """Returns ``text`` if it is an absolute IRI (RFC 3987), as an atom:id must be; otherwise None."""
    return text if _IRI.fullmatch(text) and not _STRAY.search(text) else None


def _parsed(url: str, base: str | None) -> URL | None:
    # As in browsers, half a surrogate pair is U+FFFD. More than they do: every space around an address goes.
    text = url.strip().encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    try:
        found = URL(text, base)
    except ValueError:
        return None
    scheme = found.protocol[:-1]
    hosted = scheme not in ("http", "https") or _HOST.fullmatch(found.hostname)
    return found if scheme in SCHEMES and hosted else None


def _split(href: str) -> tuple[str, str, str, str]:
    """Returns a parsed address up to its path, then path, query and fragment, each with its delimiter."""
    parts = _PARTS.fullmatch(href)
    start, path, query, fragment = parts.groups("") if parts else ("", href, "", "")
    return start, path, query, fragment


def _written(href: str) -> str:
    """Returns a parsed address with those characters encoded, too, that browsers leave and RFC 3986 does not allow."""
    start, path, query, fragment = _split(href)
    mark = fragment[:1]
    return quoted(start, "/[]") + quoted(path, "/") + quoted(query, "/?") + mark + quoted(fragment[1:], "/?")
