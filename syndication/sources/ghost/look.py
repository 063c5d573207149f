"""One look at Ghost's database, in one snapshot."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from syndication.sources.foreign_database import Snapshot
from syndication.sources.ghost import statements
from syndication.sources.ghost.article import ArticleMaker
from syndication.sources.ghost.gating import PUBLIC
from syndication.sources.ghost.posts import Post, Tag, Writer, to_post
from syndication.sources.ghost.sections import SectionMap
from syndication.sources.reader import Found, Row, SourceError
from syndication.store.db.batches import batched

REVISION = "1"
"""Rises when an unchanged post would become another article: then each is read again."""

TOGETHER = 50
"""Posts read in one statement: html may be long."""

Addresses = Callable[[Sequence[str]], Mapping[str, str]]
"""Returns the addresses of posts by id, as far as Ghost tells them. Raises SourceError if it does not answer."""


UNADDRESSED = "unaddressed "
"""Begins the digest of a post without an address by Ghost's word: the next look after a pause finds another."""

UNADDRESSED_SECONDS = 60.0
"""The pause. Longer than that of the Content API, which is not asked for a while after it did not answer."""


@dataclass(slots=True)
class Remembered:
    """The posts in the windows of the sections, as of ``read_at`` seconds; nothing is wrong if it is forgotten.

    ``unaddressed`` are the posts that lack their address by Ghost's own word, with the time of the next attempt.
    """

    key: str = ""
    read_at: float = 0.0
    ids: tuple[str, ...] = ()
    unaddressed: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Windows:
    """How wide a look is: the newest ``posts``, and of each section the newest by slug, kept for ``seconds``."""

    posts: int
    sections: Mapping[str, int]
    seconds: float = 60.0


