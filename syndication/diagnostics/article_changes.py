"""What a change of an article does to the feeds, before anybody makes it: queries, nothing is rendered or written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from syndication.config.loading import Settings
from syndication.model.values import Article, Section
from syndication.model.wanted_terms import article_terms
from syndication.pipeline.gather import is_within_limits, list_candidates
from syndication.store import Connection
from syndication.store.publishing.change_queue import read_links

MOST = 50
"""Feeds that are looked at: a story has a few, and each costs a query."""

Effect = Literal["enters", "changes", "moves", "leaves", "stays", "scheduled"]

SHOWN = (
    "title", "url", "html", "summary", "authors", "sections", "tags", "language", "image", "enclosures", "correction",
    "updated_at", "guid", "access",
)  # fmt: skip
"""Fields that an entry shows, apart from its place."""


@dataclass(frozen=True, slots=True)
class FeedEffect:
    """What happens in one feed; ``position`` is the entry's after the change, ``at`` when it is ``scheduled``."""

    section: str
    effect: Effect
    position: int | None = None
    at: datetime | None = None


def find_effects(
    conn: Connection, settings: Settings, before: Article | None, after: Article, now: datetime
) -> list[FeedEffect]:
    """Returns what becomes of the article in each feed that shows it or would; feeds of readers are not included."""
    shown = read_links(conn, [after.id]).shown if before is not None else frozenset()
    wanted = set(settings.selections.select(article_terms(after)))
    concerned = [slug for slug in settings.sections if slug in wanted or slug in shown]
    return list(_effects(conn, settings, before, after, now, concerned[:MOST], shown, wanted))


def _effects(
    conn: Connection,
    settings: Settings,
    before: Article | None,
    after: Article,
    now: datetime,
    concerned: list[str],
    shown: frozenset[str],
    wanted: set[str],
) -> Iterator[FeedEffect]:
    at = after.published_at
    public = after.status == "published" and (after.expires_at is None or after.expires_at > now)
    for slug in concerned:
        place = None
        if public and slug in wanted and at is not None and at <= now:
            place = _place(conn, settings, settings.sections[slug], after, at, now)
        if place is not None and slug not in shown:
            yield FeedEffect(slug, "enters", place)
        elif place is not None:
            moves = before is not None and before.published_at != at
            changes = before is not None and any(getattr(before, name) != getattr(after, name) for name in SHOWN)
            yield FeedEffect(slug, "moves" if moves else "changes" if changes else "stays", place)
        elif slug in shown:
            yield FeedEffect(slug, "leaves")
        elif public and slug in wanted and at is not None and at > now:
            yield FeedEffect(slug, "scheduled", at=at)


def _place(
    conn: Connection, settings: Settings, section: Section, article: Article, at: datetime, now: datetime
) -> int | None:
    """Returns the article's place in the feed, 1 for the newest; None if the feed has no room for it."""
    found = list_candidates(conn, settings.selections.wanted(section), section, now, 1)
    mine = (at, article.id)
    place = 1 + sum(1 for one in found if one.article_id != article.id and (one.published_at, one.article_id) > mine)
    return place if is_within_limits(section, place, at, now) else None
