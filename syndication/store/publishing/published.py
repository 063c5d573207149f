"""Writes a version of a feed: documents, entries and tombstones, in the caller's one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    ScalarSelect,
    Select,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    null,
    select,
    true,
    update,
)

from syndication.model.values import FORMATS, Document, LeftOut
from syndication.store.db.together import TAKEN, Together
from syndication.store.db.types import BigInt, UtcTime
from syndication.store.db.upsert import for_each_dialect
from syndication.store.publishing import holds
from syndication.store.publishing.deliveries import WAITING
from syndication.store.publishing.holds import EditorHold, Hold
from syndication.store.publishing.publication_numbers import take_number_with
from syndication.store.tables.access import RegenerationSectionRow
from syndication.store.tables.articles import Base
from syndication.store.tables.deliveries import DeliveryFeedRow
from syndication.store.tables.publishing import (
    DocumentRow,
    EntryRow,
    HoldRow,
    LeftOutRow,
    SectionStateRow,
    TombstoneRow,
)

DELETED = ("withdrawn", "deleted")
"""The reasons of tombstones that readers are told: nobody may go on showing those stories. What expired, moved, is
under embargo again, or is left out for a fault, is not deleted."""

MOST_READ = 2_000
"""The most tombstones that are read of a section: more than documents have, and than entries may come back at once."""


@dataclass(frozen=True, slots=True)
class PublishedState:
    """The published state of a section, as a regeneration read it. ``version`` 0 means: not published yet.

    ``fingerprint`` is that of the configuration which owns the section, ``left_out`` the number of articles left out,
    ``failures`` the number of failed attempts, ``deaths`` the number of workers that died in a row. ``noticed_at``
    is the time of the oldest waiting change, ``requested_at`` that of the oldest request of any kind. ``hold`` is the
    hold for vanished entries, if there is one. ``suspected_generation`` is the request of a sweep that has not been
    regenerated yet, and ``suspected_entries`` the number of entries in which it found a difference. ``max_age`` is the
    cache time that the documents say, in seconds, if it follows the feed's cadence. ``editor_hold`` may be over.
    ``deleted`` are the tombstones that readers are told, newest first, ``tombstones`` the number of all.
    ``awaited``: somebody asked for a regeneration that is not done. ``followed``: a change is on its way to the feed
    (``deliveries``). ``order`` has the numbers that order the stored ``entries``. ``basis`` is a digest of what it was
    made from, ``cadence`` as stored.
    """

    section: str
    fingerprint: str
    requested_generation: int
    requested_at: datetime | None
    noticed_at: datetime | None
    failures: int
    version: int
    updated_at: datetime | None
    next_due: datetime | None
    deaths: int | None
    suspected_generation: int | None
    suspected_entries: int | None
    left_out: int
    digests: Mapping[str, str]
    entries: Mapping[str, "PublishedEntry"]
    hold: Hold | None
    max_age: int | None = None
    hold_number: int = 0
    editor_hold: EditorHold | None = None
    deleted: tuple["PublishedTombstone", ...] = ()
    tombstones: int = 0
    awaited: bool = False
    followed: bool = False
    order: Mapping[str, int] = field(default_factory=dict)
    basis: str | None = None
    cadence: str | None = None

    @property
    def is_suspected(self) -> bool:
        """Whether this regeneration answers a sweep that found a difference."""
        return self.suspected_generation is not None and self.suspected_generation <= self.requested_generation


@dataclass(frozen=True, slots=True)
class PublishedEntry:
    """An article in a published feed; ``version`` is its last change, ``since_version`` the version that added it.

    ``position`` counts from 0; entries that only moved are equal. ``published_at`` is in whole seconds;
    ``article_updated_at`` and ``expires_at`` are the article's own. ``state`` is the digest of the article's content
    when the entry became as it is.
    """

    article_id: str
    entry_id: str
    position: int = field(compare=False)
    digest: str
    version: int
    since_version: int
    published_at: datetime
    updated_at: datetime | None
    article_updated_at: datetime | None = None
    expires_at: datetime | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An article that left a feed, and why."""

    article_id: str
    entry_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class PublishedTombstone:
    """A tombstone of ``version``, whose time was ``at``, in whole seconds."""

    article_id: str
    entry_id: str
    version: int
    at: datetime