class GhostLook:
    """A ``Look`` (sources/reader.py). ``monotonic`` returns seconds, for what is remembered for a while."""

    def __init__(
        self,
        snapshot: Snapshot,
        make: ArticleMaker,
        sections: SectionMap,
        windows: Windows,
        remembered: Remembered,
        monotonic: Callable[[], float],
        addresses: Addresses | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._make = make
        self._sections = sections
        self._windows = windows
        self._remembered = remembered
        self._monotonic = monotonic
        self._addresses = addresses

    @cached_property
    def _fingerprint(self) -> str:
        found = self._snapshot.value(statements.FINGERPRINTS[self._snapshot.dialect])
        return _digest(_text(found))

    def fingerprint(self) -> str:
        """Returns a digest of the ids of all published posts."""
        return self._fingerprint

    def window(self) -> Sequence[Row]:
        """Returns the newest posts of the site and of each section, newest first."""
        dialect = self._snapshot.dialect
        found = self._snapshot.all(statements.window(dialect), {"count": self._windows.posts})
        seen = {_text(one["id"]) for one in found}
        for some in batched([id for id in self._section_ids() if id not in seen]):
            found += self._snapshot.all(statements.chosen(dialect), {"ids": list(some)})
        found.sort(key=lambda one: (_text(one["published_at"]), _text(one["id"])), reverse=True)
        return [self._row(one) for one in found]

    def public_ids(self) -> Iterable[str]:
        """Returns the id of each published post."""
        return map(_text, self._snapshot.column(statements.PUBLIC_IDS))

    def page(self, after: str | None, count: int) -> Sequence[Row]:
        """Returns posts with their digests in the order of their ids."""
        asked = {"after": after or "", "count": count}
        return [self._row(one) for one in self._snapshot.all(statements.page(self._snapshot.dialect), asked)]

    def read(self, rows: Sequence[Row]) -> Iterator[Found]:
        """Reads posts whole."""
        for some in batched(rows, TOGETHER):
            yield from self._read(some)

    def removed(self) -> Sequence[str]:
        """Returns nothing: Ghost's list of its actions is not complete."""
        return ()

    def bookmark(self) -> str:
        """Returns nothing: a look needs none."""
        return ""

    def _read(self, rows: Sequence[Row]) -> Iterator[Found]:
        asked = {"ids": [row.id for row in rows]}
        found = {_text(one["id"]): one for one in self._snapshot.all(statements.POSTS, asked)}
        tags: dict[str, list[Tag]] = {}
        for one in self._snapshot.all(statements.POST_TAGS, asked):
            tags.setdefault(_text(one["post_id"]), []).append(_tag(one))
        authors: dict[str, list[Writer]] = {}
        for one in self._snapshot.all(statements.POST_AUTHORS, asked):
            writer = Writer(_text(one["name"]), _text(one["slug"]))
            authors.setdefault(_text(one["post_id"]), []).append(writer)
        there = [row for row in rows if row.id in found]
        addresses, warning = self._addresses_of([row.id for row in there])
        for row in there:
            try:
                post = to_post(found[row.id], tuple(tags.get(row.id, ())), tuple(authors.get(row.id, ())))
            except SourceError as error:
                access = "public" if _text(found[row.id]["visibility"]) == PUBLIC else "members"
                yield Found(row, None, str(error), access=access)
            else:
                yield self._found(row, post, addresses, warning)

    def _found(self, row: Row, post: Post, addresses: Mapping[str, str], warning: str) -> Found:
        url, digest = addresses.get(post.id), row.digest.removeprefix(UNADDRESSED)
        if self._addresses is None or url is not None:
            self._remembered.unaddressed.pop(row.id, None)
            return Found(Row(row.id, digest), self._make.article(post, url))
        self._remembered.unaddressed[row.id] = self._monotonic() + UNADDRESSED_SECONDS
        words = warning or "Ghost's Content API does not show it: its address is that of the permalink"
        return Found(Row(row.id, f"{UNADDRESSED}{digest}"), self._make.article(post, None), warnings=(words,))

    def _addresses_of(self, ids: Sequence[str]) -> tuple[Mapping[str, str], str]:
        """Returns the addresses by Ghost's own word, and why there are none."""
        if self._addresses is None or not ids:
            return {}, ""
        try:
            return self._addresses(ids), ""
        except SourceError as error:
            return {}, f"{error}: the post's address is that of the permalink until it does"

    def _row(self, found: Mapping[str, Any]) -> Row:
        id, digest = _text(found["id"]), _digest(f"{REVISION} {self._make.home} {_text(found['digest'])}")
        waits = self._monotonic() < self._remembered.unaddressed.get(id, 0.0)
        return Row(id, f"{UNADDRESSED}{digest}" if waits else digest)

    def _section_ids(self) -> tuple[str, ...]:
        """Returns the posts in the windows of the sections.

        Anew when posts came or went, and after a while: a look at each section costs more than all else, and almost
        never finds another post.
        """
        kept = self._remembered
        if self._fingerprint != kept.key or self._monotonic() - kept.read_at > self._windows.seconds:
            kept.ids = tuple(dict.fromkeys(self._read_section_ids()))
            kept.key, kept.read_at = self._fingerprint, self._monotonic()
        return kept.ids

    def _read_section_ids(self) -> Iterator[str]:
        by_section: dict[str, list[str]] = {}
        for row in self._snapshot.all(statements.TAGS):
            section = self._sections.section(_tag(row))
            by_section.setdefault(section, []).append(_text(row["id"]))
        for section, tags in by_section.items():
            if count := self._windows.sections.get(section):
                for row in self._snapshot.all(statements.SECTION_WINDOW, {"tags": tags, "count": count}):
                    yield _text(row["id"])


def _tag(row: Mapping[str, Any]) -> Tag:
    return Tag(_text(row["name"]), _text(row["slug"]), _text(row["visibility"]) == "public")


def read_tags(snapshot: Snapshot) -> list[Tag]:
    """Returns all tags of a Ghost."""
    return [_tag(row) for row in snapshot.all(statements.TAGS)]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _text(value: Any) -> str:
    """Returns a value of the database as text; MySQL calls some texts bytes."""
    return value.decode() if isinstance(value, bytes) else str(value if value is not None else "")
