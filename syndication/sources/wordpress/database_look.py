"""One look at WordPress' database, in one snapshot; whole stories come from its REST API."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from syndication.sources.foreign_database import Snapshot
from syndication.sources.reader import Found, Row
from syndication.sources.wordpress.article import UNRENDERED, ArticleMaker
from syndication.sources.wordpress.posts import read_posts
from syndication.sources.wordpress.rest import PAUSE_SECONDS, Rest, RestError
from syndication.sources.wordpress.rest_post import RestPost
from syndication.sources.wordpress.sections import SectionMap
from syndication.sources.wordpress.site import Site
from syndication.sources.wordpress.statements import Statements
from syndication.sources.wordpress.values import Post, moment

MAPPING_REVISION = "1"
"""Rises when an unchanged post would become another article: then each is read again."""

STALE = "its REST API answers with an older version of the post: a cache in front of it keeps answers"


@dataclass(slots=True)
class Remembered:
    """What a reader remembers between looks; nothing is wrong if it forgets.

    ``sections_key`` and ``section_ids`` are the posts in the sections' own windows, as of ``sections_read`` seconds.
    ``unrendered`` are the ids of articles that still lack their text, with the time of the next attempt in seconds.
    """

    sections_key: str = ""
    sections_read: float = 0.0
    section_ids: tuple[int, ...] = ()
    unrendered: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Windows:
    """How wide a look is: the newest ``posts``, and of each section the newest by slug, kept for ``seconds``."""

    posts: int
    sections: Mapping[str, int]
    seconds: float = 60.0


class DatabaseLook:
    """A ``Look`` (sources/reader.py). ``monotonic`` returns seconds for what is remembered for a while."""

    def __init__(
        self,
        snapshot: Snapshot,
        statements: Statements,
        rest: Rest,
        site: Site,
        make: ArticleMaker,
        windows: Windows,
        remembered: Remembered,
        monotonic: Callable[[], float],
    ) -> None:
        self._snapshot = snapshot
        self._statements = statements
        self._rest = rest
        self._site = site
        self._make = make
        self._windows = windows
        self._remembered = remembered
        self._monotonic = monotonic

    @cached_property
    def _index_digest(self) -> str:
        return _text(self._snapshot.value(self._statements.fingerprint))

    @cached_property
    def _newest(self) -> list[Mapping[str, Any]]:
        more = ",".join(map(str, self._section_ids()))
        return self._snapshot.all(self._statements.window(self._windows.posts, more))

    def fingerprint(self) -> str:
        """Returns a digest of (ID, date) of all published posts, and of those in the window that got a password.

        A password on an older post is in no index: it is seen when the next post comes or goes.
        """
        closed = ",".join(str(row["id"]) for row in self._newest if row["protected"])
        return hashlib.sha256(f"{self._index_digest} {closed}".encode()).hexdigest()

    def window(self) -> Sequence[Row]:
        """Returns the newest public posts of the site and of each section, newest first."""
        return [self._row(row) for row in self._newest if not row["protected"]]

    def public_ids(self) -> Iterable[str]:
        """Returns the ID of each public post."""
        for row in self._snapshot.rows(self._statements.public_ids):
            yield str(row["id"])

    def page(self, after: str | None, count: int) -> Sequence[Row]:
        """Returns public posts with their digests in the order of their IDs."""
        rows = self._snapshot.all(self._statements.page, {"after": int(after or 0), "count": count})
        return [self._row(row) for row in rows]

    def read(self, rows: Sequence[Row]) -> Iterator[Found]:
        """Reads posts whole: facts from this snapshot, texts and addresses as WordPress renders them."""
        by_id = {int(row.id): row for row in rows}
        posts = read_posts(self._snapshot, self._statements, self._site.zone, list(by_id))
        for id, answer in self._rest.posts(list(posts)):
            found = self._found(by_id[id], posts[id], answer)
            if found is not None:
                yield found

    def removed(self) -> Sequence[str]:
        """Returns nothing: WordPress keeps no list of what it deleted."""
        return ()

    def bookmark(self) -> str:
        """Returns nothing: a look needs none."""
        return ""

    def _found(self, row: Row, post: Post, answer: RestPost | RestError | None) -> Found | None:
        digest = Row(row.id, row.digest.removeprefix(UNRENDERED))
        if answer is None:
            return None  # Unpublished since the snapshot: the next look sees it.
        if isinstance(answer, RestPost) and not _is_older(answer, post):
            self._remembered.unrendered.pop(row.id, None)
            return self._make.rendered(digest, post, answer.rendered())
        self._remembered.unrendered[row.id] = self._monotonic() + PAUSE_SECONDS
        reason = answer.message if isinstance(answer, RestError) else STALE
        return self._make.unrendered(digest, post, self._site.home, reason)

    def _row(self, row: Mapping[str, Any]) -> Row:
        id = str(row["id"])
        ids = [int(text) for text in _text(row["categories"]).split(",") if text]
        parts = (
            MAPPING_REVISION,
            _text(row["digest"]),
            self._site.digest,
            self._site.blocks if row["blocks"] else "",
            ",".join(self._make.sections.sections(ids)),
        )
        digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
        # An article without its text is read again after a pause, not at each look.
        waits = self._monotonic() < self._remembered.unrendered.get(id, 0.0)
        return Row(id, f"{UNRENDERED}{digest}" if waits else digest)

    def _section_ids(self) -> tuple[int, ...]:
        """Returns the posts in the windows of the sections.

        Anew when posts came or went, when WordPress counted a category's posts anew, and after a while: a look at
        each section costs more than all else, and almost never finds another post.
        """
        kept = self._remembered
        key = f"{self._index_digest} {self._site.categories_digest}"
        if key != kept.sections_key or self._monotonic() - kept.sections_read > self._windows.seconds:
            kept.section_ids = tuple(self._read_section_ids(self._make.sections))
            kept.sections_key, kept.sections_read = key, self._monotonic()
        return kept.section_ids

    def _read_section_ids(self, sections: SectionMap) -> Iterator[int]:
        chosen = [
            self._statements.section_window(",".join(str(c.place) for c in categories), self._windows.sections[slug])
            for slug, categories in sections.by_section().items()
            if self._windows.sections.get(slug)
        ]
        if chosen:
            found = self._snapshot.all(" UNION ".join(chosen))
            yield from sorted({int(row["ID"]) for row in found})


def _is_older(answer: RestPost, post: Post) -> bool:
    """Returns whether the API answered from a cache with what the post was before."""
    answered = moment(answer.modified_gmt)
    return answered is not None and post.modified_at is not None and answered < post.modified_at


def _text(value: Any) -> str:
    """Returns a value of the database as text; MySQL calls some texts bytes."""
    return value.decode() if isinstance(value, bytes) else str(value if value is not None else "")
