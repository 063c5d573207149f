"""Questions to a worker about what a feed would look like, and its answers, kept for minutes."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from syndication.store.audit import Act, Actor, record
from syndication.store.editorial import PreviewRow

KEPT = timedelta(minutes=10)
"""How long an answer is kept: it may hold a story under embargo."""

CLAIM = timedelta(seconds=60)
"""A worker that has not answered for so long is taken for dead, and another one answers."""

ATTEMPTS = 2
"""Workers that try a question; after them it is taken for what killed them."""

FATAL = "two workers died while they rendered it"


@dataclass(frozen=True, slots=True)
class Preview:
    """A question and, once ``finished_at`` is set, its answer or what was wrong with it."""

    id: str
    requested_at: datetime
    requested_by: str
    finished_at: datetime | None
    result: Mapping[str, Any] | None
    error: str | None


def request(conn: Connection, question: Mapping[str, Any], target: str, by: Actor, now: datetime) -> str:
    """Ask; gives the id under which the answer will be."""
    id = uuid.uuid4().hex
    conn.execute(insert(PreviewRow).values(id=id, requested_at=now, requested_by=by.name, request=json.dumps(question)))
    record(conn, by, [Act("preview", target, "requested")], now)
    return id


def get(conn: Connection, id: str, now: datetime) -> Preview | None:
    """A question that is still kept."""
    row = conn.execute(
        select(PreviewRow.__table__).where(PreviewRow.id == id, PreviewRow.requested_at > now - KEPT)
    ).one_or_none()
    if row is None:
        return None
    result = json.loads(row.result) if row.result is not None else None
    return Preview(row.id, row.requested_at, row.requested_by, row.finished_at, result, row.error)


def waiting(conn: Connection) -> bool:
    """Whether any question has no answer."""
    return conn.scalar(select(PreviewRow.id).where(PreviewRow.finished_at.is_(None)).limit(1)) is not None


def claim(conn: Connection, now: datetime) -> tuple[str, dict[str, Any]] | None:
    """Take the oldest question that nobody answers: its id and what is asked."""
    free = or_(PreviewRow.claimed_at.is_(None), PreviewRow.claimed_at < now - CLAIM)
    conn.execute(
        update(PreviewRow)
        .where(PreviewRow.finished_at.is_(None), PreviewRow.attempts >= ATTEMPTS, free)
        .values(finished_at=now, error=FATAL)
    )
    row = conn.execute(
        select(PreviewRow.id, PreviewRow.request)
        .where(PreviewRow.finished_at.is_(None), free)
        .order_by(PreviewRow.requested_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    conn.execute(
        update(PreviewRow).where(PreviewRow.id == row.id).values(claimed_at=now, attempts=PreviewRow.attempts + 1)
    )
    return row.id, json.loads(row.request)


def answer(
    conn: Connection, id: str, now: datetime, *, result: Mapping[str, Any] | None = None, error: str | None = None
) -> None:
    """Answer a question, with a result or with what is wrong with it."""
    content = json.dumps(result, ensure_ascii=False).encode() if result is not None else None
    # What is wrong with a question may quote it, also what no database text may hold.
    words = error.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00") if error is not None else None
    conn.execute(update(PreviewRow).where(PreviewRow.id == id).values(finished_at=now, result=content, error=words))


def forget(conn: Connection, now: datetime) -> None:
    """Delete what is kept no longer."""
    conn.execute(delete(PreviewRow).where(PreviewRow.requested_at <= now - KEPT))
