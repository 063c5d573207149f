"""Preview requests to workers and their answers, kept for minutes."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, text, update

from syndication.errors import SyndicationError
from syndication.store.access.audit_log import Act, Actor, record_repeated
from syndication.store.tables.access import PreviewRow

KEPT = timedelta(minutes=10)
"""How long an answer is kept: it may contain a story under embargo."""

CLAIM = timedelta(seconds=40)
"""A worker that has not answered for this long is considered dead, and another one takes over."""

ATTEMPTS = 2
"""How many workers try a request; after that, it is considered fatal."""

FATAL = "two workers died while rendering it"


POLLED_WITHIN = timedelta(minutes=1)
"""A request that no worker has taken for this long is dropped unrendered: the client has given up."""

WAITING_EACH = 2
"""The most unanswered requests of one token or user."""

WAITING_ALL = 16
"""The most unanswered requests in total."""

KEPT_EACH = 4
"""The most kept answers of one token or user: older ones are deleted with the next request."""

KEPT_ALL = 32
"""The most kept answers in total."""

LARGEST = 16 * 1024 * 1024
"""The maximum bytes of a request, and of an answer."""

DROPPED_ERROR = "no worker rendered it within a minute: request it again"

_LOCK = 0x70726576
"""PostgreSQL's advisory lock under which requests are counted one after the other: "prev"."""


class TooManyPreviewsError(SyndicationError):
    """The queue is full; ``own`` if with the caller's own requests."""

    def __init__(self, *, own: bool) -> None:
        whose = "of your " if own else ""
        super().__init__(f"Too many {whose}previews are waiting. Nothing was requested. Try again in a moment.")


class PreviewTooLargeError(SyndicationError):
    """The request or its answer is larger than a preview may be."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A request and, once ``finished_at`` is set, its answer or error."""

    id: str
    requested_at: datetime
    requested_by: str
    finished_at: datetime | None
    result: Mapping[str, Any] | None
    error: str | None


def request(conn: Connection, query: Mapping[str, Any], target: str, by: Actor, now: datetime) -> str:
    """Adds a request; returns its id.

    Raises TooManyPreviewsError and PreviewTooLargeError, and then nothing is stored.
    """
    content = json.dumps(query)
    if len(content) > LARGEST:
        raise PreviewTooLargeError(f"The changes are over {LARGEST // 1024**2} MB. Preview fewer articles at once.")
    _drop_abandoned(conn, now)
    _find_place(conn, by)
    _prune_answers(conn, by)
    id = uuid.uuid4().hex
    conn.execute(insert(PreviewRow).values(id=id, requested_at=now, requested_by=by.name, request=content))
    record_repeated(conn, by, Act("preview", target, "requested"), now)
    return id


def get(conn: Connection, id: str, now: datetime) -> Preview | None:
    """Returns a request that is still kept, or None."""
    row = conn.execute(
        select(PreviewRow.__table__).where(PreviewRow.id == id, PreviewRow.requested_at > now - KEPT)
    ).one_or_none()
    if row is None:
        return None
    result = json.loads(row.result) if row.result is not None else None
    return Preview(row.id, row.requested_at, row.requested_by, row.finished_at, result, row.error)


def waiting(conn: Connection) -> bool:
    """Returns whether any request is unanswered."""
    return conn.scalar(select(PreviewRow.id).where(PreviewRow.finished_at.is_(None)).limit(1)) is not None


def claim(conn: Connection, now: datetime) -> tuple[str, dict[str, Any]] | None:
    """Takes the oldest request that no worker is answering; returns its id and content. Drops abandoned ones."""
    _drop_abandoned(conn, now)
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
    """Answers a request with a result or an error."""
    content = json.dumps(result, ensure_ascii=False).encode() if result is not None else None
    if content is not None and len(content) > LARGEST:
        content, error = None, f"it is over {LARGEST // 1024**2} MB: preview fewer articles at once"
    # An error may quote the request, including characters that no database text can hold.
    words = error.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00") if error is not None else None
    # The request's content is no longer needed, and may be large.
    answered = {"finished_at": now, "result": content, "error": words, "request": "{}"}
    conn.execute(update(PreviewRow).where(PreviewRow.id == id, PreviewRow.finished_at.is_(None)).values(answered))


def prune(conn: Connection, now: datetime) -> None:
    """Deletes expired requests, and drops abandoned ones."""
    _drop_abandoned(conn, now)
    conn.execute(delete(PreviewRow).where(PreviewRow.requested_at <= now - KEPT))


def _drop_abandoned(conn: Connection, now: datetime) -> None:
    """Ends the requests whose deadline has passed, unless a worker is rendering them."""
    free = or_(PreviewRow.claimed_at.is_(None), PreviewRow.claimed_at < now - CLAIM)
    late = (PreviewRow.finished_at.is_(None), PreviewRow.requested_at <= now - POLLED_WITHIN, free)
    conn.execute(update(PreviewRow).where(*late).values(finished_at=now, error=DROPPED_ERROR, request="{}"))


def _find_place(conn: Connection, by: Actor) -> None:
    """Raises TooManyPreviewsError if the queue is full."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    waiting = conn.scalars(select(PreviewRow.requested_by).where(PreviewRow.finished_at.is_(None))).all()
    if waiting.count(by.name) >= WAITING_EACH:
        raise TooManyPreviewsError(own=True)
    if len(waiting) >= WAITING_ALL:
        raise TooManyPreviewsError(own=False)


def _prune_answers(conn: Connection, by: Actor) -> None:
    """Deletes the oldest answers over the limits, the caller's and the total."""
    answers = select(PreviewRow.id).where(PreviewRow.finished_at.is_not(None))
    newest = answers.order_by(PreviewRow.requested_at.desc(), PreviewRow.id)
    own = newest.where(PreviewRow.requested_by == by.name)
    old = [*conn.scalars(own.offset(KEPT_EACH)), *conn.scalars(newest.offset(KEPT_ALL))]
    if old:
        conn.execute(delete(PreviewRow).where(PreviewRow.id.in_(old)))
