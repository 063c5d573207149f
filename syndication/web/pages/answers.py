"""Answers of pages and lists: rendered once for each state of the feeds, compressed once, with an ETag.

The bodies are small, so each coding is made when a client first asks for it.
"""

import hashlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from syndication.model.compression import COMPRESSORS
from syndication.serve.cdn_headers import Headers
from syndication.serve.conditional import is_fresh
from syndication.serve.negotiate import negotiate

NO_STORE = "no-store"

MAX_KEPT = 256
"""How many answers are kept; each has some tens of kilobytes."""


@dataclass(frozen=True)
class Answer:
    """An answer in every coding; ``control`` is its Cache-Control, ``headers`` are those of a 200 and a 304."""

    status: HTTPStatus
    media_type: str
    body: bytes
    control: str
    headers: Headers = field(default_factory=list)
    _coded: dict[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    @property
    def digest(self) -> str:
        """The start of the body's SHA-256 in hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()[:16]

    def coded(self, encoding: str) -> bytes:
        """Returns the body in one coding."""
        if encoding not in self._coded:
            self._coded[encoding] = COMPRESSORS[encoding](self.body) if encoding in COMPRESSORS else self.body
        return self._coded[encoding]


Sent = tuple[HTTPStatus, Headers, bytes]


def send(answer: Answer, headers: Mapping[str, Any], *, stored: bool = True) -> Sent:
    """Returns status, headers and body for a GET or HEAD with these headers (WSGI names).

    ``stored=False`` is for the page at a feed's own address, which no cache may keep or mistake for the feed: it has
    no validator, so it answers no conditional request with 304. Where no coding is acceptable it is sent as it is
    (RFC 9110 section 12.5.3 allows it): a person reads it.
    """
    encoding = negotiate(headers.get("HTTP_ACCEPT_ENCODING")) or "identity"
    found = answer.status == HTTPStatus.OK
    if not stored:
        about = [("Cache-Control", NO_STORE), ("Vary", "Accept-Encoding, Sec-Fetch-Dest")]
    else:
        about = [("Cache-Control", answer.control), ("Vary", "Accept-Encoding"), *answer.headers]
    if stored and found and answer.control != NO_STORE:
        tag = f"{answer.digest}-{encoding}"
        about.append(("ETag", f'"{tag}"'))
        match = headers.get("HTTP_IF_NONE_MATCH")
        if is_fresh(tag, None, match, None):
            return HTTPStatus.NOT_MODIFIED, about, b""
    body = answer.coded(encoding)
    about += [("Content-Type", answer.media_type), ("Content-Length", str(len(body)))]
    if encoding != "identity":
        about.append(("Content-Encoding", encoding))
    return answer.status, about, b"" if headers.get("REQUEST_METHOD") == "HEAD" else body


class Answers:
    """The latest answers by key, each with the state that it was rendered from. Threads may render one twice."""

    def __init__(self, limit: int = MAX_KEPT) -> None:
        self._limit = limit
        self._kept: dict[Hashable, tuple[object, Answer]] = {}

    def get(self, key: Hashable, state: object, render: Callable[[], Answer]) -> Answer:
        """Returns the answer for this key; renders it unless it was rendered from an equal state."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] == state:
            return kept[1]
        answer = render()
        if len(self._kept) >= self._limit:
            self._kept.clear()
        self._kept[key] = state, answer
        return answer
