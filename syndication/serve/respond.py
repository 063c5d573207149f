"""The pure answer to a poll: from the catalogue and a request to status, headers and body.

The Flask view and the WSGI short cut both call it and so cannot differ. Range is ignored on purpose
(RFC 9110 section 14.2 allows it): a feed is small, and a part of one is of use to nobody.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from syndication.serve.catalogue import Answer, Catalogue, address, format_of, parse
from syndication.serve.cdn_headers import Headers
from syndication.serve.conditional import is_fresh
from syndication.serve.negotiate import negotiate
from syndication.serve.prepared import COMMON, Prepared, cache_control

Said = tuple[str, Headers, bytes]
"""Status line, headers and body."""

OK = "200 OK"
NOT_MODIFIED = "304 Not Modified"

ALLOW = ("Allow", "GET, HEAD, OPTIONS")

MAX_TARGET = 8000
"""Characters of path and query; RFC 9110 section 4.1 asks for at least so many."""

MEMO_ENTRIES = 4096
MEMO_KEY = 400
"""Bounds of a catalogue's memo: strangers write the headers, so neither number nor length is theirs to choose."""

RETRY_SECONDS = 5
"""When to come back for a feed that is configured but not rendered yet."""


def answer(catalogue: Catalogue, method: str, path: str, headers: Mapping[str, Any]) -> Answer:
    """Answer a request for a path below /feeds/; ``headers`` is a WSGI environ or has its names."""
    get = headers.get
    accept, match, since = get("HTTP_ACCEPT_ENCODING"), get("HTTP_IF_NONE_MATCH"), get("HTTP_IF_MODIFIED_SINCE")
    question = (method, path, accept, match, since)
    known = catalogue.memo.get(question)
    if known is not None and len(path) + len(get("QUERY_STRING", "")) <= MAX_TARGET:
        return known
    if len(path) + len(get("QUERY_STRING", "")) > MAX_TARGET:
        too_long = _plain(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long.", method, "no-store")
        return _counted(path, too_long)
    document = catalogue.documents.get(path)
    if document is None or method not in ("GET", "HEAD"):
        return _counted(path, _without_document(catalogue, method, path))
    decided = _poll(document, method, path, accept, match, since)
    if len(accept or "") + len(match or "") + len(since or "") <= MEMO_KEY:
        if len(catalogue.memo) >= MEMO_ENTRIES:
            catalogue.memo.clear()
        catalogue.memo[question] = decided
    return decided


def _poll(
    document: Prepared, method: str, path: str, accept: str | None, match: str | None, since: str | None
) -> Answer:
    """200, 304 or 406 for a document that is there."""
    encoding = negotiate(accept)
    if encoding is None:
        text = "None of br, zstd, gzip and identity is acceptable to you."
        return _counted(path, _plain(HTTPStatus.NOT_ACCEPTABLE, text, method, "no-store", ("Vary", "Accept-Encoding")))
    coded = document.codings[encoding]
    if is_fresh(coded.tag, document.modified, match, since):
        return NOT_MODIFIED, coded.not_modified, b"", (path, NOT_MODIFIED, encoding)
    return OK, coded.ok, coded.body if method == "GET" else b"", (path, OK, encoding)


def _counted(path: str, said: Said) -> Answer:
    """An answer without a document, counted by format: strangers choose the path."""
    return (*said, (format_of(path), said[0][:3], "identity"))


def _without_document(catalogue: Catalogue, method: str, path: str) -> Said:
    """The answers that need no document: preflight, wrong method, renamed, retired, not yet rendered, unknown."""
    if method == "OPTIONS":
        return "204 No Content", [ALLOW, *_PREFLIGHT], b""
    if method not in ("GET", "HEAD"):
        return _plain(HTTPStatus.METHOD_NOT_ALLOWED, "A feed can only be read.", method, "no-store", ALLOW)
    slug, format = parse(path) or ("", "")
    if slug in catalogue.renamed:
        target = catalogue.site.base_url + address(catalogue.renamed[slug], format)
        section = catalogue.sections.get(catalogue.renamed[slug])
        control = cache_control(section.cache) if section else "public, max-age=60"
        moved, keys = f"This feed has moved to {target}", catalogue.keys(slug)
        return _plain(HTTPStatus.MOVED_PERMANENTLY, moved, method, control, ("Location", target), *keys)
    if slug in catalogue.retired:
        return _plain(HTTPStatus.GONE, "This feed has ended.", method, "public, max-age=3600", *catalogue.keys(slug))
    if slug in catalogue.sections:
        retry = ("Retry-After", str(RETRY_SECONDS))
        return _plain(HTTPStatus.SERVICE_UNAVAILABLE, "This feed is being prepared.", method, "no-store", retry)
    return _plain(HTTPStatus.NOT_FOUND, "There is no such feed.", method, "public, max-age=60", *catalogue.keys())


_PREFLIGHT: Headers = [
    ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
    ("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since, A-IM"),
    ("Access-Control-Max-Age", "86400"),
    *COMMON,
]


def _plain(status: HTTPStatus, text: str, method: str, control: str, *more: tuple[str, str]) -> Said:
    """A short answer in words."""
    body = (text + "\n").encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", control),
        *more,
        *COMMON,
    ]
    return f"{status.value} {status.phrase}", headers, b"" if method == "HEAD" else body
