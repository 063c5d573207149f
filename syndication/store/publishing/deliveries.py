"""Records what becomes of each change: which feeds it may concern, and which version of each shows it.

Written in transactions that gather and publish anyway; ``processes.delivery_moments`` adds later when it was served.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update

from syndication.store.db.batches import batched
from syndication.store.db.together import TAKEN, Together
from syndication.store.publishing.versions import EntryChange
from syndication.store.tables.access import FeedVersionChangeRow, FeedVersionRow
from syndication.store.tables.deliveries import DeliveryFeedRow, DeliveryRow
from syndication.store.tables.publishing import PurgeRow, SectionStateRow

ChangeKind = Literal[
    "published", "edited", "scheduled", "appeared", "expired", "withdrawn", "restored", "deleted", "draft", "many"
]
"""What happened to the article. ``appeared``: its embargo ended; ``many``: stories of an import, counted together."""

KINDS: Sequence[ChangeKind] = get_args(ChangeKind)

Purged = Literal["waiting", "given-up", "done"]

PURGES: Sequence[Purged] = get_args(Purged)

LEAVING: Collection[ChangeKind] = ("withdrawn", "deleted", "draft", "expired")
"""The kinds after which an article is in no feed."""

DECIDED: Collection[ChangeKind] = ("withdrawn", "expired")
"""The kinds that pass through a hold by an editor; others wait for its end."""

MAX_NAMED = 200
"""Stories recorded one by one of those that are gathered together; an import's others are one row with their number."""

KEPT = 500_000
"""The most changes kept, however many days that is."""

