"""What is done to people who log in: scopes, password, disabled or enabled again.

Each ends what was let in before: a person who may less, or whose password leaked, is out at once.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select, update

from syndication.errors import SyndicationError
from syndication.model.values import PasswordHash
from syndication.store.access import sessions
from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.access.users import Account, scopes_of_person
from syndication.store.tables.access import AccountRow


class LastAdminError(SyndicationError):
    """Nobody else could manage people in the dashboard."""


def set_scopes(
    conn: Connection, account: Account, scopes: Collection[str], by: Actor, now: datetime, *, force: bool = False
) -> Account:
    """Change what a person may, and log the person out everywhere. Raises SyndicationError.

    The last one who is enabled and has admin keeps it, unless ``force`` says that another way in is known.
    """
    ordered = scopes_of_person(scopes)
    if "admin" not in ordered and not force:
        refuse_last_admin(conn, account)
    _change(conn, account, scopes=" ".join(ordered))
    sessions.end_all(conn, account.id)
    record(conn, by, [Act("change scopes of user", account.name, "changed", " ".join(ordered))], now)
    return replace(account, scopes=ordered)


def set_password(
    conn: Connection, account: Account, hash: PasswordHash, by: Actor, now: datetime, *, keep: str | None = None
) -> None:
    """Change a person's password, and log the person out of every browser but that with the secret ``keep``."""
    _change(conn, account, hash=hash)
    sessions.end_all(conn, account.id, but=keep)
    record(conn, by, [Act("change password of user", account.name, "changed")], now)


def disable(conn: Connection, account: Account, by: Actor, now: datetime, *, force: bool = False) -> Account:
    """Let a person in no more, from now on; nothing happens to one who is disabled already. Raises SyndicationError.

    The last one who is enabled and has admin stays, unless ``force`` says that another way in is known.
    """
    if not account.enabled:
        return account
    if not force:
        refuse_last_admin(conn, account)
    _change(conn, account, disabled_at=now)
    sessions.end_all(conn, account.id)
    record(conn, by, [Act("disable user", account.name, "disabled")], now)
    return replace(account, disabled_at=now)


def enable(conn: Connection, account: Account, by: Actor, now: datetime) -> Account:
    """Let a person in again, with the password and the scopes from before; nothing happens to one who is enabled."""
    if account.enabled:
        return account
    _change(conn, account, disabled_at=None)
    record(conn, by, [Act("enable user", account.name, "enabled")], now)
    return replace(account, disabled_at=None)


def refuse_last_admin(conn: Connection, account: Account) -> None:
    """Raise LastAdminError if nobody else is enabled and has admin.

    The rows are locked: two admins who disable each other at once take turns, and one of them stays.
    """
    rows = conn.execute(
        select(AccountRow.id, AccountRow.scopes)
        .where(AccountRow.disabled_at.is_(None))
        .order_by(AccountRow.id)
        .with_for_update()
    ).all()
    admins = {row.id for row in rows if "admin" in row.scopes.split()}
    if admins == {account.id}:
        raise LastAdminError(
            f"{account.name} is the last person with the scope admin: give it to somebody else first,"
            " or nobody could manage people in the dashboard"
        )


def _change(conn: Connection, account: Account, **values: object) -> None:
    conn.execute(update(AccountRow).where(AccountRow.id == account.id).values(**values))
