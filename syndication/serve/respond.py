"""The response to a poll, as a pure function of the catalogue and the request.

All servers call it and so cannot differ. Range is ignored on purpose (RFC 9110 section 14.2 allows it): a feed is
small, and part of one is useless.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from syndication.model.asked_addresses import AskedAddress, parts_of
from syndication.model.compression import COMPRESSORS
from syndication.model.feed_addresses import feed_url
from syndication.model.old_feeds import OldFeed
from syndication.serve.catalogue import Catalogue, CountedResponse, format_of, parse
from syndication.serve.cdn_headers import Headers
from syndication.serve.conditional import is_fresh
from syndication.serve.negotiate import negotiate
from syndication.serve.prepared import COMMON_HEADERS, EncodedDocument, PreparedDocument, cache_control

Response = tuple[str, Headers, bytes]
"""Status line, headers and body."""

OK = "200 OK"
NOT_MODIFIED = "304 Not Modified"

ALLOW = ("Allow", "GET, HEAD, OPTIONS")

MAX_TARGET = 8000
"""The longest path and query, in characters; RFC 9110 section 4.1 asks for at least this many."""

MAX_CACHED_KEY = 400
"""The longest headers of a request whose response is remembered: they are untrusted input."""

RETRY_SECONDS = 5
"""Retry-After for a feed that is configured but not published yet, or cannot be read now."""

NOT_IN_MEMORY: CountedResponse = ("", [], b"", ("other", "503", "identity"))
"""Not a response: the document is published, and has to be read from the database first."""


def respond(
    catalogue: Catalogue,
    method: str,
    feed: str | OldFeed,
    headers: Mapping[str, Any],
    read: PreparedDocument | None = None,
) -> CountedResponse:
    """Returns the response to a poll of a path below /feeds/ or of an old address.

    ``headers`` is a WSGI environ or uses its names. NOT_IN_MEMORY: the caller has the document read and asks again with
    it, because it may have made room for others meanwhile, or answers ``unavailable``. An old address has the response
    of its feed's path, to the byte: ``rel="self"`` is the address to subscribe to (RFC 4287 section 4.2.7.2, WebSub
    section 4), so a reader may move.
    """
    if not isinstance(feed, str):
        if feed.redirect:
            return _with_count_key(feed.path, _redirect(catalogue, method, feed))
        feed = feed.path
    return _respond(catalogue, method, feed, headers, read)


def _respond(
    catalogue: Catalogue, method: str, path: str, headers: Mapping[str, Any], read: PreparedDocument | None
) -> CountedResponse:
    get = headers.get
    document = catalogue.documents.get(path)
    if document is None and read is not None and catalogue.is_current(read):
        document = read
    question = (method, get("HTTP_ACCEPT_ENCODING"), get("HTTP_IF_NONE_MATCH"), get("HTTP_IF_MODIFIED_SINCE"))
    if document is not None:
        document.polled = True
        document.move_to(catalogue.minute)
        responses = document.responses
        known = responses.get(question)
        if known is not None and len(path) + len(get("QUERY_STRING", "")) <= MAX_TARGET:
            return known
    if len(path) + len(get("QUERY_STRING", "")) > MAX_TARGET:
        too_long = _text_response(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long.", method, "no-store")
        return _with_count_key(path, too_long)
    if document is None or method not in ("GET", "HEAD"):
        if method in ("GET", "HEAD") and catalogue.is_published(path):
            return NOT_IN_MEMORY
        return _with_count_key(path, _respond_without_document(catalogue, method, path))
    decided = _respond_with_document(catalogue, document, path, *question)
    if document.wanted and negotiate(question[1]) in document.wanted:  # Its next answer may have that coding.
        return decided
    if document is not read and sum(len(text or "") for text in question) <= MAX_CACHED_KEY:
        catalogue.memory.remember(responses, question, decided)
    return decided


def unavailable(path: str, method: str) -> CountedResponse:
    """Returns the response to a poll of a published document that is not in memory and cannot be read now."""
    retry = ("Retry-After", str(RETRY_SECONDS))
    text = "This feed cannot be read at the moment."
    return _with_count_key(path, _text_response(HTTPStatus.SERVICE_UNAVAILABLE, text, method, "no-store", retry))


def _respond_with_document(
    catalogue: Catalogue,
    document: PreparedDocument,
    path: str,
    method: str,
    accept: str | None,
    match: str | None,
    since: str | None,
) -> CountedResponse:
    """Returns 200, 304 or 406 for an existing document."""
    encoding = negotiate(accept)
    if encoding is None:
        text = "Not acceptable. This feed is available as br, zstd, gzip or identity."
        return _with_count_key(
            path, _text_response(HTTPStatus.NOT_ACCEPTABLE, text, method, "no-store", ("Vary", "Accept-Encoding"))
        )
    coded = document.encoded[encoding]
    if not is_fresh(coded.tag, document.modified, match, since):
        if _has_substitute(document, encoding, accept, match):
            encoding, coded = "gzip", document.encoded["gzip"]
        elif coded.body is None and encoding != "identity":
            encoding, coded = _make_or_substitute(catalogue, document, encoding, accept)
    if is_fresh(coded.tag, document.modified, match, since):
        headers = catalogue.headers(document, NOT_MODIFIED, encoding, coded.not_modified)
        return NOT_MODIFIED, headers, b"", (path, NOT_MODIFIED, encoding)
    headers = catalogue.headers(document, OK, encoding, coded.ok)
    if method != "GET":
        return OK, headers, b"", (path, OK, encoding)
    body = catalogue.memory.unpack(document) if coded.body is None else coded.body
    return OK, headers, body, (path, OK, encoding)


def _make_or_substitute(
    catalogue: Catalogue, document: PreparedDocument, wanted: str, accept: str | None
) -> tuple[str, EncodedDocument]:
    """Returns the wanted coding, made now; of a feed that few read, the best one there is, until it is wanted again.

    For a client that takes no other, RFC 9110 section 12.5.3 allows the document as it is.
    """
    if document.at_once:
        return wanted, catalogue.memory.compress(document, wanted)
    catalogue.memory.want(document, wanted)
    made = [coding for coding, coded in document.encoded.items() if coded.body is not None or coding == "identity"]
    encoding = negotiate(accept, made) or "identity"
    return encoding, document.encoded[encoding]


def _has_substitute(document: PreparedDocument, wanted: str, accept: str | None, match: str | None) -> bool:
    """Returns whether the client has the document in gzip, which it got while the wanted coding was not made yet.

    It takes gzip too, so RFC 9110 section 12.1 leaves the choice to the server: nothing has changed.
    """
    if match is None or wanted not in COMPRESSORS or wanted == "gzip" or negotiate(accept, ("gzip",)) != "gzip":
        return False
    return is_fresh(document.encoded["gzip"].tag, None, match, None)


def _with_count_key(path: str, response: Response) -> CountedResponse:
    """Adds the count key to a response without a document: the format, because clients choose the path."""
    return (*response, (format_of(path), response[0][:3], "identity"))


def _respond_without_document(catalogue: Catalogue, method: str, path: str) -> Response:
    """Returns the response without a document: preflight, wrong method, renamed, retired, unpublished or unknown."""
    if method not in ("GET", "HEAD"):
        return _other_method(method)
    slug, format = parse(path) or ("", "")
    if slug in catalogue.renamed:
        return _moved(catalogue, method, catalogue.renamed[slug], format, catalogue.keys(slug))
    if slug in catalogue.retired:
        return _text_response(
            HTTPStatus.GONE, "This feed has been discontinued.", method, "public, max-age=3600", *catalogue.keys(slug)
        )
    if slug in catalogue.sections:
        retry = ("Retry-After", str(RETRY_SECONDS))
        return _text_response(
            HTTPStatus.SERVICE_UNAVAILABLE, "This feed is not published yet.", method, "no-store", retry
        )
    return _respond_unknown(catalogue, method, slug, format)


def _respond_unknown(catalogue: Catalogue, method: str, slug: str, format: str) -> Response:
    """Returns the response at an address of no feed: 301 to the one of the same question, 410 or 404."""
    asked = catalogue.asked.resolve(slug)
    canonical = asked.slug if isinstance(asked, AskedAddress) else asked
    if canonical is not None and canonical != slug:
        # No cache keeps it: clients can spell a combination in any number of ways.
        return _moved(catalogue, method, canonical, format, catalogue.keys(), "no-store")
    if canonical is None and not catalogue.retired.isdisjoint(parts_of(slug)):
        return _text_response(
            HTTPStatus.GONE, "This feed has been discontinued.", method, "no-store", *catalogue.keys()
        )
    return _text_response(HTTPStatus.NOT_FOUND, "Feed not found.", method, "public, max-age=60", *catalogue.keys())


def refuse_asked(path: str, method: str, text: str, seconds: int) -> CountedResponse:
    """Returns the 503 for a feed that a reader asked for and that is not there yet, or that there is no room for."""
    retry = ("Retry-After", str(seconds))
    return _with_count_key(path, _text_response(HTTPStatus.SERVICE_UNAVAILABLE, text, method, "no-store", retry))


def _redirect(catalogue: Catalogue, method: str, old: OldFeed) -> Response:
    """Returns the redirect from an old address; of a retired feed 410, so that nobody is led there in two steps."""
    if old.section in catalogue.retired or method not in ("GET", "HEAD"):
        return _respond_without_document(catalogue, method, old.path)
    return _moved(catalogue, method, old.section, old.format, catalogue.keys(old.section))


def _moved(
    catalogue: Catalogue, method: str, slug: str, format: str, keys: Headers, control: str | None = None
) -> Response:
    """Returns the redirect to a feed; caches may keep it as long as the feed, or as ``control`` says."""
    target = feed_url(catalogue.site, slug, format)
    section = catalogue.sections.get(slug)
    control = control or (cache_control(section.cache) if section else "public, max-age=60")
    words = f"This feed has moved to {target}"
    return _text_response(HTTPStatus.MOVED_PERMANENTLY, words, method, control, ("Location", target), *keys)


def _other_method(method: str) -> Response:
    """Returns the preflight's response, or 405."""
    if method == "OPTIONS":
        return "204 No Content", [ALLOW, *_PREFLIGHT], b""
    return _text_response(HTTPStatus.METHOD_NOT_ALLOWED, "Feeds are read-only.", method, "no-store", ALLOW)


_PREFLIGHT: Headers = [
    ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
    ("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since, A-IM"),
    ("Access-Control-Max-Age", "86400"),
    *COMMON_HEADERS,
]


def _text_response(status: HTTPStatus, text: str, method: str, control: str, *more: tuple[str, str]) -> Response:
    """Returns a short plain-text response."""
    body = (text + "\n").encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", control),
        *more,
        *COMMON_HEADERS,
    ]
    return f"{status.value} {status.phrase}", headers, b"" if method == "HEAD" else body
