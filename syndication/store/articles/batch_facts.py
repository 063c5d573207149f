"""Reads, in one snapshot, where the articles of one act are: a few queries, however many articles there are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from syndication.model.feed_selections import FeedSelections
from syndication.store.articles.terms import read_terms
from syndication.store.articles.withdrawals import get_withdrawals
from syndication.store.db.batches import batched
from syndication.store.processes import workers
from syndication.store.publishing.section_state import SectionState, list_states
from syndication.store.tables.publishing import ChangeRow, EntryRow, TombstoneRow


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """Several articles at ``now``; ``out`` are those that are withdrawn.

    ``shown`` has, for each feed, those of which it has an entry. ``departed`` has, for each
    feed that one of them left, when the last one did.
    ``wanted`` are the feeds that select one that is not out. ``noticed_at`` is when the oldest change of one of them,
    or of all articles, came that is still in the queue.
    """

    ids: Sequence[str]
    out: frozenset[str]
    now: datetime
    noticed_at: datetime | None
    workers: int
    shown: Mapping[str, Collection[str]]
    departed: Mapping[str, datetime]
    wanted: Collection[str]
    states: Mapping[str, SectionState]

    def seen_by_all(self, states: Mapping[str, SectionState]) -> "BatchFacts":
        """Returns the facts for who may not preview: no change that waits, as it may be of a hidden text."""
        return replace(self, noticed_at=None, states=states)


def read_batch_facts(conn: Connection, ids: Sequence[str], feeds: FeedSelections, now: datetime) -> BatchFacts:
    """Returns what is known of these articles."""
    out = get_withdrawals(conn, ids)
    shown: dict[str, set[str]] = {}
    noticed = [conn.scalar(select(func.min(ChangeRow.noticed_at)).where(ChangeRow.article_id.is_(None)))]
    departed: dict[str, datetime] = {}
    for some in batched(ids):
        entries = select(EntryRow.section, EntryRow.article_id).where(EntryRow.article_id.in_(some))
        for row in conn.execute(entries):
            shown.setdefault(row.section, set()).add(row.article_id)
        noticed.append(conn.scalar(select(func.min(ChangeRow.noticed_at)).where(ChangeRow.article_id.in_(some))))
        for tombstone in conn.execute(
            select(TombstoneRow.section, TombstoneRow.at).where(TombstoneRow.article_id.in_(some))
        ):
            departed[tombstone.section] = max(tombstone.at, departed.get(tombstone.section, tombstone.at))
    back = [id for id in ids if id not in out]
    terms = read_terms(conn, back) if back else {}
    wanted = {slug for id in back for slug in feeds.select(terms.get(id, frozenset()))}
    return BatchFacts(
        ids=ids,
        out=frozenset(out),
        now=now,
        noticed_at=min((moment for moment in noticed if moment is not None), default=None),
        workers=len(workers.list_alive(conn, now)),
        shown=shown,
        departed=departed,
        wanted=wanted,
        states={state.section: state for state in list_states(conn, sorted({*shown, *wanted}))},
    )
