"""Writes what a regeneration found, in the caller's one transaction: a new version, or that no byte changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from syndication.model.freshness import Cadence
from syndication.model.values import Document, LeftOut
from syndication.store.db.together import Together
from syndication.store.publishing import (
    article_states,
    deliveries,
    editor_holds,
    entry_rows,
    entry_states,
    holds,
    published,
    regenerations,
    versions,
)
from syndication.store.publishing.article_states import ArticleState
from syndication.store.publishing.holds import Hold
from syndication.store.publishing.published import PublishedEntry, PublishedState, Tombstone
from syndication.store.publishing.versions import EntryChange


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What a regeneration found. Without ``documents``, no byte changed, and ``version`` is the published one.

    ``updated_at`` and ``last_modified`` are the times of new documents. ``tombstones`` and ``changes`` are the
    differences from the previous version. ``shown`` are the digests of articles whose content is new to readers and
    not recorded yet, and ``states`` those articles. ``hold`` keeps vanished entries. ``missed``: what a sweep suspected
    was a difference. ``cadence`` is the feed's, and ``max_age`` the cache time in seconds that new documents say.
    ``bodies`` are the packed bytes, by article, of entries that are new or changed (None: the feed cannot be rolled
    back), and ``sources`` digests of what those were rendered from, if known. ``ends_editor_hold``: its time is over.
    ``basis`` is a digest of what it was made from.
    """

    version: int
    documents: tuple[Document, ...]
    updated_at: datetime | None
    last_modified: datetime | None
    next_due: datetime | None
    entries: tuple[PublishedEntry, ...]
    tombstones: tuple[Tombstone, ...]
    changes: tuple[EntryChange, ...]
    left_out: tuple[LeftOut, ...]
    shown: Mapping[str, str]
    states: tuple[ArticleState, ...]
    hold: Hold | None
    missed: bool
    cadence: Cadence | None = None
    max_age: int | None = None
    bodies: Mapping[str, bytes] | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    ends_editor_hold: bool = False
    basis: str | None = None


def write(
    conn: Connection,
    writes: Together,
    current: PublishedState,
    new: NewVersion,
    now: datetime | None,
    keep: int,
    *,
    purge: bool = False,
) -> datetime | None:
    """Writes it, and deletes the version ``keep`` before; returns its time, which is ``now`` if that is known.

    Returns None, with nothing written, if another was faster. ``current`` is the state that the regeneration read.
    ``purge``: caches will be purged of the version before. The caller runs ``writes``.
    """
    state: dict[str, datetime | str | int | None] = {"next_due": new.next_due}
    state["cadence"] = new.cadence.to_text() if new.cadence else None
    state["basis"] = new.basis
    if new.documents:
        state |= {"updated_at": new.updated_at, "last_modified": new.last_modified, "max_age": new.max_age}
    done = published.complete(conn, current, version=new.version, regenerated_at=now, missed=new.missed, **state)
    if done is None:
        return None
    section, now = current.section, done.at
    _write_hold(conn, current, new.hold)
    if new.ends_editor_hold:
        editor_holds.end(conn, section, now)
    if new.entries != tuple(current.entries.values()):
        entry_rows.write_entries(writes, current, new.entries)
    published.write_left_out(conn, current, new.left_out, now)
    if new.documents:
        _write_documents(conn, writes, current, new, now, keep)
    _record_result(conn, current, "published" if new.documents else "unchanged", new.version, now)
    following = _regenerated(current, new, now, purge=purge)
    shown = deliveries.record_regeneration(conn, following, done.waiting)
    # From here on in the order of locks: other sections' regenerations write these rows too.
    article_states.record_states(writes, new.states, now)
    if new.documents:
        published.number_publication(conn, writes, section)
        deliveries.record_shown(writes, section, shown)
    return now


def confirm(conn: Connection, current: PublishedState, now: datetime) -> bool:
    """Completes a regeneration that found what the published version was made from; returns False like ``write``."""
    if published.complete(conn, current, version=current.version, regenerated_at=now) is None:
        return False
    _record_result(conn, current, "unchanged", current.version, now)
    return True


def _record_result(conn: Connection, current: PublishedState, result: str, version: int, now: datetime) -> None:
    # What was asked for by the generation that was read was there when it was read.
    if current.awaited:
        regenerations.record_result(conn, current.section, current.requested_generation, result, version, None, now)


def _regenerated(current: PublishedState, new: NewVersion, now: datetime, *, purge: bool) -> deliveries.Regenerated:
    return deliveries.Regenerated(
        section=current.section,
        version=new.version if new.documents else None,
        changes=new.changes,
        kept={entry.article_id for entry in new.entries} if new.hold is not None else (),
        purge=purge,
        at=now,
        held=current.editor_hold is not None and not new.ends_editor_hold,
    )


def _write_documents(
    conn: Connection, writes: Together, current: PublishedState, new: NewVersion, now: datetime, keep: int
) -> None:
    published.write_documents(writes, new.documents)
    published.write_tombstones(conn, current.section, new.tombstones, new.version, new.updated_at or now)
    size = sum(document.size for document in new.documents)
    states = entry_states.NewStates(new.version, new.entries, new.bodies, new.sources)
    entry_states.record(writes, current.section, current.entries, states, keep)
    order = None if new.bodies is None else entry_states.pack_order(new.entries)
    versions.record_version(
        writes, current.section, new.version, now, len(new.entries), size, new.changes, keep, current.noticed_at, order
    )


def _write_hold(conn: Connection, current: PublishedState, hold: Hold | None) -> None:
    if hold is not None:
        holds.write(conn, hold)
    elif current.hold is not None:
        holds.end(conn, current.section)
