"""Locks of an article's fields: programs that write the article keep the stored values until somebody releases them.

An editor corrects a story that a CMS or a source owns, and its next write must not undo the correction. The locks hold
in ``articles``, where every program of this service writes; what writes plain SQL is not stopped.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, delete, select

from syndication.model.values import Article
from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.db.batches import batched
from syndication.store.db.upsert import insert
from syndication.store.tables.articles import FieldLockRow

LockableField = Literal[
    "title", "summary", "html", "authors", "sections", "tags", "image", "correction", "published_at", "expires_at"
]

LOCKABLE: Sequence[LockableField] = get_args(LockableField)
"""The fields that can be locked. Status and access cannot: withdrawing and closing a story always work."""


@dataclass(frozen=True, slots=True)
class FieldLock:
    """A locked field; ``by`` is who locked it, and ``at`` when."""

    field: str
    at: datetime
    by: str


def list_locks(conn: Connection, ids: Collection[str]) -> dict[str, list[FieldLock]]:
    """Returns the locks of these articles by id, in the order of ``LOCKABLE``."""
    found: dict[str, list[FieldLock]] = {}
    for some in batched(sorted(ids)):
        query = select(FieldLockRow.__table__).where(FieldLockRow.article_id.in_(some))
        for row in conn.execute(query):
            found.setdefault(row.article_id, []).append(FieldLock(row.field, row.at, row.by))
    return {id: sorted(locks, key=lambda one: LOCKABLE.index(one.field)) for id, locks in found.items()}


def set_locks(conn: Connection, id: str, fields: Collection[str], by: Actor, now: datetime) -> None:
    """Locks exactly these fields of an article and releases its others; both are in the audit log."""
    before = {lock.field for lock in list_locks(conn, [id]).get(id, ())}
    new = [field for field in LOCKABLE if field in fields and field not in before]
    released = [field for field in LOCKABLE if field in before and field not in fields]
    if new:
        rows = [{"article_id": id, "field": field, "at": now, "by": by.name} for field in new]
        conn.execute(insert(conn, FieldLockRow).on_conflict_do_nothing(), rows)
    if released:
        conn.execute(delete(FieldLockRow).where(FieldLockRow.article_id == id, FieldLockRow.field.in_(released)))
    acts = [("lock", "locked", new), ("unlock", "released", released)]
    record(conn, by, [Act(act, id, outcome, ", ".join(names)) for act, outcome, names in acts if names], now)


def add_locks(conn: Connection, id: str, fields: Collection[str], by: Actor, now: datetime) -> None:
    """Locks fields of an article beside those that are locked."""
    before = {lock.field for lock in list_locks(conn, [id]).get(id, ())}
    set_locks(conn, id, before | set(fields), by, now)


def forget_locks(conn: Connection, ids: Collection[str]) -> None:
    """Forgets the locks of articles that have no row: there is nothing left to keep."""
    for some in batched(sorted(ids)):
        conn.execute(delete(FieldLockRow).where(FieldLockRow.article_id.in_(some)))


def keep_locked(
    conn: Connection, wanted: Mapping[str, Article], known: Mapping[str, Article]
) -> tuple[dict[str, Article], dict[str, tuple[str, ...]]]:
    """Returns the articles to write, locked fields as stored; and by id which of them were sent with another value."""
    locks = list_locks(conn, known.keys()) if known else {}
    kept: dict[str, tuple[str, ...]] = {}
    written = dict(wanted)
    for id, found in locks.items():
        fields = [one.field for one in found if getattr(wanted[id], one.field) != getattr(known[id], one.field)]
        if fields:
            kept[id] = tuple(fields)
            written[id] = _with_stored(wanted[id], known[id], fields)
    return written, kept


def _with_stored(article: Article, stored: Article, fields: Sequence[str]) -> Article:
    values: dict[str, Any] = {field: getattr(stored, field) for field in fields}
    # A publication time that is locked as none keeps a draft a draft.
    if article.status == "published" and values.get("published_at", article.published_at) is None:
        values["status"] = "draft"
    return replace(article, **values)
