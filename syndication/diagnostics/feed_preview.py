"""What a definition of a feed would show now, and what readers would notice of it: a query, nothing is rendered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from syndication.model.feed_selections import FeedSelections
from syndication.model.values import Section
from syndication.model.wanted_terms import WantedTerms
from syndication.pipeline.gather import list_candidates
from syndication.store import Connection
from syndication.store.articles.article_outlines import read_outlines
from syndication.store.articles.feed_query import find_departure_reasons
from syndication.store.publishing.published import find_published

FIRST = 20
"""Entries that a preview names; it counts all."""

CLIENTS_KEEP = "Feed readers keep what they have already fetched, also entries that leave."


@dataclass(frozen=True, slots=True)
class PreviewedEntry:
    """A story that would be in the feed; ``comes``: it is not in the published one. Every one of them is public."""

    article_id: str
    title: str
    published_at: datetime
    comes: bool


@dataclass(frozen=True, slots=True)
class LeavingEntry:
    """A story in the published feed that would not be in this one.

    It is named in public, so it was shown to readers; ``title`` is empty if its text is not public now.
    """

    article_id: str
    title: str


@dataclass(frozen=True, slots=True)
class FeedPreview:
    """A feed as it would be at ``now``, with ``total`` entries, and how that differs from what is published.

    ``first`` are its newest entries, ``leaving`` some of the ``gone``; ``version`` is the published one, 0 if none.
    ``notices`` are sentences: what readers notice.
    """

    total: int
    first: tuple[PreviewedEntry, ...]
    version: int
    come: int
    stay: int
    gone: int
    leaving: tuple[LeavingEntry, ...]
    notices: tuple[str, ...]


def preview_feed(
    conn: Connection, feeds: FeedSelections, section: Section, current: Section | None, now: datetime
) -> FeedPreview:
    """Returns what the feed would have at ``now``; ``current`` is the feed of that address today, if there is one.

    ``feeds`` has the sections that the definition may name.

    Two statements for the entries and one for what is published, whatever the number of feeds.
    """
    found = list_candidates(conn, feeds.wanted(section), section, now, 0)
    ids = [candidate.article_id for candidate in found]
    published = find_published(conn, current.slug) if current is not None else None
    before = list(published.entries) if published is not None else []
    known, wanted = set(before), set(ids)
    leaving = [id for id in before if id not in wanted]
    # An entry that was moved by a withdrawal or an expiry leaves whatever the definition says.
    outlines = read_outlines(conn, [*ids[:FIRST], *leaving[:FIRST]])
    hidden = find_departure_reasons(conn, WantedTerms(), leaving[:FIRST], now) if leaving else {}
    first = tuple(
        PreviewedEntry(c.article_id, outlines[c.article_id].title, c.published_at, c.article_id not in known)
        for c in found[:FIRST]
        if c.article_id in outlines
    )
    come = len(wanted - known)
    return FeedPreview(
        total=len(ids),
        first=first,
        version=published.version if published is not None else 0,
        come=come,
        stay=len(wanted & known),
        gone=len(leaving),
        leaving=tuple(
            LeavingEntry(id, outlines[id].title if id in outlines and id not in hidden else "")
            for id in leaving[:FIRST]
        ),
        notices=tuple(reader_notices(section, current, come, len(leaving))),
    )


def reader_notices(section: Section, current: Section | None, come: int, gone: int) -> Sequence[str]:
    """Returns what readers notice of a new definition, in sentences."""
    if current is None:
        return ["The feed is new: nobody reads it yet. Its stories have the same IDs there as in every other feed."]
    words = []
    if come or gone:
        words.append(f"{_entries(come)} {'comes' if come == 1 else 'come'}, {gone:,} {'goes' if gone == 1 else 'go'}.")
        words.append("Stories keep their IDs, so readers see none of them twice.")
    if gone:
        words.append(CLIENTS_KEEP)
    if section.title != current.title:
        words.append(f"Most readers show the new title, {section.title}, at their next request.")
    if section.content != current.content:
        new = "whole stories" if section.content == "full" else "summaries"
        words.append(f"All entries change: readers get {new}, and some mark them as unread.")
    if section.slug != current.slug:
        words.append(f"The old address, /feeds/{current.slug}, redirects to the new one (301), so subscriptions go on.")
    return words or ["Readers notice nothing."]


def _entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
