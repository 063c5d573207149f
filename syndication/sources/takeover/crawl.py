"""Finds the feeds of a site from its home page: one request after the other, with a pause, and a limited number."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from syndication.importing.file_kind import is_json_feed, is_xml
from syndication.sources.http import Response
from syndication.sources.reader import SourceError
from syndication.sources.takeover.autodiscovery import feed_links, page_links

MAX_FEEDS = 200
"""More feeds than a newsroom has; a page of a stranger may name any number."""

Fetch = Callable[[str], Response]


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed of the earlier system, and the page that named it first."""

    url: str
    title: str
    found_on: str


@dataclass(slots=True)
class Crawl:
    """The result: the feeds in the order in which they were found, the pages read, and those that could not be."""

    feeds: list[FoundFeed] = field(default_factory=list)
    pages: int = 0
    unread: list[str] = field(default_factory=list)


def crawl(home: str, fetch: Fetch, max_pages: int, pause: float) -> Crawl:
    """Reads the home page and up to ``max_pages`` - 1 pages that it links to; ``pause`` is in seconds.

    If ``home`` is itself a feed, that is the only one. Raises SourceError if the home page cannot be read.
    """
    found, known = Crawl(), set[str]()
    first = fetch(home)
    if first.status != 200:
        raise SourceError(f"{home} answered {first.status}")
    if is_feed(first.body):
        return Crawl([FoundFeed(first.url, "", first.url)], 1)
    waiting = [url for url in page_links(first.body, first.url) if url not in (home, first.url)]
    _note(found, known, first)
    for url in waiting[: max_pages - 1]:
        time.sleep(pause)
        try:
            page = fetch(url)
        except SourceError as error:
            found.unread.append(f"{url}: {error.message}")
            continue
        if page.status == 200:
            _note(found, known, page)
        else:
            found.unread.append(f"{url}: answered {page.status}")
    return found


def is_feed(body: bytes) -> bool:
    """Returns whether these bytes begin as a feed does rather than as a page."""
    start = body[:2048]
    if is_json_feed(start):
        return True
    lower = start.lower()
    return is_xml(start) and any(tag in lower for tag in (b"<rss", b"<feed", b"<rdf:rdf")) and b"<html" not in lower


def _note(found: Crawl, known: set[str], page: Response) -> None:
    found.pages += 1
    for url, title in feed_links(page.body, page.url):
        if url not in known and len(found.feeds) < MAX_FEEDS:
            known.add(url)
            found.feeds.append(FoundFeed(url, title, page.url))
