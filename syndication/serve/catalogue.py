"""The documents that a web process serves: immutable, and replaced as a whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from syndication.model.feed_addresses import feed_path
from syndication.model.old_feeds import NO_OLD_FEEDS, OldFeed, OldFeeds
from syndication.model.values import FORMATS, Document, Section, Site
from syndication.serve.cdn_headers import Headers, key_headers
from syndication.serve.prepared import PreparedDocument, moving_headers, prepare

CountKey = tuple[str, str, str]
"""The key under which a poll is counted. For a document: path, status line and encoding. For any other path, which
clients choose freely: format, three-digit status and "identity"."""

CountedResponse = tuple[str, Headers, bytes, CountKey]
"""Status line, headers and body in WSGI form, and the key under which the poll is counted."""

RequestKey = tuple[str, str, str | None, str | None, str | None]
"""Method, path, Accept-Encoding, If-None-Match, If-Modified-Since: everything that a response depends on."""


@dataclass(frozen=True)
class Catalogue:
    """The documents by path, the renamed and retired feeds, and the addresses of the earlier system.

    ``browser_pages``: a browser that opens a feed gets its page. ``responses`` caches responses by request. The
    catalogue never changes, so they cannot go stale. ``minute`` is the time since 1970 for which they hold, and
    ``moving`` the headers of that minute, by path, status line and encoding, of documents whose cache time follows
    their feed's cadence; ``moves``: there are such documents.
    """

    site: Site
    sections: Mapping[str, Section]
    documents: Mapping[str, PreparedDocument]
    renamed: Mapping[str, str]
    retired: frozenset[str]
    surrogate_keys: bool = True
    old_feeds: OldFeeds = NO_OLD_FEEDS
    browser_pages: bool = True
    responses: dict[RequestKey, CountedResponse] = field(default_factory=dict, compare=False, repr=False)
    minute: int | None = None
    moves: bool = False
    moving: dict[CountKey, Headers] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def empty(
        cls,
        site: Site,
        sections: Mapping[str, Section],
        renamed: Mapping[str, str],
        retired: frozenset[str],
        *,
        surrogate_keys: bool = True,
        old_feeds: OldFeeds = NO_OLD_FEEDS,
        browser_pages: bool = True,
    ) -> Self:
        """Returns the catalogue of a process that has loaded no documents yet."""
        return cls(site, sections, {}, renamed, retired, surrogate_keys, old_feeds, browser_pages)

    def with_documents(self, documents: Iterable[Document]) -> Self:
        """Returns a new catalogue in which these documents replace their earlier versions."""
        fresh = {
            feed_path(document.section, document.format): prepare(
                document, self.sections[document.section], self.site, surrogate_keys=self.surrogate_keys
            )
            for document in documents
            if document.section in self.sections
        }
        moves = self.moves or any(document.cadence for document in fresh.values())
        return replace(self, documents={**self.documents, **fresh}, responses={}, moves=moves, moving={})

    def at_minute(self, minute: int) -> Self:
        """Returns the catalogue with the cache times of this minute (since 1970); itself if they are the same."""
        if minute == self.minute or not self.moves:
            return self
        return replace(self, responses={}, minute=minute, moving={})

    def headers(self, document: PreparedDocument, key: CountKey, headers: Headers) -> Headers:
        """Returns the headers of a document's response, with the current cache time. ``key`` is its count key.

        The same list for the same key, as long as this catalogue is served.
        """
        if document.cadence is None or self.minute is None:
            return headers
        known = self.moving.get(key)
        if known is None:
            policy = self.sections[document.section].cache
            known = self.moving[key] = moving_headers(headers, policy, document.cadence, self.minute)
        return known

    def keys(self, slug: str | None = None) -> Headers:
        """Returns the key headers of a response without a document; ``slug`` is never taken from client input."""
        return key_headers(slug) if self.surrogate_keys else []

    def versions(self) -> dict[str, int]:
        """Returns the served version of each section."""
        return {document.section: document.version for document in self.documents.values()}

    @property
    def size(self) -> int:
        """The total size of all bodies in bytes."""
        return sum(len(coded.body) for document in self.documents.values() for coded in document.encoded.values())


def is_for_feeds(path: str) -> bool:
    """Returns whether the catalogue answers ``path``; includes /feeds, which a router would redirect to /feeds/."""
    return path.startswith("/feeds/") or path == "/feeds"


def feed_of(catalogue: Catalogue, path: str, query: str) -> str | OldFeed | None:
    """Returns what a request is for: a path below /feeds/, an old address, or None for anything else."""
    return path if is_for_feeds(path) else catalogue.old_feeds.find(path, query)


def parse(path: str) -> tuple[str, str] | None:
    """Returns the slug and format of a feed's path, or None for any other path."""
    slug, dot, format = path.removeprefix("/feeds/").rpartition(".")
    return (slug, format) if dot and format in FORMATS and path.startswith("/feeds/") else None


def format_of(path: str) -> str:
    """Returns the format of a path, "other" if it is not a feed format."""
    ending = path[-5:]
    return "atom" if ending == ".atom" else "json" if ending == ".json" else "rss" if ending[1:] == ".rss" else "other"
