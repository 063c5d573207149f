"""A feed with all its places filled: what cannot be rendered gives its place to the next one, in a preview as well.

read → render → settle, and once more with what stands behind, while places stay empty
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from syndication.model.values import Article, Feed, LeftOut, RenderedFeed, Section
from syndication.pipeline.gather import Gathered, is_within_limits, recent_until

MAX_ROUNDS = 5
"""How often more articles are read to fill the places of those that are left out: each time twice as many."""


@dataclass(frozen=True, slots=True)
class FilledFeed:
    """A feed as it is to be published, what it lacks of what should stand in it, and when it changes by itself."""

    feed: Feed
    left_out: tuple[LeftOut, ...]
    next_due: datetime | None


class Snapshot(Protocol):
    """What was read of a section, with ``more`` articles beyond its feed."""

    @property
    def gathered(self) -> Gathered: ...
    @property
    def more(self) -> int: ...


R = TypeVar("R", bound=Snapshot)


def fill_feed(
    snapshot: R, read_more: Callable[[int], R], render: Callable[[R, Feed], RenderedFeed]
) -> tuple[R, FilledFeed, RenderedFeed]:
    """The last reading, the feed that comes of it, and that feed rendered.

    ``read_more`` reads with so many more; it is only called while what is left out leaves places empty.
    """
    filled, rendered = _select_and_render(snapshot, render)
    for _ in range(MAX_ROUNDS):
        if len(filled.left_out) <= snapshot.more:
            break
        before = len(snapshot.gathered.candidates)
        snapshot = read_more(2 * len(filled.left_out))
        filled, rendered = _select_and_render(snapshot, render)
        if len(snapshot.gathered.candidates) <= before:
            break
    return snapshot, filled, rendered


def select_entries(gathered: Gathered, rejected: Iterable[LeftOut]) -> FilledFeed:
    """The feed without what was ``rejected``: whatever is left out gives its place to the next one."""
    section, now = gathered.feed.section, gathered.now
    bad = {item.article_id: item for item in (*gathered.left_out, *rejected)}
    shown: list[str] = []
    missing: list[LeftOut] = []
    for candidate in gathered.candidates:
        if not is_within_limits(section, len(shown) + 1, candidate.published_at, now):
            break
        if candidate.article_id in bad:
            missing.append(bad[candidate.article_id])
        else:
            shown.append(candidate.article_id)
    stays = set(shown)
    entries = tuple(entry for entry in gathered.feed.entries if entry.article_id in stays)
    articles = [gathered.articles[id] for id in shown]
    return FilledFeed(
        feed=replace(gathered.feed, entries=entries),
        left_out=tuple(missing),
        next_due=_next_due(articles, section, gathered.upcoming, now),
    )


def _select_and_render(snapshot: R, render: Callable[[R, Feed], RenderedFeed]) -> tuple[FilledFeed, RenderedFeed]:
    rendered = render(snapshot, snapshot.gathered.feed)
    filled = select_entries(snapshot.gathered, rendered.left_out)
    if [entry.article_id for entry in rendered.entries] != [entry.article_id for entry in filled.feed.entries]:
        rendered = render(snapshot, filled.feed)
    return filled, replace(rendered, left_out=filled.left_out)


def _next_due(chosen: Sequence[Article], section: Section, upcoming: datetime | None, now: datetime) -> datetime | None:
    moments = [upcoming]
    moments += [article.expires_at for article in chosen]
    moments += [article.updated_at for article in chosen]
    moments += [recent_until(section, a.published_at) for a in chosen[section.entries :] if a.published_at]
    return min((moment for moment in moments if moment is not None and moment > now), default=None)
