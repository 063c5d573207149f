"""Requested regenerations, and their results section by section."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from syndication.errors import SyndicationError
from syndication.store.access.audit_log import Act, Actor, record_repeated
from syndication.store.db.batches import batched
from syndication.store.publishing import article_stamps, section_state
from syndication.store.tables.access import RegenerationRow, RegenerationSectionRow
from syndication.store.tables.publishing import EntryRow, SectionStateRow

PER_MINUTE = 30
"""Regenerations that one token or user may request within a minute, not counting merged requests."""

FEW = 10
"""So many sections at once are made anew from their stories' rows. Of more, only those that would differ by the changes
that were noticed and by their stories' times: a sweep or the nightly reconciliation finds what nobody noticed."""

KEPT = 5_000
"""The most regenerations kept, however many were requested within the retention time."""


class TooManyRegenerationsError(SyndicationError):
    """The caller exceeded the limit of requests in a minute."""

    def __init__(self) -> None:
        super().__init__(
            f"Nothing was requested: you may request {PER_MINUTE} regenerations a minute. Try again later."
        )


@dataclass(frozen=True, slots=True)
class SectionOutcome:
    """One section of a regeneration.

    ``state`` is waiting, running, published, unchanged or failed; ``version`` the current one afterwards. A failure
    is retried automatically: ``error`` is that of the first attempt.
    """

    section: str
    state: str
    version: int | None
    error: str | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Regeneration:
    """A requested regeneration; ``state`` is requested, running, done or failed."""

    id: str
    requested_at: datetime
    requested_by: str
    reason: str | None
    outcomes: tuple[SectionOutcome, ...]

    @property
    def state(self) -> str:
        """The combined state of all its sections."""
        states = {outcome.state for outcome in self.outcomes}
        if not states & {"waiting", "running"}:
            return "failed" if "failed" in states else "done"
        return "requested" if states == {"waiting"} else "running"

    @property
    def finished_at(self) -> datetime | None:
        """When the last section was finished; None if any is not."""
        moments = [outcome.finished_at for outcome in self.outcomes]
        return None if None in moments else max((m for m in moments if m is not None), default=None)


def request(
    conn: Connection, slugs: Collection[str], reason: str | None, by: Actor, now: datetime
) -> tuple[Regeneration, bool]:
    """Requests these sections; returns the regeneration, and whether it was already waiting.

    Repeated requests are merged: a request for the same sections returns the one that is still waiting.
    """
    waiting = _find_joinable(conn, set(slugs))
    if waiting is not None:
        record_repeated(conn, by, Act("regenerate", _sections(slugs), "joined", waiting.id), now)
        return waiting, True
    _check_rate(conn, by, now)
    if len(set(slugs)) <= FEW:
        _read_again(conn, slugs)
    generations = section_state.request(conn, slugs, now)
    id = uuid.uuid4().hex
    conn.execute(insert(RegenerationRow).values(id=id, requested_at=now, requested_by=by.name, reason=reason))
    # A section that no worker has registered yet has generation 0: the first rendering completes it.
    waits = [
        {"regeneration_id": id, "section": slug, "generation": generations.get(slug, 0)} for slug in sorted(set(slugs))
    ]
    conn.execute(insert(RegenerationSectionRow), waits)
    record_repeated(conn, by, Act("regenerate", _sections(slugs), "requested", id), now)
    found = get(conn, id)
    if found is None:
        raise LookupError(id)
    return found, False


def _read_again(conn: Connection, slugs: Collection[str]) -> None:
    """Has the stories of these feeds read again, whatever is known of them: somebody may miss a change."""
    wanted = sorted(set(slugs))
    shown = select(EntryRow.article_id).where(EntryRow.section.in_(wanted)).distinct()
    article_stamps.renew(conn, conn.scalars(shown).all())
    conn.execute(update(SectionStateRow).where(SectionStateRow.section.in_(wanted)).values(basis=None))


def get(conn: Connection, id: str) -> Regeneration | None:
    """Returns the current state of one regeneration."""
    row = conn.execute(select(RegenerationRow.__table__).where(RegenerationRow.id == id)).one_or_none()
    if row is None:
        return None
    return Regeneration(row.id, row.requested_at, row.requested_by, row.reason, tuple(_outcomes(conn, id)))


def record_result(
    conn: Connection, section: str, generation: int, result: str, version: int | None, error: str | None, now: datetime
) -> None:
    """Records a result in every regeneration that includes ``generation`` of ``section``, in the same transaction."""
    rows = RegenerationSectionRow
    conn.execute(
        update(rows)
        .where(rows.section == section, rows.result.is_(None), rows.generation <= generation)
        .values(result=result, version=version, error=error, finished_at=now)
    )


def prune(conn: Connection, before: datetime) -> None:
    """Deletes regenerations from before ``before``, and the oldest over the limit."""
    conn.execute(delete(RegenerationRow).where(RegenerationRow.requested_at < before))
    newest = select(RegenerationRow.id).order_by(RegenerationRow.requested_at.desc(), RegenerationRow.id)
    old = conn.scalars(newest.offset(KEPT)).all()
    for ids in batched(old):
        conn.execute(delete(RegenerationRow).where(RegenerationRow.id.in_(ids)))


def _check_rate(conn: Connection, by: Actor, now: datetime) -> None:
    recent = select(func.count()).where(
        RegenerationRow.requested_at > now - timedelta(minutes=1), RegenerationRow.requested_by == by.name
    )
    if (conn.scalar(recent) or 0) >= PER_MINUTE:
        raise TooManyRegenerationsError


def _outcomes(conn: Connection, id: str) -> list[SectionOutcome]:
    rows = conn.execute(
        select(RegenerationSectionRow.__table__, SectionStateRow.lease_owner)
        .outerjoin(SectionStateRow, SectionStateRow.section == RegenerationSectionRow.section)
        .where(RegenerationSectionRow.regeneration_id == id)
        .order_by(RegenerationSectionRow.section)
    )
    return [
        SectionOutcome(
            section=row.section,
            state=row.result or ("running" if row.lease_owner else "waiting"),
            version=row.version,
            error=row.error,
            finished_at=row.finished_at,
        )
        for row in rows
    ]


def _find_joinable(conn: Connection, slugs: set[str]) -> Regeneration | None:
    """Returns a waiting regeneration of exactly these sections, none of them finished or begun."""
    rows = RegenerationSectionRow
    started = exists().where(rows.regeneration_id == RegenerationRow.id, rows.result.is_not(None))
    some = exists().where(rows.regeneration_id == RegenerationRow.id)
    recent: Sequence[str] = conn.scalars(
        select(RegenerationRow.id).where(some, ~started).order_by(RegenerationRow.requested_at.desc()).limit(20)
    ).all()
    for id in recent:
        found = get(conn, id)
        if found and found.state == "requested" and {outcome.section for outcome in found.outcomes} == slugs:
            return found
    return None


def _sections(slugs: Collection[str]) -> str:
    return ", ".join(sorted(slugs))
