"""One look at WordPress' database, in one snapshot; whole stories come from its REST API."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from syndication.sources.foreign_database import Snapshot
from syndication.sources.reader import Found, Row
from syndication.sources.wordpress.article import UNRENDERED, ArticleMaker
from syndication.sources.wordpress.new_posts import NewPosts, listed
from syndication.sources.wordpress.posts import read_posts
from syndication.sources.wordpress.rest import PAUSE_SECONDS, Rest, RestError
from syndication.sources.wordpress.rest_post import RestPost
from syndication.sources.wordpress.site import Site
from syndication.sources.wordpress.statements import Statements
from syndication.sources.wordpress.values import Category, Post, moment

MAPPING_REVISION = "1"
"""Rises when an unchanged post would become another article: then each is read again."""

STALE = "its REST API answers with an older version of the post: a cache in front of it keeps answers"


PROTECTED_SECONDS = 600.0
"""How long a password on an old post may be unknown: no index has passwords, so that finding them reads every post."""


INDEX_SHARE = 10
"""The digest of the index is used for so many times as long as it took."""


@dataclass(frozen=True, slots=True)
class IndexDigest:
    """The digest of the index as of ``read_at`` seconds, with the posts of the window then, and how long it took."""

    digest: str
    window: tuple[int, ...]
    read_at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class SectionWindow:
    """The newest posts of a section, as of ``read_at`` seconds; ``key`` is what WordPress counted in its categories."""

    key: tuple[tuple[int, int], ...]
    read_at: float
    ids: tuple[int, ...]


@dataclass(slots=True)
class Remembered:
    """What a reader remembers between looks; nothing is wrong if it forgets.

    ``index`` is the digest of all posts; ``sections`` are the sections' windows by slug; ``protected`` are the posts
    with a password as of ``protected_at`` seconds; ``unrendered`` are the ids of articles that still lack their text,
    with the time of the next attempt.
    """

    index: IndexDigest | None = None
    sections: dict[str, SectionWindow] = field(default_factory=dict)
    protected: set[int] | None = None
    protected_at: float = 0.0
    unrendered: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Windows:
    """How wide a look is: the newest ``posts``, and of each section the newest by slug, kept for ``seconds``."""

    posts: int
    sections: Mapping[str, int]
    seconds: float = 60.0


class DatabaseLook:
    """A ``Look`` (sources/reader.py). ``monotonic`` returns seconds for what is remembered for a while.

    ``before`` is what the look before saw of new posts: one that WordPress is still writing is in none of the answers.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        statements: Statements,
        rest: Rest,
        site: Site,
        make: ArticleMaker,
        windows: Windows,
        remembered: Remembered,
        before: NewPosts,
        monotonic: Callable[[], float],
    ) -> None:
        self._snapshot = snapshot
        self._statements = statements
        self._rest = rest
        self._site = site
        self._make = make
        self._windows = windows
        self._remembered = remembered
        self._before = before
        self._monotonic = monotonic

    def _index_digest(self) -> str:
        """Returns the digest of the whole index, which takes longest at a large site.

        So it takes at most a tenth of the time, unless a post came to the window or left it.
        """
        kept, window = self._remembered.index, tuple(row["id"] for row in self._newest)
        now = self._monotonic()
        if kept is None or kept.window != window or now - kept.read_at >= INDEX_SHARE * kept.seconds:
            digest = _text(self._snapshot.value(self._statements.fingerprint))
            kept = IndexDigest(digest, window, now, self._monotonic() - now)
            self._remembered.index = kept
        return kept.digest

    @cached_property
    def _newest(self) -> list[Mapping[str, Any]]:
        more = listed(self._section_ids())
        return self._snapshot.all(self._statements.window(self._windows.posts, more))

    @cached_property
    def _new_posts(self) -> NewPosts:
        """What this look sees of new posts: ``waiting`` are those that WordPress is still writing."""
        statement = self._statements.new_posts(self._before.newest, listed(self._before.waiting))
        (row,) = self._snapshot.all(statement)
        without_guid = [int(id) for id in _text(row["without_guid"]).split(",") if id]
        return self._before.after(row["newest"] or 0, self._before.unfinished(without_guid, self._make.now))

    def fingerprint(self) -> str:
        """Returns a digest of (ID, date) of all published posts, and of those in the window that got a password.

        And of those that are still written: when one is finished, however old its date, it has appeared.

        A password on an older post is in no index: it is seen when a post comes or goes, after PROTECTED_SECONDS.
        """
        closed = ",".join(str(row["id"]) for row in self._newest if row["protected"])
        waiting = listed(self._new_posts.waiting)
        return hashlib.sha256(f"{self._index_digest()} {closed} {waiting}".encode()).hexdigest()

    def window(self) -> Sequence[Row]:
        """Returns the newest public posts of the site and of each section, newest first."""
        waiting = self._new_posts.waiting
        return [self._row(row) for row in self._newest if not row["protected"] and row["id"] not in waiting]

    def public_ids(self) -> Iterable[str]:
        """Returns the ID of each public post."""
        hidden = self._protected() | self._new_posts.waiting.keys()
        for id in self._snapshot.column(self._statements.published_ids):
            if id not in hidden:
                yield str(id)

    def page(self, after: str | None, count: int) -> Sequence[Row]:
        """Returns public posts with their digests in the order of their IDs."""
        statement = self._statements.page(listed(self._new_posts.waiting))
        rows = self._snapshot.all(statement, {"after": int(after or 0), "count": count})
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
        """Returns what the next look should know of new posts."""
        return self._new_posts.to_text()

    def _found(self, row: Row, post: Post, answer: RestPost | RestError | None) -> Found | None:
        digest = Row(row.id, row.digest.removeprefix(UNRENDERED))
        if answer is None:
            return None  # Unpublished since the snapshot, or hidden by a plugin: it is not public.
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

    def _section_ids(self) -> set[int]:
        """Returns the newest posts of each section that the newest of the site do not hold anyway."""
        found: set[int] = set()
        for slug, categories in self._make.sections.by_section().items():
            count = self._windows.sections.get(slug, 0)
            if count and max(self._in_window.get(category.place, 0) for category in categories) < count:
                found.update(self._section_window(slug, categories, count))
        return found

    def _section_window(self, slug: str, categories: Sequence[Category], count: int) -> tuple[int, ...]:
        """Returns the newest posts of one section.

        Read anew when WordPress counted its categories' posts anew, and after a while: a category that was retired
        years ago may have a hundred thousand.
        """
        key = tuple((category.place, category.posts) for category in categories)
        kept = self._remembered.sections.get(slug)
        if kept is None or kept.key != key or self._monotonic() - kept.read_at > self._windows.seconds:
            places = listed({category.place for category in categories})
            rows = self._snapshot.all(self._statements.section_window(places, count))
            kept = SectionWindow(key, self._monotonic(), tuple(row["id"] for row in rows))
            self._remembered.sections[slug] = kept
        return kept.ids

    @cached_property
    def _in_window(self) -> Mapping[int, int]:
        rows = self._snapshot.all(self._statements.categories_in_window(self._windows.posts))
        return {row["place"]: row["posts"] for row in rows}

    def _protected(self) -> set[int]:
        """Returns the published posts with a password, as of some minutes ago, and those of the window as of now."""
        kept = self._remembered
        if kept.protected is None or self._monotonic() - kept.protected_at > PROTECTED_SECONDS:
            kept.protected = set(self._snapshot.column(self._statements.protected_ids))
            kept.protected_at = self._monotonic()
        return kept.protected | {row["id"] for row in self._newest if row["protected"]}


def _is_older(answer: RestPost, post: Post) -> bool:
    """Returns whether the API answered from a cache with what the post was before."""
    answered = moment(answer.modified_gmt)
    return answered is not None and post.modified_at is not None and answered < post.modified_at


def _text(value: Any) -> str:
    """Returns a value of the database as text; MySQL calls some texts bytes."""
    return value.decode() if isinstance(value, bytes) else str(value if value is not None else "")
