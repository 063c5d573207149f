"""Documents prepared before any poll: bodies and header lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime

from syndication.model.feed_addresses import feed_url
from syndication.model.freshness import Cadence, max_age
from syndication.model.values import ENCODINGS, FORMATS, MEDIA_TYPES, CachePolicy, Document, Section, Site
from syndication.serve.cdn_headers import Headers, key_headers, lifetime_header

COMMON_HEADERS: Headers = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag, Link"),
    ("X-Content-Type-Options", "nosniff"),
]
"""Headers of every response below /feeds/. CORS lets pages of other origins poll and read the ETag."""


@dataclass(frozen=True, slots=True)
class EncodedDocument:
    """A document in one encoding; ``tag`` is the entity tag without its quotes."""

    tag: str
    body: bytes
    ok: Headers
    not_modified: Headers


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document ready to be sent; ``modified`` is in seconds since 1970.

    ``cadence`` is None if its cache time is fixed: then the headers are as they are. Otherwise ``moving_headers`` has
    those of the current minute.
    """

    section: str
    format: str
    version: int
    modified: float | None
    encoded: Mapping[str, EncodedDocument]
    cadence: Cadence | None = None


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
    return PreparedDocument(
        section=document.section,
        format=document.format,
        version=document.version,
        modified=modified.replace(microsecond=0).timestamp() if modified else None,
        encoded={encoding: _encode(document, encoding, section, site, surrogate) for encoding in ENCODINGS},
        cadence=Cadence.from_text(document.cadence) if low != high else None,
    )


def moving_headers(headers: Headers, policy: CachePolicy, cadence: Cadence, minute: int) -> Headers:
    """Returns the headers with the Cache-Control of this minute (since 1970); everything else stays."""
    control = cache_control(policy, max_age(policy, cadence, minute * 60))
    return [(name, control if name == "Cache-Control" else value) for name, value in headers]


def _encode(document: Document, encoding: str, section: Section, site: Site, surrogate: Headers) -> EncodedDocument:
    body = document.bodies[encoding]
    etag = document.etag(encoding)
    # RFC 9110 section 15.4.5: a 304 has the same Cache-Control, ETag and Vary as the 200.
    validators = [("ETag", etag), ("Cache-Control", cache_control(section.cache)), ("Vary", "Accept-Encoding")]
    ok = [("Content-Type", MEDIA_TYPES[document.format]), ("Content-Length", str(len(body)))]
    if encoding != "identity":
        ok.append(("Content-Encoding", encoding))
    if document.last_modified is not None:
        ok.append(("Last-Modified", format_datetime(document.last_modified, usegmt=True)))
    link = f'<{feed_url(site, section.slug, document.format)}>; rel="self"'
    others = [
        f'<{feed_url(site, section.slug, other)}>; rel="alternate"; type="{MEDIA_TYPES[other].split(";")[0]}"'
        for other in FORMATS
        if other != document.format
    ]
    return EncodedDocument(
        tag=etag[1:-1],
        body=body,
        ok=[*ok, *validators, *surrogate, ("Link", ", ".join([link, *others])), *COMMON_HEADERS],
        # A cache updates its headers from a 304 (RFC 9111 section 3.2), so it has the keys too.
        not_modified=[*validators, *surrogate, *COMMON_HEADERS],
    )
