"""The log of deliveries: each attempt to push a version to a subscription, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Select, literal_column, select

from syndication.store.tables.hub import HubDeliveryRow

PushOutcome = Literal["done", "failed", "gone", "parked"]
"""``gone``: the callback answered 410, which ends the subscription. ``parked``: the last of many attempts failed."""

OUTCOMES: Sequence[PushOutcome] = get_args(PushOutcome)


@dataclass(frozen=True, slots=True)
class PushAttempt:
    """An attempt. ``status`` is that of the answer, ``took_ms`` its milliseconds.

    ``lag_ms``: from the publication until it arrived.
    """

    id: int
    subscription_id: int
    section: str
    format: str
    callback: str
    version: int
    attempted_at: datetime
    outcome: PushOutcome
    status: int | None
    error: str | None
    took_ms: int
    lag_ms: int | None


@dataclass(frozen=True, slots=True)
class AttemptFilter:
    """What to list; None: all."""

    section: str | None = None
    outcome: PushOutcome | None = None
    subscription_id: int | None = None


_COLUMNS = tuple(HubDeliveryRow.__table__.c[name] for name in PushAttempt.__slots__)


def list_attempts(conn: Connection, wanted: AttemptFilter, limit: int, before: int | None = None) -> list[PushAttempt]:
    """Returns attempts, newest first; ``before`` is the ID of the last one read."""
    return [PushAttempt(**row._mapping) for row in conn.execute(query_attempts(wanted, limit, before))]


def query_attempts(wanted: AttemptFilter, limit: int, before: int | None = None) -> Select[Any]:
    """Returns the statement of ``list_attempts``."""
    rows = HubDeliveryRow
    query = select(*_COLUMNS).order_by(rows.id.desc()).limit(limit)
    if before is not None:
        query = query.where(rows.id < before)
    for column, value in (
        (rows.section, wanted.section),
        (rows.outcome, wanted.outcome),
        (rows.subscription_id, wanted.subscription_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.outcome not in (None, "done"):
        # Literally as the condition of the indexes: SQLite would not infer it.
        query = query.where(rows.outcome != literal_column("'done'"))
    return query
