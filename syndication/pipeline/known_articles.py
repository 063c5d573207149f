"""The articles that a worker has read, so that a regeneration reads what changed and nothing else.

What is kept of an article besides itself (its digest, its entry) is worked out once for each of its stored states.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from syndication.model.values import Article, Entry
from syndication.store.articles.feed_query import Candidate
from syndication.store.articles.shown_articles import content_digest

MEMORY = 64 * 1024 * 1024
"""Bytes of bodies kept. Cached fragments refer to the same bodies, so little of it comes on top of them."""


class State(NamedTuple):
    """Names a stored state of an article: stamps (``article_stamps``), and its times, which a sweep compares.

    ``every`` is the stamp of all articles.
    """

    article_id: str
    every: int | None
    stamp: int | None
    published_at: datetime
    updated_at: str | None
    expires_at: str | None

    @classmethod
    def of(cls, found: Candidate, every: int | None) -> "State":
        """Returns the state in which an article was found."""
        return cls(found.article_id, every, found.stamp, found.published_at, found.updated_at, found.expires_at)


class KnownArticle:
    """An article in a stored state; ``size`` is that of its body in bytes."""

    __slots__ = ("_digest", "_entry", "article", "size", "state")

    def __init__(self, state: State | None, article: Article) -> None:
        self.state = state
        self.article = article
        self.size = len(article.html.encode("utf-8", "replace"))
        self._digest: str | None = None
        self._entry: tuple[object, datetime, Entry] | None = None

    @property
    def digest(self) -> str:
        """The digest of its content."""
        if self._digest is None:
            self._digest = content_digest(self.article)
        return self._digest

    def entry(self, newsroom: object, now: datetime, make: Callable[[Article], Entry]) -> Entry:
        """Returns its entry in this newsroom at ``now``: that of an earlier moment, if nothing was due in between."""
        if self._entry is not None:
            of, made_at, entry = self._entry
            if of is newsroom and made_at <= now:
                return entry
        entry = make(self.article)
        times = (self.article.updated_at, self.article.corrected_at)
        if all(moment is None or moment <= now for moment in times):
            self._entry = newsroom, now, entry
        return entry


class KnownArticles:
    """The most recently used articles, up to a size of their bodies. Owned by one thread."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._used = 0
        self._known: OrderedDict[str, KnownArticle] = OrderedDict()

    def find(self, state: State) -> KnownArticle | None:
        """Returns the article if it is known in this state."""
        known = self._known.get(state.article_id)
        if known is None or known.state != state:
            return None
        self._known.move_to_end(state.article_id)
        return known

    def keep(self, state: State, article: Article) -> KnownArticle:
        """Keeps an article that was read in this state, in place of an earlier one."""
        self._forget(article.id)
        known = self._known[article.id] = KnownArticle(state, article)
        self._used += known.size
        while self._used > self._memory and len(self._known) > 1:
            self._forget(next(iter(self._known)))
        return known

    def clear(self) -> None:
        """Forgets every article, so that the next feeds are read from the store."""
        self._known.clear()
        self._used = 0

    def _forget(self, article_id: str) -> None:
        known = self._known.pop(article_id, None)
        if known is not None:
            self._used -= known.size
