"""Where each old feed goes, and how many of its entries have the same id in the feed that will be served instead.

A reader shows an entry again as new if its id is another one, so ids are compared to the letter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import urlsplit

from syndication.errors import ArticleError
from syndication.importing.feed_reader import FeedFileReader
from syndication.importing.file_kind import SNIFFED, feed_kind
from syndication.model.old_feeds import OldFeeds
from syndication.sources.http import Response
from syndication.sources.reader import SourceError
from syndication.sources.takeover.crawl import Fetch, FoundFeed, is_feed


class OldEntry(NamedTuple):
    """An entry of an old feed, by the id that readers know."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class ComparedFeed:
    """One old feed. ``goes_to`` is the path of the feed that its address leads to here; None: it is not in the table.

    ``agree`` counts the ids that both have, and ``missing`` are the others. Without ``goes_to``, ``best`` is the
    section whose feed has most of the ids. ``other_host`` is the host of a feed that is not on the site itself.
    ``switched`` says that this service answered already. ``error`` says why the old feed could not be read.
    """

    url: str
    title: str
    found_on: str
    entries: int = 0
    goes_to: str | None = None
    redirect: bool = False
    agree: int = 0
    missing: tuple[OldEntry, ...] = ()
    best: str | None = None
    other_host: str | None = None
    switched: bool = False
    error: str | None = None


Ids = Callable[[str], frozenset[str]]
"""Returns the ids in a published feed of ours, by its path; none if it is not published."""


@dataclass(frozen=True, slots=True)
class Ours:
    """What old feeds are compared with: the table, the ids of our feeds, and a path of a feed of each section."""

    old: OldFeeds
    ids: Ids
    paths: Mapping[str, str]
    base_url: str


class FeedEntries:
    """Reads the entries of feeds in a child process under limits, because they may be a stranger's."""

    def __init__(self) -> None:
        self._reader = FeedFileReader()

    def close(self) -> None:
        """Ends the child process."""
        self._reader.close()

    def read(self, content: bytes) -> list[OldEntry]:
        """Returns the entries in a document; raises SourceError if it cannot be read."""
        try:
            found = [fields for _, fields in self._reader.read(feed_kind(content[:SNIFFED]) or "xml", content)]
        except ArticleError as error:
            raise SourceError(error.message) from error
        # What is not a dict is an entry that says it is a draft, or has no id: a reader cannot know it again.
        return [OldEntry(str(one["guid"]), str(one.get("title") or "")) for one in found if isinstance(one, dict)]


def compare(found: FoundFeed, fetch: Fetch, entries: FeedEntries, ours: Ours) -> ComparedFeed:
    """Returns the comparison of one old feed."""
    parts = urlsplit(found.url)
    elsewhere = parts.hostname if parts.hostname != urlsplit(found.found_on).hostname else None
    place = ours.old.find_address(parts.path + (f"?{parts.query}" if parts.query else "")) if not elsewhere else None
    goes_to, redirect = (place.path, place.redirect) if place else (None, False)
    compared = ComparedFeed(
        found.url, found.title, found.found_on, goes_to=goes_to, redirect=redirect, other_host=elsewhere
    )
    try:
        response = fetch(found.url)
        known = entries.read(_feed_in(response))
    except SourceError as error:
        return replace(compared, error=error.message)
    new = ours.ids(goes_to) if goes_to else frozenset[str]()
    return replace(
        compared,
        entries=len(known),
        agree=sum(entry.id in new for entry in known),
        missing=tuple(entry for entry in known if entry.id not in new) if goes_to else (),
        best=None if goes_to else _best({entry.id for entry in known}, ours),
        switched=f"<{ours.base_url}/feeds/" in response.headers.get("link", ""),
    )


def _feed_in(response: Response) -> bytes:
    if response.status != 200:
        raise SourceError(f"answered {response.status}")
    if not is_feed(response.body):
        raise SourceError("answered with something that is no feed")
    return response.body


def _best(wanted: set[str], ours: Ours) -> str | None:
    """Returns the section whose feed has most of the ids; of several the one with fewest others."""
    scores = {
        section: (len(wanted & there), -len(there)) for section, path in ours.paths.items() if (there := ours.ids(path))
    }
    best = max(scores, key=lambda section: scores[section], default=None)
    return best if best is not None and scores[best][0] else None
