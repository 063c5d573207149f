"""A feed that an editor holds: its next version, from the entries of the held one. ``now`` is a parameter.

The entries have the bytes that they had, in the same order. Withdrawn, expired and embargoed stories are not among
them: these are decisions, and pass through a hold. Everything else waits: new stories, corrections, deletions, a new
title of the feed. If no entry differs from the published ones, nothing is written: the documents stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndication.logs import get_logger
from syndication.model.fragments import Fragments
from syndication.model.values import Feed, RenderedEntry
from syndication.pipeline.gather import Newsroom, build_feed
from syndication.render.kept_entries import cut_entries
from syndication.store import Connection
from syndication.store.articles import feed_query
from syndication.store.articles.feed_query import Decisions
from syndication.store.publishing import change_queue, documents, entry_states
from syndication.store.publishing.entry_states import EntryState
from syndication.store.publishing.holds import EditorHold
from syndication.store.publishing.published import PublishedEntry, PublishedState

log = get_logger(__name__)

ROLLED_BACK = "rolled-back"
"""Why an entry left a feed that was rolled back to a version without it."""


@dataclass(frozen=True, slots=True)
class HeldSnapshot:
    """One snapshot of a section that an editor holds.

    ``states`` are the entries of the held version, ``decisions`` are about those. ``feed`` is the feed without entries.
    """

    published: PublishedState
    hold: EditorHold
    states: Sequence[EntryState]
    decisions: Decisions
    feed: Feed
    is_caught_up: bool
    now: datetime

    @property
    def shown(self) -> list[EntryState]:
        """The entries that readers get."""
        return [state for state in self.states if state.article_id not in self.reasons]

    @property
    def reasons(self) -> dict[str, str]:
        """Why entries of the held version are not shown, by article."""
        expired = {
            state.article_id: "expired"
            for state in self.states
            if state.article_id not in self.decisions.known
            and state.expires_at is not None
            and state.expires_at <= self.now
        }
        return expired | dict(self.decisions.reasons)

    @property
    def is_published(self) -> bool:
        """Whether readers get these entries already."""
        return [(state.article_id, state.digest) for state in self.shown] == [
            (entry.article_id, entry.digest) for entry in self.published.entries.values()
        ]

    @property
    def next_due(self) -> datetime | None:
        """When the hold ends, or an entry expires or comes back."""
        gone = [state.expires_at for state in self.states if state.article_id not in self.decisions.known]
        moments = [moment for moment in (self.hold.until, *gone) if moment is not None and moment > self.now]
        return min([*moments, *self.decisions.moments], default=None)


class SectionHeld(Exception):  # noqa: N818  # no error: another way to regenerate
    """An editor holds the section; ``snapshot`` is what is needed to regenerate it."""

    def __init__(self, snapshot: HeldSnapshot) -> None:
        super().__init__(snapshot.published.section)
        self.snapshot = snapshot


def read_held(
    conn: Connection, newsroom: Newsroom, current: PublishedState, hold: EditorHold, now: datetime
) -> HeldSnapshot:
    """Returns the section as an editor holds it, in the caller's snapshot."""
    states = entry_states.read(conn, current.section, hold.version)
    if states is None:
        # Not kept, or published by a program that keeps none: the feed stays as it is, and withdrawals still pass.
        log.warning("held_version_missing", section=current.section, version=hold.version)
        states = _published_states(conn, current)
    # An expiry that was set since that version counts, even if the article's row is gone by now.
    known = current.entries
    states = [
        replace(state, expires_at=known[state.article_id].expires_at) if state.article_id in known else state
        for state in states
    ]
    feed, _ = build_feed((), newsroom, newsroom.sections[current.section], now)
    due = current.next_due is not None and current.next_due <= now
    return HeldSnapshot(
        published=current,
        hold=hold,
        states=states,
        decisions=feed_query.find_decisions(conn, [state.article_id for state in states], now),
        feed=feed,
        is_caught_up=not due and change_queue.oldest(conn) is None,
        now=now,
    )


def rendered_entries(held: HeldSnapshot) -> list[RenderedEntry]:
    """Returns the entries that readers get, with their bytes."""
    return [
        RenderedEntry(state.article_id, state.entry_id, state.digest, Fragments.unpack(state.body))
        for state in held.shown
    ]


def published_entries(held: HeldSnapshot, version: int) -> tuple[PublishedEntry, ...]:
    """Returns the entries that readers get, as those of ``version``, which is the published one or the next."""
    before, found = held.published.entries, []
    for position, state in enumerate(held.shown):
        known = before.get(state.article_id)
        if known is not None and known.digest == state.digest:
            found.append(replace(known, position=position))
            continue
        found.append(
            PublishedEntry(
                article_id=state.article_id,
                entry_id=state.entry_id,
                position=position,
                digest=state.digest,
                version=version,
                since_version=known.since_version if known is not None else version,
                published_at=state.published_at,
                updated_at=state.updated_at,
                article_updated_at=state.article_updated_at,
                expires_at=state.expires_at,
                state=state.state,
            )
        )
    return tuple(found)


def _published_states(conn: Connection, current: PublishedState) -> list[EntryState]:
    """Returns the published entries, cut out of the documents."""
    pieces = cut_entries(documents.load_bodies(conn, current.section, current.version))
    names = [name for name in EntryState.__slots__ if name != "body"]
    return [
        EntryState(**{name: getattr(entry, name) for name in names}, body=piece.pack())
        for entry, piece in zip(current.entries.values(), pieces, strict=True)
    ]