_SECTION_COLUMNS = (
    "section", "fingerprint", "requested_generation", "requested_at", "noticed_at", "failures", "version",
    "updated_at", "next_due", "deaths", "suspected_generation", "suspected_entries",
    "max_age", "hold_number", "basis", "cadence",
)  # fmt: skip


class NotRegistered(LookupError):  # noqa: N818
    """No worker has registered the section, or it was deleted meanwhile: nobody read it any more."""


def get_published(conn: Connection, section: str) -> PublishedState:
    """Returns the published state of the section; raises NotRegistered for one that was never registered."""
    current = find_published(conn, section)
    if current is None:
        raise NotRegistered(f"no worker has registered the section {section}")
    return current


def find_published(conn: Connection, section: str) -> PublishedState | None:
    """Returns the same, or None for a section that no worker has registered yet."""
    state = conn.execute(SELECT_STATE, {"of": section}).mappings().one_or_none()
    return None if state is None else with_entries(conn, published_state(conn, section, state))


def with_entries(conn: Connection, current: PublishedState) -> PublishedState:
    """Returns the state with its entries."""
    rows = conn.execute(_ENTRIES, {"of": current.section}).all()
    return replace(
        current,
        entries={row[0]: PublishedEntry(row[0], row[1], n, *row[3:]) for n, row in enumerate(rows)},
        order={row[0]: row[2] for row in rows},
    )


def published_state(conn: Connection, section: str, state: RowMapping) -> PublishedState:
    """Returns the published state of a section, without its entries, from its row of ``SELECT_STATE``."""
    held = holds.list_holds(conn, [section]) if state["holds"] else holds.NONE
    return PublishedState(
        **{name: state[name] for name in _SECTION_COLUMNS},
        left_out=state["left_out"],
        digests={format: state[format] for format in FORMATS if state[format] is not None},
        entries={},
        hold=held.automatic.get(section),
        editor_hold=held.by_editors.get(section),
        deleted=_list_deleted(conn, section) if state["told"] else (),
        tombstones=state["tombstones"],
        awaited=bool(state["awaited"]),
        followed=bool(state["followed"]),
    )


