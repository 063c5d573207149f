"""Fills every position of a feed: the next article replaces one that cannot be rendered, also in a preview.

read → render → select, which the caller repeats with more articles while positions stay empty
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndication.model.values import Article, Feed, LeftOut, RenderedFeed, Section
from syndication.pipeline.gather import Gathered, is_within_limits, recent_until
from syndication.render.renderer import Careful, Renderer, Stored

MAX_ROUNDS = 5
"""The most times that more articles are read to replace those left out; each read doubles the number."""


@dataclass(frozen=True, slots=True)
class FilledFeed:
    """A feed ready to publish, the articles left out of it, and its next scheduled change."""

    feed: Feed
    left_out: tuple[LeftOut, ...]
    next_due: datetime | None


def fill_feed(
    renderer: Renderer,
    gathered: Gathered,
    updated: datetime | None = None,
    careful: Careful | None = None,
    max_age: int | None = None,
    stored: Stored | None = None,
) -> tuple[FilledFeed, RenderedFeed]:
    """Returns the feed selected from what was read, and that feed rendered: again if some of it cannot be rendered.

    ``updated`` is the feed's time, if it is not that of the read; ``careful`` and ``stored`` are ``Renderer.render``'s;
    ``max_age`` is the cache time that the documents say, if it is not the fixed one.
    """
    gathered = replace(gathered, feed=replace(gathered.feed, max_age=max_age))
    rendered = _render(renderer, gathered.feed, updated, careful, stored)
    filled = select_entries(gathered, rendered.left_out)
    if [entry.article_id for entry in rendered.entries] != [entry.article_id for entry in filled.feed.entries]:
        rendered = _render(renderer, filled.feed, updated, careful, stored)
    return filled, replace(rendered, left_out=filled.left_out)


def shortfall(filled: FilledFeed, gathered: Gathered) -> int:
    """Returns how many further articles to read, because those left out leave positions empty; 0: none."""
    return 2 * len(filled.left_out) if len(filled.left_out) > gathered.more else 0


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


def _render(
    renderer: Renderer, feed: Feed, updated: datetime | None, careful: Careful | None, stored: Stored | None
) -> RenderedFeed:
    return renderer.render(replace(feed, updated=updated or feed.updated), careful, stored)


def _next_due(chosen: Sequence[Article], section: Section, upcoming: datetime | None, now: datetime) -> datetime | None:
    moments = [upcoming]
    moments += [article.expires_at for article in chosen]
    moments += [moment for article in chosen for moment in (article.updated_at, article.corrected_at)]
    moments += [recent_until(section, a.published_at) for a in chosen[section.entries :] if a.published_at]
    return min((moment for moment in moments if moment is not None and moment > now), default=None)
