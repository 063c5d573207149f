"""Documents prepared before any poll: bodies and header lists."""

from dataclasses import dataclass, field
from email.utils import format_datetime

from syndication.model.feed_addresses import feed_url
from syndication.model.freshness import Cadence, max_age
from syndication.model.values import (
    ENCODINGS,
    FORMATS,
    MEDIA_TYPES,
    CachePolicy,
    Document,
    Section,
    Site,
)
from syndication.serve.cdn_headers import Headers, key_headers, lifetime_header

CountKey = tuple[str, str, str]
"""The key under which a poll is counted. For a document: path, status line and encoding. For any other path, which
clients choose freely: format, three-digit status and "identity"."""

CountedResponse = tuple[str, Headers, bytes, CountKey]
"""Status line, headers and body in WSGI form, and the key under which the poll is counted."""

ResponseKey = tuple[str, str | None, str | None, str | None]
"""Method, Accept-Encoding, If-None-Match, If-Modified-Since: all that a document's response depends on."""

Responses = dict[ResponseKey, CountedResponse]
"""What a document has been answered with."""

COMMON_HEADERS: Headers = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag, Link"),
    ("X-Content-Type-Options", "nosniff"),
]
"""Headers of every response below /feeds/. CORS lets pages of other origins poll and read the ETag."""


@dataclass(frozen=True, slots=True)
class EncodedDocument:
    """A document in one encoding; ``tag`` is the entity tag without its quotes.

    ``body`` is None while nobody has compressed it (or, as it is, unpacked it): what is the same for a client that has
    it can be said all the same.
    """

    tag: str
    body: bytes | None
    ok: Headers
    not_modified: Headers


@dataclass(slots=True, eq=False)
class PreparedDocument:
    """A document ready to be sent; ``modified`` is in seconds since 1970, ``size`` that of all bodies in bytes.

    ``cadence`` is None if its cache time is fixed. Otherwise its responses and the ``moving`` headers, by status line
    and encoding, are those of one ``minute`` (since 1970). What is sent else changes only when a coding is added, and
    the remembered ``responses`` with it. ``at_once``: a missing coding is made for the first request that wants it.
    ``polled`` marks a document that was asked for since the memory last looked for room, ``wanted`` counts the requests
    for codings that are not made yet.
    """

    section: str
    format: str
    version: int
    modified: float | None
    encoded: dict[str, EncodedDocument]
    source: Document
    size: int
    cadence: Cadence | None = None
    at_once: bool = False
    polled: bool = False
    wanted: dict[str, int] = field(default_factory=dict, repr=False)
    minute: int | None = None
    responses: Responses = field(default_factory=dict, repr=False)
    moving: dict[tuple[str, str], Headers] = field(default_factory=dict, repr=False)

    def move_to(self, minute: int | None) -> None:
        """Forgets the responses of another minute, if the cache time follows the feed's cadence."""
        if self.cadence is not None and minute != self.minute:
            self.forget_responses()
            self.moving.clear()
            self.minute = minute

    def forget_responses(self) -> None:
        """Forgets the responses; one that was decided before and is remembered after this call is not used."""
        before, self.responses = self.responses, {}
        before.clear()


def cache_control(policy: CachePolicy, max_age: int | None = None) -> str:
    """Returns the Cache-Control value of a policy (RFC 9111, RFC 5861), with its own max-age or this one."""
    return (
        f"public, max-age={policy.browser if max_age is None else max_age}, s-maxage={policy.cdn}, "
        f"stale-while-revalidate={policy.stale_while_revalidate}, stale-if-error={policy.stale_if_error}"
    )


def prepare(document: Document, section: Section, site: Site, *, surrogate_keys: bool = True) -> PreparedDocument:
    """Returns the document with its bodies and headers; URLs use only the configured base URL."""
    modified = document.last_modified
    low, high = section.cache.bounds
    surrogate = [lifetime_header(section.cache), *key_headers(section.slug)] if surrogate_keys else []
    shared = _Shared(document, section, site, surrogate)
    return PreparedDocument(
        section=document.section,
        format=document.format,
        version=document.version,
        modified=modified.replace(microsecond=0).timestamp() if modified else None,
        encoded={encoding: _encode(document, encoding, shared) for encoding in ENCODINGS},
        source=document,
        size=sum(len(body) for body in document.bodies.values()),
        cadence=Cadence.from_text(document.cadence) if low != high else None,
        # Of other feeds there may be tens of thousands, each polled once by a crawler.
        at_once=section.owner == "configuration",
    )


def prepare_coding(document: PreparedDocument, coding: str, body: bytes) -> EncodedDocument:
    """Returns a document in a content coding that was made later."""
    like = document.encoded["gzip"]
    own = {"Content-Length": str(len(body)), "Content-Encoding": coding, "ETag": document.source.etag(coding)}
    ok = [(name, own.get(name, value)) for name, value in like.ok]
    return EncodedDocument(document.encoded[coding].tag, body, ok, document.encoded[coding].not_modified)


def moving_headers(headers: Headers, policy: CachePolicy, cadence: Cadence, minute: int) -> Headers:
    """Returns the headers with the Cache-Control of this minute (since 1970); everything else stays."""
    control = cache_control(policy, max_age(policy, cadence, minute * 60))
    return [(name, control if name == "Cache-Control" else value) for name, value in headers]


def _encode(document: Document, encoding: str, shared: "_Shared") -> EncodedDocument:
    body = document.bodies.get(encoding)
    etag = document.etag(encoding)
    # RFC 9110 section 15.4.5: a 304 has the same Cache-Control, ETag and Vary as the 200.
    validators = [("ETag", etag), *shared.caching]
    length = document.size if encoding == "identity" else len(body or b"")
    ok = [shared.media_type, ("Content-Length", str(length))]
    if encoding != "identity":
        ok.append(_CODINGS[encoding])
    return EncodedDocument(
        tag=etag[1:-1],
        body=body,
        ok=[*ok, *shared.modified, *validators, *shared.surrogate, shared.link, *COMMON_HEADERS],
        # A cache updates its headers from a 304 (RFC 9111 section 3.2), so it has the keys too.
        not_modified=[*validators, *shared.surrogate, *COMMON_HEADERS],
    )


_CODINGS = {encoding: ("Content-Encoding", encoding) for encoding in ENCODINGS}
_TYPES = {format: ("Content-Type", media_type) for format, media_type in MEDIA_TYPES.items()}


class _Shared:
    """The headers that all encodings of a document have: objects of theirs would be half of its overhead in memory."""

    def __init__(self, document: Document, section: Section, site: Site, surrogate: Headers) -> None:
        self.surrogate = surrogate
        self.media_type = _TYPES[document.format]
        self.caching = [("Cache-Control", cache_control(section.cache)), ("Vary", "Accept-Encoding")]
        modified = document.last_modified
        self.modified = [("Last-Modified", format_datetime(modified, usegmt=True))] if modified is not None else []
        hubs = [f'<{hub}>; rel="hub"' for hub in site.hubs]
        link = f'<{feed_url(site, section.slug, document.format)}>; rel="self"'
        others = [
            f'<{feed_url(site, section.slug, other)}>; rel="alternate"; type="{MEDIA_TYPES[other].split(";")[0]}"'
            for other in FORMATS
            if other != document.format
        ]
        self.link = "Link", ", ".join([link, *hubs, *others])
