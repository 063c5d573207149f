"""One read of a section: what is published, what its feed would show now, and why entries left."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from syndication.pipeline.definitions_moved import DefinitionsMoved
from syndication.pipeline.deleted_entries import deleted_entries
from syndication.pipeline.editor_hold import SectionHeld, read_held
from syndication.pipeline.gather import Gathered, Newsroom, Reading, gather
from syndication.pipeline.known_articles import KnownArticles
from syndication.store import Connection
from syndication.store.articles import feed_query
from syndication.store.articles.truncation import wait_for_truncation
from syndication.store.db.database import Database
from syndication.store.publishing import feed_definitions
from syndication.store.publishing.published import PublishedState
from syndication.store.publishing.section_reading import read_section


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
) -> SectionSnapshot:
    """Returns a section as it is now, with ``more`` articles beyond its limit.

    None: as many as were left out last time, so that one read is usually enough. Raises
    DefinitionsMoved if editors' feeds are no longer those of ``revision``, and SectionHeld if an editor holds it.
    """
    section = newsroom.sections[slug]
    with database.snapshot() as conn:
        wait_for_truncation(conn)
        current, around = read_section(conn, slug)
        if revision is not None and around.definitions != revision:
            raise DefinitionsMoved
        now = database.time(around.clock)
        if (hold := current.editor_hold) is not None and not hold.is_over(now):
            raise SectionHeld(read_held(conn, newsroom, current, hold, now))
        reading = Reading(known or KnownArticles(), around.stamp, around.has_fatal)
        more = current.left_out if more is None else more
        gathered = gather(conn, newsroom, section, now, more, reading=reading)
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


def _expired(current: PublishedState, gone: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Returns the deleted articles that have expired since: their entries know when."""
    expiries = {id: current.entries[id].expires_at for id, reason in gone.items() if reason == "deleted"}
    return {id: "expired" for id, expires_at in expiries.items() if expires_at is not None and expires_at <= now}
