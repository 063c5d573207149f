"""The addresses that feeds had in the newsroom's earlier system, and the feed that each of them leads to now.

Clients choose paths and queries: a look-up takes bounded time, and misses are not remembered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, unquote_to_bytes

from syndication.model.feed_addresses import feed_path

AddressKey = tuple[str, tuple[tuple[str, str], ...]]
"""A path without slashes at its ends, and the parameters that select a feed, sorted. Percent-decoded, each byte as one
character (PEP 3333), as the web processes have them."""

MAX_PARAMETERS = 64
"""A query with more parameters is none of a feed reader's."""

MAX_SEGMENTS = 12
"""A longer path is none of a feed's; it bounds how often parents are taken out of a path."""

MAX_REMEMBERED = 4096
MAX_REMEMBERED_LENGTH = 400
"""Bounds of the addresses that are remembered with their feed."""


@dataclass(frozen=True, slots=True)
class OldFeed:
    """One old address, as a client would send it (path and query, in ASCII), and its feed.

    ``usual`` says that this is how the earlier system itself wrote the address; the others are its other spellings.
    """

    address: str
    section: str
    format: str
    redirect: bool = False
    usual: bool = True

    @property
    def path(self) -> str:
        """The path of the feed on this service."""
        return feed_path(self.section, self.format)


@dataclass(frozen=True)
class OldFeeds:
    """All old addresses.

    ``parameters`` are the query parameters that select content: any other is ignored, and an address with one of these
    is another address. Below a path of ``nested``, parents may stand before the name, as in WordPress' categories.
    """

    feeds: Mapping[AddressKey, OldFeed] = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()
    nested: frozenset[str] = frozenset()
    roots: frozenset[str] = frozenset()
    _found: dict[tuple[str, str], OldFeed] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, feeds: Iterable[OldFeed], parameters: Iterable[str] = (), nested: Iterable[str] = ()) -> Self:
        """Returns the table of these addresses; of several with one key the first counts."""
        feeds = list(feeds)
        selecting = frozenset(parameters).union(*(_pairs(old.address.partition("?")[2]) for old in feeds))
        table: dict[AddressKey, OldFeed] = {}
        for old in feeds:
            table.setdefault(address_key(old.address, selecting), old)
        roots = frozenset(path.partition("/")[0] for path, _ in table)
        return cls(table, selecting, frozenset(nested), roots)

    def find(self, path: str, query: str) -> OldFeed | None:
        """Returns the old address with this path (percent-decoded) and query (as sent), or None."""
        if path.lstrip("/").partition("/")[0] not in self.roots:
            return None
        known = self._found.get((path, query))
        if known is not None:
            return known
        found = self._look_up(path, query)
        if found is not None and len(path) + len(query) <= MAX_REMEMBERED_LENGTH:
            if len(self._found) >= MAX_REMEMBERED:
                self._found.clear()
            self._found[path, query] = found
        return found

    def find_address(self, address: str) -> OldFeed | None:
        """Returns the old address that is written so: a path, percent-encoded, and a query if there is one."""
        path, _, query = address.partition("?")
        return self.find(unquote_to_bytes(path).decode("latin-1"), query)

    def usual(self) -> list[OldFeed]:
        """Returns the addresses as the earlier system itself wrote them."""
        return [old for old in self.feeds.values() if old.usual]

    def of_section(self, section: str) -> list[OldFeed]:
        """Returns the old addresses of a section's feeds, in all formats."""
        return [old for old in self.feeds.values() if old.section == section]

    def _look_up(self, path: str, query: str) -> OldFeed | None:
        segments = _segments(path)
        try:
            pairs = _selecting(query, self.parameters)
        except ValueError:  # Too many parameters.
            return None
        if len(segments) > MAX_SEGMENTS:
            return None
        found = self.feeds.get(("/".join(segments), pairs))
        if found is not None:
            return found
        for at in range(1, len(segments)):
            if "/".join(segments[:at]) in self.nested:
                return self._without_parents(segments[:at], segments[at:], pairs)
        return None

    def _without_parents(self, base: list[str], rest: list[str], pairs: tuple[tuple[str, str], ...]) -> OldFeed | None:
        """Returns the feed of a nested name: WordPress, too, reads only the last one (category/news/asia/feed)."""
        for at in range(1, len(rest)):
            found = self.feeds.get(("/".join([*base, *rest[at:]]), pairs))
            if found is not None:
                return found
        return None


NO_OLD_FEEDS = OldFeeds()


def address_key(address: str, parameters: frozenset[str]) -> AddressKey:
    """Returns the key of an address in ASCII."""
    path, _, query = address.partition("?")
    return "/".join(_segments(unquote_to_bytes(path).decode("latin-1"))), _selecting(query, parameters)


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/", 4 * MAX_SEGMENTS) if segment]


def _selecting(query: str, parameters: frozenset[str]) -> tuple[tuple[str, str], ...]:
    if not query:
        return ()
    pairs = _pairs(query)
    return tuple(sorted((name, pairs[name]) for name in pairs.keys() & parameters))


def _pairs(query: str) -> dict[str, str]:
    """Returns the parameters that have a value; of repeated ones the last, as in PHP."""
    return dict(parse_qsl(query, encoding="latin-1", max_num_fields=MAX_PARAMETERS))