def _state() -> Select[Any]:
    """Selects a section's state, and what there is of everything else: most sections have no holds, for instance."""
    of = bindparam("of", type_=SectionStateRow.section.type)

    def number(row: type[Base], *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
        return select(func.count()).select_from(row).where(row.__table__.c.section == of, *conditions).scalar_subquery()

    documents = (
        select(DocumentRow.digest).where(DocumentRow.section == of, DocumentRow.format == format).scalar_subquery()
        for format in FORMATS
    )
    waiting = exists().where(RegenerationSectionRow.section == of, RegenerationSectionRow.result.is_(None))
    followed = exists().where(DeliveryFeedRow.section == of, DeliveryFeedRow.published_at.is_(None))
    return select(
        *(getattr(SectionStateRow, name) for name in _SECTION_COLUMNS),
        number(LeftOutRow).label("left_out"),
        number(HoldRow).label("holds"),
        number(TombstoneRow).label("tombstones"),
        number(TombstoneRow, TombstoneRow.reason.in_(DELETED)).label("told"),
        waiting.label("awaited"),
        followed.label("followed"),
        *(digest.label(format) for format, digest in zip(FORMATS, documents, strict=True)),
    ).where(SectionStateRow.section == of)


SELECT_STATE = _state()

_ENTRIES = (
    select(*(EntryRow.__table__.c[name] for name in PublishedEntry.__slots__))
    .where(EntryRow.section == bindparam("of", type_=EntryRow.section.type))
    .order_by(EntryRow.position)
)


def _list_deleted(conn: Connection, section: str) -> tuple[PublishedTombstone, ...]:
    """Returns the tombstones that readers are told, newest first.

    Those of a version are in the order of their ids, which a database's collation must not decide.
    """
    columns = [TombstoneRow.__table__.c[name] for name in PublishedTombstone.__slots__]
    rows = conn.execute(
        select(*columns)
        .where(TombstoneRow.section == section, TombstoneRow.reason.in_(DELETED))
        .order_by(TombstoneRow.version.desc())
        .limit(MOST_READ)
    )
    found = (PublishedTombstone(**row._mapping) for row in rows)
    return tuple(sorted(found, key=lambda one: (-one.version, one.entry_id)))


@dataclass(frozen=True, slots=True)
class Completed:
    """A regeneration that was completed at a time, and the changes that waited for it: rows of ``WAITING``."""

    at: datetime
    waiting: Sequence[Any]


def complete(
    conn: Connection,
    current: PublishedState,
    *,
    version: int,
    regenerated_at: datetime | None,
    missed: bool = False,
    **state: datetime | str | int | None,
) -> Completed | None:
    """Completes the regeneration that read ``current``; ``regenerated_at`` None: at the time of PostgreSQL's clock.

    Returns None if another worker or configuration was faster, or an editor has held or released the feed since.

    Completes only the generation that was read: later requests keep waiting, behind the other sections. ``missed``:
    what a sweep suspected was a difference.
    """
    if current.is_suspected:
        state |= {"suspected_generation": None, "suspected_entries": None}
    if missed:
        state |= {"missed_entries": current.suspected_entries}
    values = {f"new_{name}": value for name, value in state.items()}
    values |= {
        "of": current.section,
        "print": current.fingerprint,
        "before": current.version,
        "holds": current.hold_number,
    }
    values |= {"generation": current.requested_generation, "version_now": version, "moment": regenerated_at}
    statement = _completed(tuple(sorted(state)), conn.dialect.name)
    if regenerated_at is not None and conn.dialect.name == "sqlite":
        if conn.execute(statement, values).rowcount != 1:
            return None
        return Completed(regenerated_at, conn.execute(WAITING, values).all() if current.followed else ())
    if not current.followed:
        at = conn.execute(statement.returning(SectionStateRow.regenerated_at), values).scalar_one_or_none()
        return None if at is None else Completed(at, ())
    rows = conn.execute(_with_waiting(tuple(sorted(state))), values).all()
    return Completed(rows[0].regenerated_at, [row for row in rows if row.delivery is not None]) if rows else None


@lru_cache(maxsize=64)
def _with_waiting(names: Sequence[str]) -> Select[Any]:
    """Does the same on PostgreSQL, and selects the changes that waited for it: they were there when it was read."""
    done = _completed(names, "postgresql").returning(SectionStateRow.regenerated_at).cte("done")
    waiting = WAITING.subquery()
    return select(done.c.regenerated_at, waiting).select_from(done.outerjoin(waiting, true()))


@lru_cache(maxsize=64)
def _completed(names: Sequence[str], dialect: str) -> Update:
    """Completes a generation, and sets these further columns."""
    row = SectionStateRow
    columns = row.__table__.c
    moment: ColumnElement[datetime] = bindparam("moment", type_=UtcTime())
    if dialect == "postgresql":
        moment = func.coalesce(moment, func.clock_timestamp(), type_=UtcTime())
    generation = bindparam("generation", type_=BigInt)
    has_more = row.requested_generation > generation
    return (
        update(row)
        .where(
            row.section == bindparam("of", type_=columns.section.type),
            row.fingerprint == bindparam("print", type_=columns.fingerprint.type),
            row.version == bindparam("before", type_=BigInt),
            row.completed_generation <= generation,
            row.hold_number == bindparam("holds", type_=BigInt),
        )
        .values(
            version=bindparam("version_now", type_=BigInt),
            completed_generation=generation,
            attempted_generation=generation,
            regenerated_at=moment,
            requested_at=case((has_more, moment), else_=row.requested_at),
            # A change in the meantime counts from now on.
            noticed_at=case((and_(has_more, row.noticed_at.is_not(None)), moment), else_=null()),
            failures=0,
            deaths=None,
            rendering_article_id=None,
            retry_at=None,
            error=None,
            lease_owner=None,
            lease_until=None,
            **({"missed_at": moment} if "missed_entries" in names else {}),
            **{name: bindparam(f"new_{name}", type_=columns[name].type) for name in names},
        )
        .execution_options(synchronize_session=False)
    )


def number_publication(conn: Connection, writes: Together, section: str) -> None:
    """Gives the section's new version its number among all publications."""
    take_number_with(conn, writes)
    writes.execute(_NUMBERED, {"of": section, "number": TAKEN})


_NUMBERED = (
    update(SectionStateRow)
    .where(SectionStateRow.section == bindparam("of", type_=SectionStateRow.section.type))
    .values(publication=bindparam("number", type_=SectionStateRow.publication.type))
)


def write_documents(conn: Together, documents: Sequence[Document]) -> None:
    """Replaces the documents of a section, which always has the same formats."""
    rows = [
        {
            "section": document.section,
            "format": document.format,
            "version": document.version,
            "digest": document.digest,
            "last_modified": document.last_modified,
            "size": document.size,
            "gzip": document.bodies["gzip"],
            "pieces": document.pieces,
        }
        for document in documents
    ]
    conn.execute(_REPLACED[conn.dialect.name], rows)


def _replaced(insert: Any) -> Any:
    statement = insert(DocumentRow)
    columns = ("version", "digest", "last_modified", "size", "gzip", "pieces")
    values = {name: statement.excluded[name] for name in columns}
    return statement.on_conflict_do_update(index_elements=["section", "format"], set_=values)


_REPLACED = for_each_dialect(_replaced)


def write_tombstones(
    conn: Connection, section: str, tombstones: Collection[Tombstone], version: int, at: datetime
) -> None:
    """Records the entries that left the section in this version, and why. ``at`` is the version's time.

    The documents of this version say that time, and those of later versions must say the same.
    """
    if not tombstones:
        return
    ids = [tombstone.article_id for tombstone in tombstones]
    conn.execute(delete(TombstoneRow).where(TombstoneRow.section == section, TombstoneRow.article_id.in_(ids)))
    conn.execute(
        insert(TombstoneRow),
        [
            {
                "section": section,
                "article_id": tombstone.article_id,
                "entry_id": tombstone.entry_id,
                "version": version,
                "reason": tombstone.reason,
                "at": at,
            }
            for tombstone in tombstones
        ],
    )


def write_left_out(conn: Connection, current: PublishedState, left_out: Collection[LeftOut], now: datetime) -> None:
    """Replaces the section's list of left-out articles; one that stays on it keeps its ``since``."""
    if not left_out and not current.left_out:
        return
    section = current.section
    known = {
        (row.article_id, row.reason): row.since
        for row in conn.execute(select(LeftOutRow.__table__).where(LeftOutRow.section == section))
    }
    wanted = {(item.article_id, item.reason) for item in left_out}
    if wanted == known.keys():
        return
    conn.execute(delete(LeftOutRow).where(LeftOutRow.section == section))
    if wanted:
        conn.execute(
            insert(LeftOutRow),
            [
                {"section": section, "article_id": key[0], "reason": key[1], "since": known.get(key, now)}
                for key in sorted(wanted)
            ],
        )


def prune_tombstones(conn: Connection, before: datetime) -> set[str]:
    """Deletes tombstones from before ``before``, when no reader needs them any more.

    Returns the sections whose documents may have had one of them.
    """
    pruned = TombstoneRow.at < before
    told = select(TombstoneRow.section).where(pruned, TombstoneRow.reason.in_(DELETED)).distinct()
    sections = set(conn.scalars(told))
    conn.execute(delete(TombstoneRow).where(pruned))
    return sections
