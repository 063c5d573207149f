"""Takes articles out of every feed, and restores them by id, which is the only way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from syndication.store.access.audit_log import Act, Actor, is_automatic, record
from syndication.store.articles.article_outlines import read_outline
from syndication.store.articles.automatic import of_another_system
from syndication.store.articles.deletions import get_deletion
from syndication.store.db.batches import batched
from syndication.store.db.database import Database
from syndication.store.db.upsert import insert as upsert
from syndication.store.tables.articles import ArticleRow, WithdrawalRow
from syndication.store.tables.publishing import ChangeRow


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An article that stays out since ``at``; ``by`` is the user or token, if known.

    ``reason`` is for the newsroom, and may say what must not be public. ``batch`` is the act that withdrew it.
    """

    at: datetime
    by: str | None
    reason: str | None = None
    batch: str | None = None

    @property
    def is_automatic(self) -> bool:
        """Whether the sender of the story may end it."""
        return self.by is not None and is_automatic(self.by)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a withdrawal is marked with: why, and by which act."""

    reason: str | None = None
    batch: str | None = None


UNMARKED = Mark()

Done = Literal["withdrawn", "taken-over", "unchanged"]
"""What a withdrawal did. ``taken-over``: another system had withdrawn the article, and can no longer end that."""


def withdraw(database: Database, ids: Sequence[str], by: Actor) -> list[str]:
    """Takes articles out of every feed until they are restored; returns the unknown ids.

    A deleted article stays out too, if anyone writes it again.
    """
    with database.write() as conn:
        return withdraw_in_transaction(conn, ids, by, database.now(conn))


def withdraw_in_transaction(conn: Connection, ids: Sequence[str], by: Actor, now: datetime) -> list[str]:
    """Withdraws articles in the caller's transaction, as ``withdraw`` does."""
    unknown, acts = [], []
    for id in ids:
        done = withdraw_one(conn, id, by, now) != "unchanged"
        if not done and read_outline(conn, id) is None and get_withdrawal(conn, id) is None:
            unknown.append(id)
        acts.append(Act("withdraw", id, "withdrawn" if done else _nothing_done(id, unknown)))
    record(conn, by, acts, now)
    return unknown


def withdraw_one(conn: Connection, id: str, by: Actor, now: datetime, mark: Mark = UNMARKED) -> Done:
    """Withdraws one article, without recording it in the audit log.

    A trigger records the withdrawal itself, as for any other writer. An UPDATE that waited for a transaction in which
    the row was replaced does not see the new row, so it is repeated while there is one.
    """
    article = ArticleRow.id == id, ArticleRow.status != "withdrawn"
    signed = {"by": by.name, "reason": mark.reason, "batch": mark.batch}
    while conn.scalar(select(ArticleRow.id).where(*article)) is not None:
        if conn.execute(update(ArticleRow).where(*article).values(status="withdrawn")).rowcount:
            conn.execute(update(WithdrawalRow).where(WithdrawalRow.article_id == id).values(**signed))
            return "withdrawn"
    if _take_over(conn, id, by, mark):
        return "taken-over"
    if get_deletion(conn, id) is None:
        return "unchanged"
    conn.execute(insert(ChangeRow).values(article_id=id, noticed_at=now))  # For ``enforce``.
    statement = upsert(conn, WithdrawalRow).values(article_id=id, at=now, **signed)
    return "withdrawn" if conn.execute(statement.on_conflict_do_nothing()).rowcount else "unchanged"


def _take_over(conn: Connection, id: str, by: Actor, mark: Mark) -> bool:
    """Makes an automatic withdrawal a person's, so that the sender cannot end it; returns whether there was one."""
    if is_automatic(by.name):
        return False
    automatic = update(WithdrawalRow).where(WithdrawalRow.article_id == id, of_another_system())
    taken = automatic.values(by=by.name, reason=mark.reason, batch=mark.batch)
    return bool(conn.execute(taken).rowcount)


def withdraw_in(conn: Connection, id: str, by: Actor, now: datetime) -> bool:
    """Withdraws one article in the caller's transaction, and records it; returns False if there was nothing to do."""
    done = withdraw_one(conn, id, by, now) != "unchanged"
    if done:
        record(conn, by, [Act("withdraw", id, "withdrawn")], now)
    return done


def end_automatic(conn: Connection, id: str, by: Actor, now: datetime) -> bool:
    """Ends the withdrawal by another system, ``by``, whose next write may publish the article; returns whether."""
    statement = delete(WithdrawalRow).where(WithdrawalRow.article_id == id, WithdrawalRow.by == by.name)
    ended = bool(conn.execute(statement).rowcount)
    if ended:
        record(conn, by, [Act("restore", id, "restored")], now)
    return ended


