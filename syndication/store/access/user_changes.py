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
from syndication.store.access.users import User, check_scopes
from syndication.store.tables.access import UserRow


class LastAdminError(SyndicationError):
    """Nobody else could manage people in the dashboard."""


def set_scopes(
    conn: Connection, user: User, scopes: Collection[str], by: Actor, now: datetime, *, force: bool = False
) -> User:
    """Change what a person may, and log the person out everywhere. Raises SyndicationError.

    The last one who is enabled and has admin keeps it, unless ``force`` says that another way in is known.
    """
    ordered = check_scopes(scopes)
    if "admin" not in ordered and not force:
        reject_last_admin(conn, user)
    _change(conn, user, scopes=" ".join(ordered))
    sessions.end_all_sessions(conn, user.id)
    record(conn, by, [Act("change scopes of user", user.name, "changed", " ".join(ordered))], now)
    return replace(user, scopes=ordered)


def set_password(
    conn: Connection, user: User, hash: PasswordHash, by: Actor, now: datetime, *, keep: str | None = None
) -> None:
    """Change a person's password, and log the person out of every browser but that with the secret ``keep``."""
    _change(conn, user, hash=hash)
    sessions.end_all_sessions(conn, user.id, keep=keep)
    record(conn, by, [Act("change password of user", user.name, "changed")], now)


def disable(conn: Connection, user: User, by: Actor, now: datetime, *, force: bool = False) -> User:
    """Let a person in no more, from now on; nothing happens to one who is disabled already. Raises SyndicationError.

    The last one who is enabled and has admin stays, unless ``force`` says that another way in is known.
    """
    if not user.enabled:
        return user
    if not force:
        reject_last_admin(conn, user)
    _change(conn, user, disabled_at=now)
    sessions.end_all_sessions(conn, user.id)
    record(conn, by, [Act("disable user", user.name, "disabled")], now)
    return replace(user, disabled_at=now)


def enable(conn: Connection, user: User, by: Actor, now: datetime) -> User:
    """Let a person in again, with the password and the scopes from before; nothing happens to one who is enabled."""
    if user.enabled:
        return user
    _change(conn, user, disabled_at=None)
    record(conn, by, [Act("enable user", user.name, "enabled")], now)
    return replace(user, disabled_at=None)


def reject_last_admin(conn: Connection, user: User) -> None:
    """Raise LastAdminError if nobody else is enabled and has admin.

    The rows are locked: two admins who disable each other at once take turns, and one of them stays.
    """
    rows = conn.execute(
        select(UserRow.id, UserRow.scopes).where(UserRow.disabled_at.is_(None)).order_by(UserRow.id).with_for_update()
    ).all()
    admins = {row.id for row in rows if "admin" in row.scopes.split()}
    if admins == {user.id}:
        raise LastAdminError(
            f"{user.name} is the last person with the scope admin: give it to somebody else first,"
            " or nobody could manage people in the dashboard"
        )


def _change(conn: Connection, user: User, **values: object) -> None:
    conn.execute(update(UserRow).where(UserRow.id == user.id).values(**values))