PRUNED_AT_ONCE = 20_000
"""Changes deleted in one transaction, which others wait for."""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A change that was just gathered, and the feeds that it may concern; ``article_id`` None: ``articles`` stories."""

    article_id: str | None
    kind: ChangeKind
    written_at: datetime
    sections: Collection[str]
    articles: int = 1


_INSERT = insert(DeliveryRow).returning(DeliveryRow.seq, sort_by_parameter_order=True)
_INSERT_MANY = insert(DeliveryRow)
_LAST = select(func.max(DeliveryRow.seq))
_INSERT_FEED = insert(DeliveryFeedRow)


def record_changes(
    conn: Connection, changes: Sequence[NewDelivery], generations: Mapping[str, int], now: datetime
) -> None:
    """Records changes in the transaction that gathers them; ``generations`` are those requested, by section."""
    if not changes:
        return
    rows = [
        {
            "article_id": change.article_id,
            "articles": change.articles,
            "kind": change.kind,
            "written_at": change.written_at,
            "noticed_at": now,
            "settled_at": None if change.sections & generations.keys() else now,
        }
        for change in changes
    ]
    numbers = _insert(conn, rows)
    feeds = [
        {"delivery": seq, "section": slug, "generation": generations[slug]}
        for seq, change in zip(numbers, changes, strict=True)
        for slug in sorted(change.sections & generations.keys())
    ]
    if feeds:
        conn.execute(_INSERT_FEED, feeds)


def _insert(conn: Connection, rows: Sequence[Mapping[str, object]]) -> Sequence[int]:
    """Inserts changes; returns their numbers in the same order."""
    if conn.dialect.name == "postgresql" or len(rows) == 1:
        return conn.scalars(_INSERT, rows).all()
    # SQLite returns the numbers of several rows in any order, so they would be inserted one by one. But there is no
    # other writer, and AUTOINCREMENT counts up.
    conn.execute(_INSERT_MANY, rows)
    last = int(conn.scalar(_LAST) or 0)
    return range(last - len(rows) + 1, last + 1)


@dataclass(frozen=True, slots=True)
class Regenerated:
    """What a regeneration found: ``version`` is None if no byte changed.

    ``kept`` are articles that a hold keeps in the feed. ``purge``: caches are to be purged of the version before.
    ``held``: an editor holds the feed, so that changes which it does not show wait still.
    """

    section: str
    version: int | None
    changes: Collection[EntryChange]
    kept: Collection[str]
    purge: bool
    at: datetime
    held: bool = False


Shown = Mapping[str, object]
"""The values of a row whose change a version shows; ``row`` is its delivery."""


def record_regeneration(conn: Connection, done: Regenerated, waiting: Sequence[Any]) -> Sequence[Shown]:
    """Records a regeneration for the changes that waited for it, of ``WAITING``; returns those that its version shows.

    These are written by ``record_shown``, once the version has its number. A change of what no feed shows waits no
    more. One that another version was early enough for is in that one.
    """
    if not waiting:
        return []
    found = {change.article_id: change for change in done.changes}
    shown, left = [], []
    for row in waiting:
        change = found.get(row.article_id) if row.article_id is not None else None
        if change is not None or (row.article_id is None and done.version is not None and not done.held):
            shown.append(
                {
                    "row": row.delivery,
                    "change": change.change if change else None,
                    "reason": change.reason if change else None,
                    "version": done.version,
                    "published_at": done.at,
                    "purge": "waiting" if done.purge else None,
                }
            )
        elif done.held and row.kind not in DECIDED:
            continue
        elif row.article_id not in done.kept or row.kind not in LEAVING:
            left.append(row)
    earlier = _shown_earlier(conn, done.section, left)
    _update(conn, done.section, earlier)
    _remove(conn, done.section, {row.delivery for row in left} - {values["row"] for values in earlier})
    return shown


def record_shown(conn: Together, section: str, shown: Sequence[Shown]) -> None:
    """Records the publication that shows these changes; nobody else writes rows that no version shows yet."""
    _update(conn, section, [{**values, "publication": TAKEN} for values in shown])


def record_purged(conn: Connection, section: str, version: int, state: Purged, now: datetime | None) -> None:
    """Records the end of a purge, for this version and all before it; ``now`` is None if it was given up."""
    rows = DeliveryFeedRow
    conn.execute(
        update(rows)
        .where(rows.section == section, rows.version <= version, rows.purge.is_not(None), rows.purged_at.is_(None))
        .values(purge=state, purged_at=now)
    )


def reopen_purges(conn: Connection, section: str) -> None:
    """Lets the changes wait again whose purge was given up: it is sent once more."""
    rows = DeliveryFeedRow
    given_up = (rows.section == section) & rows.purged_at.is_(None) & (rows.purge == "given-up")
    for some in batched(conn.scalars(select(rows.delivery).where(given_up)).all()):
        conn.execute(update(DeliveryRow).where(DeliveryRow.seq.in_(some)).values(settled_at=None))
    conn.execute(update(rows).where(given_up).values(purge="waiting"))


def prune(conn: Connection, before: datetime, sections: Collection[str]) -> None:
    """Deletes changes noticed before ``before`` and those over the limit, the oldest first, so many at a time.

    What waits for a feed that is not configured any more waits no longer.
    """
    last = conn.scalar(select(func.max(DeliveryRow.seq))) or 0
    old = select(DeliveryRow.seq).where((DeliveryRow.noticed_at < before) | (DeliveryRow.seq <= last - KEPT))
    for some in batched(conn.scalars(old.order_by(DeliveryRow.seq).limit(PRUNED_AT_ONCE)).all()):
        conn.execute(delete(DeliveryRow).where(DeliveryRow.seq.in_(some)))
    rows = DeliveryFeedRow
    for section in conn.scalars(select(rows.section).where(rows.published_at.is_(None)).distinct()).all():
        if section not in sections:
            conn.execute(delete(rows).where(rows.section == section, rows.published_at.is_(None)))


WAITING = (
    select(DeliveryFeedRow.delivery, DeliveryRow.article_id, DeliveryRow.kind, DeliveryRow.written_at)
    .join(DeliveryRow, DeliveryRow.seq == DeliveryFeedRow.delivery)
    .where(
        DeliveryFeedRow.section == bindparam("of", type_=DeliveryFeedRow.section.type),
        DeliveryFeedRow.published_at.is_(None),
        DeliveryFeedRow.generation <= bindparam("generation", type_=DeliveryFeedRow.generation.type),
    )
    .order_by(DeliveryFeedRow.delivery)
)
"""The changes that wait for a generation of a section."""


def _shown_earlier(conn: Connection, section: str, left: Iterable) -> list[dict[str, object]]:  # type: ignore[type-arg]
    """Returns the changes that are in a version already, which was read after they were written."""
    named = [row for row in left if row.article_id is not None]
    if not named:
        return []
    oldest = min(row.written_at for row in named)
    by_article: dict[str, list] = {}  # type: ignore[type-arg]
    entry, version = FeedVersionChangeRow, FeedVersionRow
    purging = exists().where(
        PurgeRow.section == section, PurgeRow.version >= version.version, PurgeRow.given_up_at.is_(None)
    )
    query = (
        select(entry.article_id, entry.change, entry.reason, version.version, version.at, purging.label("purging"))
        .join(version, (version.section == entry.section) & (version.version == entry.version))
        .where(entry.section == section, version.at >= oldest)
        .order_by(version.version)
    )
    for some in batched(sorted({row.article_id for row in named})):
        for row in conn.execute(query.where(entry.article_id.in_(some))):
            by_article.setdefault(row.article_id, []).append(row)
    if not by_article:
        return []
    publication = conn.scalar(select(SectionStateRow.publication).where(SectionStateRow.section == section))
    found: list[dict[str, object]] = []
    for row in named:
        change = next((one for one in by_article.get(row.article_id, ()) if one.at >= row.written_at), None)
        if change is not None:
            found.append(
                {
                    "row": row.delivery,
                    "change": change.change,
                    "reason": change.reason,
                    "version": change.version,
                    "published_at": change.at,
                    "purge": "waiting" if change.purging else None,
                    "publication": publication,
                }
            )
    return found


_VALUES = ("change", "reason", "version", "published_at", "purge", "publication")
_UPDATED = (
    update(DeliveryFeedRow)
    .where(
        DeliveryFeedRow.section == bindparam("of"),
        DeliveryFeedRow.delivery == bindparam("row"),
        DeliveryFeedRow.published_at.is_(None),
    )
    .values({name: bindparam(f"new_{name}", type_=DeliveryFeedRow.__table__.c[name].type) for name in _VALUES})
    .execution_options(synchronize_session=False)
)


def _update(conn: Connection | Together, section: str, values: Sequence[Shown]) -> None:
    if values:
        new = [{"of": section, "row": one["row"], **{f"new_{name}": one[name] for name in _VALUES}} for one in values]
        conn.execute(_UPDATED, new)


def _remove(conn: Connection, section: str, numbers: Collection[int]) -> None:
    rows = DeliveryFeedRow
    for some in batched(sorted(numbers)):
        conn.execute(delete(rows).where(rows.section == section, rows.delivery.in_(some)))