def sign_withdrawal(conn: Connection, id: str, by: str | None) -> None:
    """Records who withdrew an article that is out."""
    conn.execute(update(WithdrawalRow).where(WithdrawalRow.article_id == id).values(by=by))


def restore(database: Database, ids: Sequence[str], by: Actor) -> list[str]:
    """Restores withdrawn articles to their former status, drafts as drafts; returns the ids that have no row.

    One whose row was deleted has nothing to restore, but is published when it is written again.
    """
    with database.write() as conn:
        return restore_in_transaction(conn, ids, by, database.now(conn))


def restore_in_transaction(conn: Connection, ids: Sequence[str], by: Actor, now: datetime) -> list[str]:
    """Restores articles in the caller's transaction, as ``restore`` does."""
    unknown, acts = [], []
    for id in ids:
        was_out = end_withdrawal(conn, id)
        if read_outline(conn, id) is None:
            unknown.append(id)
        acts.append(Act("restore", id, "restored" if was_out else _nothing_done(id, unknown)))
    record(conn, by, acts, now)
    return unknown


def restore_own(conn: Connection, ids: Sequence[str], by: Actor, now: datetime) -> list[str]:
    """Restores those of the articles that ``by`` withdrew, and nobody else since; returns them.

    One statement decides and deletes: an editor may take a withdrawal over at the same moment.
    """
    own = WithdrawalRow.by == by.name
    restored = [id for id in list_withdrawn_by(conn, ids, by.name) if end_withdrawal(conn, id, own)]
    record(conn, by, [Act("restore", id, "restored") for id in restored], now)
    return restored


def end_withdrawal(conn: Connection, id: str, *conditions: ColumnElement[bool]) -> bool:
    """Deletes a withdrawal and gives the article its former status; returns whether there was one."""
    statement = delete(WithdrawalRow).where(WithdrawalRow.article_id == id, *conditions)
    was_out = conn.execute(statement.returning(WithdrawalRow.former_status)).one_or_none()
    article = read_outline(conn, id) if was_out else None
    if was_out and article:
        # Without a publication time it can only be a draft.
        status = (was_out.former_status or "published") if article.published_at is not None else "draft"
        conn.execute(update(ArticleRow).where(ArticleRow.id == id).values(status=status))
    return was_out is not None


def list_withdrawn_by(conn: Connection, article_ids: Sequence[str], name: str) -> list[str]:
    """Returns those of the articles that this actor withdrew, and nobody else since."""
    found: list[str] = []
    for some in batched(article_ids):
        query = select(WithdrawalRow.article_id).where(WithdrawalRow.article_id.in_(some), WithdrawalRow.by == name)
        found += conn.scalars(query)
    return found


def _nothing_done(id: str, unknown: Sequence[str]) -> str:
    return "unknown" if id in unknown else "unchanged"


def get_withdrawal(conn: Connection, article_id: str) -> Withdrawal | None:
    """Returns the withdrawal of an article that is out, also if its row was deleted; otherwise None."""
    row = conn.execute(select(WithdrawalRow.__table__).where(WithdrawalRow.article_id == article_id)).one_or_none()
    return None if row is None else Withdrawal(row.at, row.by, row.reason, row.batch)


def get_withdrawals(conn: Connection, article_ids: Sequence[str]) -> dict[str, Withdrawal]:
    """Returns the withdrawals of those of these articles that are out."""
    found: dict[str, Withdrawal] = {}
    for some in batched(article_ids):
        for row in conn.execute(select(WithdrawalRow.__table__).where(WithdrawalRow.article_id.in_(some))):
            found[row.article_id] = Withdrawal(row.at, row.by, row.reason, row.batch)
    return found


def enforce(conn: Connection, article_ids: Sequence[str] | None) -> int:
    """Withdraws articles that have a withdrawal and another status (None: all articles); returns how many.

    On PostgreSQL, a row written while its article was being withdrawn sees nothing of that, nor does the other side.
    Both queue the article, so that the reader of the queue sees both.
    """
    wrong = list_unenforced(conn, article_ids)
    for some in batched(sorted(wrong)):
        conn.execute(update(ArticleRow).where(ArticleRow.id.in_(some)).values(status="withdrawn"))
    return len(wrong)


def list_unenforced(conn: Connection, article_ids: Sequence[str] | None) -> list[str]:
    """Returns the articles that have a withdrawal and another status, of ``article_ids`` (None: of all)."""
    out = select(WithdrawalRow.article_id).where(
        WithdrawalRow.article_id == ArticleRow.id, ArticleRow.status != "withdrawn"
    )
    wrong: list[str] = []
    for some in batched(article_ids) if article_ids is not None else [None]:
        wrong += conn.scalars(out if some is None else out.where(ArticleRow.id.in_(some)))
    return wrong
