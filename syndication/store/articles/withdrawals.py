"""Takes articles out of every feed, and restores them by id, which is the only way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.articles.article_outlines import read_outline
from syndication.store.db.database import Database
from syndication.store.tables.articles import ArticleRow, WithdrawalRow


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An article that stays out: ``reason`` is withdrawn or deleted, ``by`` the user or token, if known."""

    reason: str
    at: datetime
    by: str | None


def withdraw(database: Database, ids: Sequence[str], by: Actor) -> list[str]:
    """Takes articles out of every feed until they are restored; returns the unknown ids.

    A trigger records the withdrawal itself, as for any other writer.
    """
    unknown, acts = [], []
    with database.write() as conn:
        for id in ids:
            done = conn.execute(
                update(ArticleRow)
                .where(ArticleRow.id == id, ArticleRow.status != "withdrawn")
                .values(status="withdrawn")
            )
            if done.rowcount:
                conn.execute(update(WithdrawalRow).where(WithdrawalRow.article_id == id).values(by=by.name))
            elif read_outline(conn, id) is None:
                unknown.append(id)
            acts.append(Act("withdraw", id, "withdrawn" if done.rowcount else _nothing_done(id, unknown)))
        record(conn, by, acts, database.now(conn))
    return unknown


def restore(database: Database, ids: Sequence[str], by: Actor) -> list[str]:
    """Restores withdrawn articles to their former status, drafts as drafts; returns the unknown ids.

    One whose row was deleted has nothing to restore, but may then be written again.
    """
    unknown, acts = [], []
    with database.write() as conn:
        for id in ids:
            statement = delete(WithdrawalRow).where(WithdrawalRow.article_id == id)
            was_out = conn.execute(statement.returning(WithdrawalRow.former_status)).one_or_none()
            article = read_outline(conn, id)
            if article is None:
                unknown.append(id)
            elif was_out:
                status = was_out.former_status or "published"
                if article.published_at is None:  # Without a publication time it can only be a draft.
                    status = "draft"
                conn.execute(update(ArticleRow).where(ArticleRow.id == id).values(status=status))
            acts.append(Act("restore", id, "restored" if was_out else _nothing_done(id, unknown)))
        record(conn, by, acts, database.now(conn))
    return unknown


def _nothing_done(id: str, unknown: Sequence[str]) -> str:
    return "unknown" if id in unknown else "unchanged"


def get_withdrawal(conn: Connection, article_id: str) -> Withdrawal | None:
    """Returns the withdrawal of an article that is out, also if its row was deleted; otherwise None."""
    row = conn.execute(select(WithdrawalRow.__table__).where(WithdrawalRow.article_id == article_id)).one_or_none()
    return None if row is None else Withdrawal(row.reason, row.at, row.by)
