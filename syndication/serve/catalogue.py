"""The documents that a web process serves, and the feeds that it knows.

The feeds never change: another configuration is another catalogue. The documents are in the ``memory`` that both share.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from syndication.model.asked_addresses import NOTHING_ASKED, AskedAddresses
from syndication.model.old_feeds import NO_OLD_FEEDS, OldFeed, OldFeeds
from syndication.model.values import FORMATS, Document, Section, Site
from syndication.serve.cdn_headers import Headers, key_headers
from syndication.serve.document_memory import DocumentMemory
from syndication.serve.prepared import CountedResponse, CountKey, PreparedDocument, moving_headers, prepare

__all__ = ["Catalogue", "CountKey", "CountedResponse", "feed_of", "format_of", "is_for_feeds", "parse"]


@dataclass(frozen=True)
class Catalogue:
    """The feeds, the renamed and retired ones, the addresses of the earlier system, and the documents in memory.

    ``documents`` are those of the memory, by path: a mapping that changes while it is read. ``browser_pages``: a
    browser that opens a feed gets its page. ``minute`` is the time since 1970 whose cache times are served.
    """

    site: Site
    sections: Mapping[str, Section]
    renamed: Mapping[str, str]
    retired: frozenset[str]
    surrogate_keys: bool = True
    old_feeds: OldFeeds = NO_OLD_FEEDS
    browser_pages: bool = True
    asked: AskedAddresses = NOTHING_ASKED
    memory: DocumentMemory = field(default_factory=DocumentMemory, compare=False, repr=False)
    minute: int | None = None
    documents: Mapping[str, PreparedDocument] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Names the documents of the memory."""
        object.__setattr__(self, "documents", self.memory.by_path)

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
        asked: AskedAddresses = NOTHING_ASKED,
        memory: DocumentMemory | None = None,
    ) -> Self:
        """Returns the catalogue of a process that has loaded no documents yet."""
        shared = memory or DocumentMemory()
        return cls(site, sections, renamed, retired, surrogate_keys, old_feeds, browser_pages, asked, shared)

    def prepare(self, documents: Iterable[Document]) -> list[PreparedDocument]:
        """Returns those of the documents that are of a configured feed, ready to be sent."""
        return [
            prepare(document, self.sections[document.section], self.site, surrogate_keys=self.surrogate_keys)
            for document in documents
            if document.section in self.sections
        ]

    def with_documents(self, documents: Iterable[Document]) -> Self:
        """Takes these documents into the memory in place of their earlier versions, and returns this catalogue."""
        prepared = self.prepare(documents)
        self.memory.publish({document.section: document.version for document in prepared}, prepared)
        return self

    def with_feeds(
        self,
        site: Site,
        sections: Mapping[str, Section],
        renamed: Mapping[str, str],
        retired: frozenset[str],
        old_feeds: OldFeeds,
        asked: AskedAddresses,
    ) -> "Catalogue":
        """Returns the catalogue of these feeds; the memory keeps the documents, with the headers of changed feeds."""
        after = replace(
            self, site=site, sections=sections, renamed=renamed, retired=retired, old_feeds=old_feeds, asked=asked
        )
        held = list(self.documents.values())
        if site == self.site:
            changed = {d.section for d in held if sections.get(d.section) != self.sections.get(d.section)}
        else:
            changed = {d.section for d in held}
        self.memory.drop(changed - sections.keys())
        self.memory.replace(after.prepare(document.source for document in held if document.section in changed))
        return after

    def is_published(self, path: str) -> bool:
        """Returns whether the database has a document of a configured feed at this path, in memory or not."""
        named = parse(path)
        return named is not None and named[0] in self.sections and named[0] in self.memory.versions

    def is_current(self, document: PreparedDocument) -> bool:
        """Returns whether a document that was read is of a feed here, and of no older version than is known."""
        return document.section in self.sections and document.version >= self.memory.versions.get(document.section, 0)

    def at_minute(self, minute: int) -> Self:
        """Returns the catalogue with the cache times of this minute (since 1970); itself if they are the same."""
        if minute == self.minute or (self.minute is not None and not self.memory.moves):
            return self
        return replace(self, minute=minute)

    def headers(self, document: PreparedDocument, status: str, encoding: str, headers: Headers) -> Headers:
        """Returns the headers of a document's response, with the current cache time; the same list for a minute."""
        if document.cadence is None or self.minute is None or document.section not in self.sections:
            return headers
        known = document.moving.get((status, encoding))
        if known is None:
            policy = self.sections[document.section].cache
            known = document.moving[status, encoding] = moving_headers(headers, policy, document.cadence, self.minute)
        return known

    def with_sections(self, added: Mapping[str, Section], gone: Collection[str] = ()) -> Self:
        """Returns a new catalogue with these sections, and without those that are gone from the database too."""
        sections = {slug: section for slug, section in self.sections.items() if slug not in gone}
        if gone:
            self.memory.forget(gone)  # The version too: one that is asked for again begins with the first.
        return replace(self, sections={**sections, **added})

    def keys(self, slug: str | None = None) -> Headers:
        """Returns the key headers of a response without a document; ``slug`` is never taken from client input."""
        return key_headers(slug) if self.surrogate_keys else []

    @cached_property
    def own(self) -> frozenset[str]:
        """The slugs of the newsroom's own feeds: all but those that readers asked for."""
        return frozenset(slug for slug, section in self.sections.items() if section.owner != "readers")

    def versions(self) -> dict[str, int]:
        """Returns the served version of each configured section."""
        return {slug: version for slug, version in self.memory.versions.copy().items() if slug in self.sections}

    @property
    def size(self) -> int:
        """The total size of all bodies in memory, in bytes."""
        return self.memory.size


def is_for_feeds(path: str) -> bool:
    """Returns whether the catalogue answers ``path``; includes /feeds, which a router would redirect to /feeds/."""
    return path.startswith("/feeds/") or path == "/feeds"


def feed_of(catalogue: Catalogue, path: str, query: str) -> str | OldFeed | None:
    """Returns what a request is for: a path below /feeds/, an old address, or None for anything else."""
    return path if is_for_feeds(path) else catalogue.old_feeds.find(path, query)


def parse(path: str) -> tuple[str, str] | None:
    """Returns the slug and format of a feed's path as WSGI has it, or None for any other path."""
    slug, dot, format = path.removeprefix("/feeds/").rpartition(".")
    if not dot or format not in FORMATS or not path.startswith("/feeds/"):
        return None
    slug = text_of(slug)
    return (slug, format) if slug else None


def text_of(path: str) -> str:
    """Returns a part of a path as text: WSGI has its UTF-8 as one character a byte (PEP 3333). "" if it is none."""
    if path.isascii():
        return path
    try:
        return path.encode("latin-1").decode()
    except UnicodeError:
        return ""


def format_of(path: str) -> str:
    """Returns the format of a path, "other" if it is not a feed format."""
    ending = path[-5:]
    return "atom" if ending == ".atom" else "json" if ending == ".json" else "rss" if ending[1:] == ".rss" else "other"
