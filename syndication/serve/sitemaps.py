"""The answer to a request for a sitemap, as a pure function of the files in memory and the request."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from syndication.model.sitemaps import ANNOUNCED, NEWS_PATH
from syndication.model.values import CachePolicy
from syndication.serve.cdn_headers import Headers, lifetime_header, sitemap_key_headers
from syndication.serve.conditional import is_fresh
from syndication.serve.negotiate import negotiate
from syndication.serve.prepared import cache_control

MEDIA_TYPE = "application/xml; charset=utf-8"

NEWS_CACHE = CachePolicy(browser=60, cdn=60, stale_while_revalidate=60, stale_if_error=86_400)
ARCHIVE_CACHE = CachePolicy(browser=300, cdn=300, stale_while_revalidate=300, stale_if_error=86_400)

RETRY_SECONDS = 5
"""Retry-After while there is no sitemap yet."""

Answer = tuple[HTTPStatus, Headers, bytes]
"""Status, headers and body; a HEAD gets the headers of a GET."""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """One file. ``coded`` has its body in each content coding but identity."""

    path: str
    version: int
    digest: str
    last_modified: datetime | None
    coded: Mapping[str, bytes]

    def tag(self, encoding: str) -> str:
        """Returns the strong entity tag of one content coding, without its quotes."""
        return f"{self.version}-{self.digest}-{encoding}"

    def body(self, encoding: str) -> bytes:
        """Returns the body in one content coding; few ask for the uncompressed one, which is ten times as long."""
        return gzip.decompress(self.coded["gzip"]) if encoding == "identity" else self.coded[encoding]


@dataclass(frozen=True, slots=True)
class Sitemaps:
    """All files by path, as they were at one ``revision``; immutable, and replaced as a whole."""

    files: Mapping[str, Sitemap] = field(default_factory=dict)
    revision: int = 0


def respond_to_crawler(
    sitemaps: Sitemaps, path: str, headers: Mapping[str, Any], *, surrogate_keys: bool = True
) -> Answer:
    """Returns the answer to a GET or HEAD of a sitemap; ``headers`` is a WSGI environ or uses its names.

    Where no coding is acceptable the file is sent as it is (RFC 9110 section 12.5.3 allows it).
    """
    sitemap = sitemaps.files.get(path)
    if sitemap is None:
        return _missing(path)
    encoding = negotiate(headers.get("HTTP_ACCEPT_ENCODING")) or "identity"
    tag, policy = sitemap.tag(encoding), NEWS_CACHE if path.startswith(NEWS_PATH[:-4]) else ARCHIVE_CACHE
    # RFC 9110 section 15.4.5: a 304 has the same Cache-Control, ETag and Vary as the 200.
    about = [("ETag", f'"{tag}"'), ("Cache-Control", cache_control(policy)), ("Vary", "Accept-Encoding")]
    if surrogate_keys:
        about += [lifetime_header(policy), *sitemap_key_headers(path)]
    modified = sitemap.last_modified
    seconds = modified.timestamp() if modified else None
    if is_fresh(tag, seconds, headers.get("HTTP_IF_NONE_MATCH"), headers.get("HTTP_IF_MODIFIED_SINCE")):
        return HTTPStatus.NOT_MODIFIED, about, b""
    body = sitemap.body(encoding)
    ok = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body)))]
    if encoding != "identity":
        ok.append(("Content-Encoding", encoding))
    if modified is not None:
        ok.append(("Last-Modified", format_datetime(modified, usegmt=True)))
    return HTTPStatus.OK, [*ok, *about], body


def _missing(path: str) -> Answer:
    """Returns 503 for a file that robots.txt promises and nobody has written yet, otherwise 404."""
    if path in ANNOUNCED:
        status, body = HTTPStatus.SERVICE_UNAVAILABLE, b"This sitemap is not published yet.\n"
        more = [("Cache-Control", "no-store"), ("Retry-After", str(RETRY_SECONDS))]
    else:
        status, body = HTTPStatus.NOT_FOUND, b"Sitemap not found.\n"
        more = [("Cache-Control", "public, max-age=60")]
    return status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))), *more], body
