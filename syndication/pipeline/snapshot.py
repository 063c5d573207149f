"""One read of a section: what is published, what its feed would show now, and why entries left."""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from syndication.model.freshness import Cadence
from syndication.model.values import Feed
from syndication.pipeline.definitions_moved import DefinitionsMoved
from syndication.pipeline.deleted_entries import deleted_entries
from syndication.pipeline.editor_hold import SectionHeld, read_held
from syndication.pipeline.gather import Gathered, Newsroom, Reading, basis, gather, read_candidates
from syndication.pipeline.known_articles import KnownArticles
from syndication.render import RENDER_REVISION
from syndication.store import Connection
from syndication.store.articles import feed_query
from syndication.store.articles.truncation import wait_for_truncation
from syndication.store.db.database import Database
from syndication.store.publishing import feed_definitions
from syndication.store.publishing.published import PublishedState, with_entries
from syndication.store.publishing.section_reading import Surroundings, read_section


@dataclass(frozen=True, slots=True)
class SectionSnapshot:
    """One snapshot of a section: its published state, its gathered articles, and why entries left.

    ``embargoed`` articles left because their publish time is in the future. ``is_caught_up`` means that no change was
    waiting; ``shown_digests`` identify the content of each article that readers have seen.
    """

    published: PublishedState
    gathered: Gathered
    departure_reasons: Mapping[str, str]
    embargoed: Collection[str]
    is_caught_up: bool
    shown_digests: Mapping[str, str | None]


Begin = Callable[[Feed, Collection[str]], None]
"""Called with the feed, and the articles that the worker had not in memory."""


class SameBasis(Exception):  # noqa: N818  # no error: nothing is left to do
    """A section would be made from what its published version was made from."""

    def __init__(self, published: PublishedState, entries: int, *, is_caught_up: bool) -> None:
        super().__init__(published.section)
        self.published = published
        self.entries = entries
        self.is_caught_up = is_caught_up


def require_revision(conn: Connection, revision: int | None) -> None:
    """Raises DefinitionsMoved unless editors' feeds are those of ``revision`` still; None: any."""
    if revision is not None and feed_definitions.read_revision(conn) != revision:
        raise DefinitionsMoved


def read_snapshot(
    database: Database,
    newsroom: Newsroom,
    slug: str,
    more: int | None = None,
    revision: int | None = None,
    known: KnownArticles | None = None,
    begin: Begin | None = None,
) -> SectionSnapshot:
    """Returns a section as it is now, with ``more`` articles beyond its limit.

    None: as many as were left out last time, so that one read is usually enough. ``begin`` may begin to render what is
    new, while the rest is read; not if rendering has killed workers, which is found out entry by entry. Raises
    DefinitionsMoved if editors' feeds are no longer those of ``revision``, SectionHeld if an editor holds it, and
    SameBasis if it was requested without a change and would be the same.
    """
    section = newsroom.sections[slug]
    with database.snapshot() as conn:
        wait_for_truncation(conn)
        current, around = read_section(conn, slug)
        if revision is not None and around.definitions != revision:
            raise DefinitionsMoved
        now = database.time(around.clock)
        if (hold := current.editor_hold) is not None and not hold.is_over(now):
            raise SectionHeld(read_held(conn, newsroom, with_entries(conn, current), hold, now))
        rows = None
        if more is None and _may_be_same(current, around, newsroom.fingerprints()[slug]):
            rows = read_candidates(conn, newsroom, section, now, 0)
            is_recorded = all(candidate.shown is not None for candidate in rows.candidates)
            if is_recorded and basis_of(current, basis(rows, around.stamp)) == current.basis:
                caught_up = around.oldest_change is None
                raise SameBasis(current, len(rows.candidates), is_caught_up=caught_up)
        reading = Reading(known or KnownArticles(), around.stamp, around.has_fatal)
        more = current.left_out if more is None else more
        gathered = gather(conn, newsroom, section, now, more, reading=reading, rows=rows)
        if begin is not None and not current.deaths:
            begin(gathered.feed, gathered.new)
        current = with_entries(conn, current)
        left = current.entries.keys() - {candidate.article_id for candidate in gathered.candidates}
        gone = feed_query.find_departure_reasons(conn, newsroom.selections.wanted(section), left, now) if left else {}
        gone |= _expired(current, gone, now)
        unpublished = [id for id, reason in gone.items() if reason == "unpublished"]
        due = current.next_due is not None and current.next_due <= now
        return SectionSnapshot(
            published=current,
            gathered=replace(gathered, feed=replace(gathered.feed, deleted=deleted_entries(current))),
            departure_reasons=gone,
            embargoed=feed_query.find_embargoed(conn, unpublished, now) if unpublished else set(),
            is_caught_up=not due and around.oldest_change is None,
            shown_digests={one.article_id: one.shown for one in gathered.candidates},
        )


def basis_of(current: PublishedState, articles: str | None) -> str | None:
    """Returns a digest of all that a feed is made from; ``articles`` is that of ``gather.basis``, or None like it."""
    if articles is None:
        return None
    parts = (current.fingerprint, RENDER_REVISION, articles, current.deleted)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _may_be_same(current: PublishedState, around: Surroundings, fingerprint: str) -> bool:
    """Returns whether only a request asks for it, nothing has fallen due, and nothing of it is to be tried again."""
    return (
        current.basis is not None
        and current.fingerprint == fingerprint
        and (current.cadence is None or Cadence.from_text(current.cadence) is not None)
        and current.noticed_at is None
        and not current.is_suspected
        and not current.followed
        and current.hold is None
        and current.editor_hold is None
        and not (current.left_out or current.failures or current.deaths or around.has_fatal)
    )


def _expired(current: PublishedState, gone: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Returns the deleted articles that have expired since: their entries know when."""
    expiries = {id: current.entries[id].expires_at for id, reason in gone.items() if reason == "deleted"}
    return {id: "expired" for id, expires_at in expiries.items() if expires_at is not None and expires_at <= now}
