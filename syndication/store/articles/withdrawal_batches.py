"""Articles that are withdrawn by one act, and the undoing of that act, which restores exactly those.

The act is one transaction. An article whose row the database rejects is left as it is, and the others are withdrawn.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update

from syndication.errors import SyndicationError
from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.articles.article_outlines import read_outline
from syndication.store.articles.stored_digests import stored_digests
from syndication.store.articles.withdrawals import Mark, end_withdrawal, get_withdrawal, withdraw_one
from syndication.store.db.causes import raising_triggers, rejected_by
from syndication.store.db.database import Database, DatabaseError
from syndication.store.tables.articles import WithdrawalBatchRow, WithdrawalRow, WithdrawnArticleRow

UNDO_FOR = timedelta(hours=1)
"""How long an act can be undone: later, nobody remembers which stories were in it."""

KEPT = timedelta(days=30)
"""How long it is kept which articles an act withdrew."""

Outcome = Literal["withdrawn", "taken-over", "unchanged", "unknown", "failed"]
"""``taken-over``: its sender had withdrawn it, and now it stays out. ``failed``: the database rejected it."""

Undone = Literal["restored", "restored-changed", "given-back", "kept", "already-restored", "deleted", "failed"]
"""What became of an article that the act withdrew.

``restored-changed``: restored with the text that it has got since. ``given-back``: it is out as its sender left it.
``kept``: it stays out by a later decision, or because its sender changed it. ``deleted``: it has no row, and returns
when it is written again.
"""

MADE_OUT: Sequence[str] = ("withdrawn", "taken-over")
"""The outcomes that can be undone."""


class TooLateError(SyndicationError):
    """The act is too old to be undone."""

    def __init__(self) -> None:
        super().__init__("This can no longer be undone: an hour has passed. Restore the stories one by one.")


@dataclass(frozen=True, slots=True)
class BatchArticle:
    """What the act did with one article, and what undoing it did; ``detail`` names what the database rejected."""

    id: str
    outcome: Outcome
    detail: str | None = None
    former_by: str | None = None
    digest: str | None = None
    undone: Undone | None = None


@dataclass(frozen=True, slots=True)
class WithdrawalBatch:
    """One act: its articles in the order in which they were named."""

    id: str
    at: datetime
    by: str
    reason: str | None
    articles: tuple[BatchArticle, ...]
    undone_at: datetime | None = None
    undone_by: str | None = None

    @property
    def undo_until(self) -> datetime:
        """Until when it can be undone."""
        return self.at + UNDO_FOR

    @property
    def made_out(self) -> tuple[BatchArticle, ...]:
        """The articles that are out because of it, or were until it was undone."""
        return tuple(one for one in self.articles if one.outcome in MADE_OUT)

    def may_be_undone(self, now: datetime) -> bool:
        """Whether undoing it would do anything at ``now``."""
        return now < self.undo_until and any(one.undone in (None, "failed") for one in self.made_out)


def withdraw_together(
    database: Database, ids: Sequence[str], by: Actor, reason: str | None = None, unknown: Sequence[str] = ()
) -> WithdrawalBatch:
    """Takes articles out of every feed until they are restored. ``unknown`` are reported so without looking."""
    wanted = list(dict.fromkeys(ids))
    with database.read() as conn:
        digests = stored_digests(conn, wanted)
    try:
        return _withdraw_all(database, wanted, by, reason, unknown, digests, _directly)
    except DatabaseError:
        # It rejected one of them. Only now, because a savepoint for each makes PostgreSQL's snapshots slower.
        return _withdraw_all(database, wanted, by, reason, unknown, digests, _apart)


Step = Callable[[Connection, Callable[[], BatchArticle], str], BatchArticle]


def _directly(_conn: Connection, do: Callable[[], BatchArticle], _id: str) -> BatchArticle:
    return do()


def _apart(conn: Connection, do: Callable[[], BatchArticle], id: str) -> BatchArticle:
    try:
        with conn.begin_nested():
            return do()
    except DatabaseError as error:
        return BatchArticle(id, "failed", rejection(conn, error))


def rejection(conn: Connection, error: DatabaseError) -> str:
    """Returns what the database rejected, by the names of its schema."""
    return ", ".join([*rejected_by(error), *(f"trigger {name}" for name in raising_triggers(conn, error))])[:500]


def _withdraw_all(
    database: Database,
    wanted: Sequence[str],
    by: Actor,
    reason: str | None,
    unknown: Sequence[str],
    digests: Mapping[str, str],
    step: Step,
) -> WithdrawalBatch:
    mark = Mark(reason, secrets.token_hex(8))
    with database.write() as conn:
        now = database.now(conn)
        done: dict[str, BatchArticle] = {}
        for id in sorted(wanted):  # Always in the same order, so that two acts never deadlock.
            if id in unknown:
                done[id] = BatchArticle(id, "unknown")
            else:
                done[id] = step(conn, partial(_withdraw, conn, id, by, now, mark, digests), id)
        found = WithdrawalBatch(mark.batch or "", now, by.name, reason, tuple(done[id] for id in wanted))
        if found.articles:
            _store(conn, found)
        record(conn, by, [_act(one, reason) for one in found.articles], now)
    return found


def _withdraw(
    conn: Connection, id: str, by: Actor, now: datetime, mark: Mark, digests: Mapping[str, str]
) -> BatchArticle:
    before = get_withdrawal(conn, id)
    outcome: Outcome = withdraw_one(conn, id, by, now, mark)
    if outcome == "unchanged" and before is None and read_outline(conn, id) is None:
        outcome = "unknown"
    former = before.by if before is not None and outcome == "taken-over" else None
    return BatchArticle(id, outcome, former_by=former, digest=digests.get(id))


def _act(one: BatchArticle, reason: str | None) -> Act:
    outcome = "withdrawn" if one.outcome in MADE_OUT else one.outcome
    return Act("withdraw", one.id, outcome, one.detail if outcome == "failed" else reason)


def _store(conn: Connection, batch: WithdrawalBatch) -> None:
    conn.execute(insert(WithdrawalBatchRow).values(id=batch.id, at=batch.at, by=batch.by, reason=batch.reason))
    rows = [
        {
            "batch": batch.id,
            "article_id": one.id,
            "position": position,
            "outcome": one.outcome,
            "detail": one.detail,
            "digest": one.digest,
            "former_by": one.former_by,
        }
        for position, one in enumerate(batch.articles)
    ]
    conn.execute(insert(WithdrawnArticleRow), rows)


def get_batch(conn: Connection, id: str) -> WithdrawalBatch | None:
    """Returns an act; None if there is none, or no longer."""
    row = conn.execute(select(WithdrawalBatchRow.__table__).where(WithdrawalBatchRow.id == id)).one_or_none()
    if row is None:
        return None
    articles = WithdrawnArticleRow.__table__
    query = select(articles).where(articles.c.batch == id).order_by(articles.c.position)
    found = [
        BatchArticle(one.article_id, one.outcome, one.detail, one.former_by, one.digest, one.undone)
        for one in conn.execute(query)
    ]
    return WithdrawalBatch(row.id, row.at, row.by, row.reason, tuple(found), row.undone_at, row.undone_by)


def undo(database: Database, id: str, by: Actor) -> WithdrawalBatch | None:
    """Restores what an act withdrew, and nothing else; None if there is no such act.

    What was restored or withdrawn again since stays as it is. Repeating it tries again what failed, and no more.
    Raises TooLateError an hour after the act.
    """
    with database.read() as conn:
        found = get_batch(conn, id)
        digests = stored_digests(conn, [one.id for one in found.made_out]) if found is not None else {}
    if found is None:
        return None
    try:
        _undo(database, id, by, digests, apart=False)
    except DatabaseError:
        _undo(database, id, by, digests, apart=True)
    with database.read() as conn:
        return get_batch(conn, id)


def _undo(database: Database, id: str, by: Actor, digests: Mapping[str, str], *, apart: bool) -> None:
    with database.write() as conn:
        now = database.now(conn)
        # Two who undo it at once take turns.
        conn.execute(select(WithdrawalBatchRow.id).where(WithdrawalBatchRow.id == id).with_for_update())
        batch = get_batch(conn, id)
        if batch is None:
            return
        waiting = [one for one in batch.made_out if one.undone in (None, "failed")]
        if not waiting:
            return
        if now >= batch.undo_until:
            raise TooLateError
        acts = []
        for one in sorted(waiting, key=lambda one: one.id):
            undone, detail = (
                _undo_apart(conn, batch, one, digests) if apart else (_end(conn, batch, one, digests), None)
            )
            article = WithdrawnArticleRow.batch == id, WithdrawnArticleRow.article_id == one.id
            conn.execute(update(WithdrawnArticleRow).where(*article).values(undone=undone, detail=detail))
            acts.append(Act("restore", one.id, _OUTCOMES.get(undone, "unchanged"), detail or UNDONE))
        ended = {"undone_at": batch.undone_at or now, "undone_by": batch.undone_by or by.name}
        conn.execute(update(WithdrawalBatchRow).where(WithdrawalBatchRow.id == id).values(**ended))
        record(conn, by, acts, now)


UNDONE = "the withdrawal was undone"

_OUTCOMES = {"restored": "restored", "restored-changed": "restored", "given-back": "restored", "failed": "failed"}
"""What the audit log says."""


def _undo_apart(
    conn: Connection, batch: WithdrawalBatch, one: BatchArticle, digests: Mapping[str, str]
) -> tuple[Undone, str | None]:
    try:
        with conn.begin_nested():
            return _end(conn, batch, one, digests), None
    except DatabaseError as error:
        return "failed", rejection(conn, error)


def _end(conn: Connection, batch: WithdrawalBatch, one: BatchArticle, digests: Mapping[str, str]) -> Undone:
    """Ends the withdrawal of one article, if it is still that of this act."""
    now_out = get_withdrawal(conn, one.id)
    if now_out is None:
        return "already-restored"
    own = WithdrawalRow.batch == batch.id
    changed = digests.get(one.id) != one.digest
    if one.outcome == "taken-over":
        if changed:  # Its sender may have published it since, which nobody but an editor decides now.
            return "kept"
        given = update(WithdrawalRow).where(WithdrawalRow.article_id == one.id, own)
        former = conn.execute(given.values(by=one.former_by, reason=None, batch=None))
        return "given-back" if former.rowcount else "kept"
    if not end_withdrawal(conn, one.id, own):
        return "kept"
    if read_outline(conn, one.id) is None:
        return "deleted"
    return "restored-changed" if changed else "restored"


def prune(conn: Connection, before: datetime) -> None:
    """Deletes acts past their retention."""
    old = select(WithdrawalBatchRow.id).where(WithdrawalBatchRow.at < before)
    conn.execute(delete(WithdrawnArticleRow).where(WithdrawnArticleRow.batch.in_(old)))
    conn.execute(delete(WithdrawalBatchRow).where(WithdrawalBatchRow.at < before))
