"""Fills every position of a feed: the next article replaces one that cannot be rendered, also in a preview.

read → render → select, repeated with more articles while positions stay empty
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from syndication.model.values import Article, Feed, LeftOut, RenderedFeed, Section
from syndication.pipeline.gather import Gathered, is_within_limits, recent_until

MAX_ROUNDS = 5
"""The most times that more articles are read to replace those left out; each read doubles the number."""


@dataclass(frozen=True, slots=True)
class FilledFeed:
    """A feed ready to publish, the articles left out of it, and its next scheduled change."""

    feed: Feed
    left_out: tuple[LeftOut, ...]
    next_due: datetime | None


class Snapshot(Protocol):
    """One read of a section, with ``more`` articles beyond its feed."""

    @property
    def gathered(self) -> Gathered:
        """What the read found."""

    @property
    def more(self) -> int:
        """The number of further articles."""


R = TypeVar("R", bound=Snapshot)


def fill_feed(
    snapshot: R, read_more: Callable[[int], R], render: Callable[[R, Feed], RenderedFeed]
) -> tuple[R, FilledFeed, RenderedFeed]:
    """Returns the last snapshot, the feed selected from it, and that feed rendered.

    ``read_more`` reads that many more articles. It is called only while left-out articles leave positions empty.
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
    """Returns the feed without ``rejected`` articles: the next article takes the position of one that is left out."""
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
    moments += [moment for article in chosen for moment in (article.updated_at, article.corrected_at)]
    moments += [recent_until(section, a.published_at) for a in chosen[section.entries :] if a.published_at]
    return min((moment for moment in moments if moment is not None and moment > now), default=None)
