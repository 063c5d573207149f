"""Changes of users: scopes, password, disabling and enabling.

All but enabling end the user's sessions, so that a reduced scope or a new password takes effect immediately.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from syndication.errors import SyndicationError
from syndication.model.values import PasswordHash
from syndication.store.access import sessions
from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.access.users import User, check_scopes
from syndication.store.tables.access import PasswordLinkRow, UserRow


class LastAdminError(SyndicationError):
    """The change would leave no user who can manage users in the dashboard."""


def set_scopes(
    conn: Connection, user: User, scopes: Collection[str], by: Actor, now: datetime, *, force: bool = False
) -> User:
    """Changes a user's scopes and ends all their sessions. Raises SyndicationError.

    The last enabled user with the scope admin keeps it, unless ``force`` is set (by the command line).
    """
    ordered = check_scopes(scopes)
    if "admin" not in ordered and not force:
        reject_last_admin(conn, user)
    _change(conn, user, scopes=" ".join(ordered))
    sessions.end_all_sessions(conn, user.id)
    record(conn, by, [Act("change scopes of user", user.name, "changed", " ".join(ordered))], now)
    return replace(user, scopes=ordered)


def set_password(
    conn: Connection,
    user: User,
    hash: PasswordHash,
    by: Actor,
    now: datetime,
    *,
    keep: str | None = None,
    detail: str | None = None,
) -> None:
    """Changes a user's password and ends all their sessions except the one with the secret ``keep``."""
    _change(conn, user, hash=hash)
    _end_link(conn, user)
    sessions.end_all_sessions(conn, user.id, keep=keep)
    record(conn, by, [Act("change password of user", user.name, "changed", detail)], now)


def disable(conn: Connection, user: User, by: Actor, now: datetime, *, force: bool = False) -> User:
    """Disables a user and ends all their sessions; does nothing if already disabled. Raises SyndicationError.

    The last enabled user with the scope admin stays enabled, unless ``force`` is set (by the command line).
    """
    if not user.enabled:
        return user
    if not force:
        reject_last_admin(conn, user)
    _change(conn, user, disabled_at=now)
    _end_link(conn, user)
    sessions.end_all_sessions(conn, user.id)
    record(conn, by, [Act("disable user", user.name, "disabled")], now)
    return replace(user, disabled_at=now)


def enable(conn: Connection, user: User, by: Actor, now: datetime) -> User:
    """Enables a user with the previous password and scopes; does nothing if already enabled."""
    if user.enabled:
        return user
    _change(conn, user, disabled_at=None)
    record(conn, by, [Act("enable user", user.name, "enabled")], now)
    return replace(user, disabled_at=None)


def reject_last_admin(conn: Connection, user: User) -> None:
    """Raises LastAdminError if no other enabled user has the scope admin.

    Rows are locked, so that of two admins who disable each other at the same time, one stays enabled.
    """
    rows = conn.execute(
        select(UserRow.id, UserRow.scopes).where(UserRow.disabled_at.is_(None)).order_by(UserRow.id).with_for_update()
    ).all()
    admins = {row.id for row in rows if "admin" in row.scopes.split()}
    if admins == {user.id}:
        raise LastAdminError(
            f"{user.name} is the last user with the scope admin: give it to another user first,"
            " or users can no longer be managed in the dashboard"
        )


def _end_link(conn: Connection, user: User) -> None:
    """Deletes the user's link for setting a password: it would undo the change."""
    conn.execute(delete(PasswordLinkRow).where(PasswordLinkRow.user_id == user.id))


def _change(conn: Connection, user: User, **values: object) -> None:
    conn.execute(update(UserRow).where(UserRow.id == user.id).values(**values))
