"""Links by which people set their passwords themselves: each works once, for an hour.

Nobody has to read a password aloud, and nobody but its owner ever knows it. A user has one link at most: a new one
replaces it. The old password stays valid until the link is used.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from syndication.errors import SyndicationError
from syndication.model.values import PasswordHash
from syndication.store.access import user_changes
from syndication.store.access.audit_log import Act, Actor, record, record_repeated
from syndication.store.access.sessions import BYTES, UNKNOWN_NAME, hash_secret
from syndication.store.access.users import COLUMNS, User, user_from_row
from syndication.store.db.upsert import insert
from syndication.store.tables.access import PasswordLinkRow, UserRow

LIFETIME = timedelta(hours=1)


def create(conn: Connection, user: User, by: Actor, now: datetime) -> tuple[str, datetime]:
    """Creates a link in place of the user's earlier one; returns its secret, which is not stored, and when it expires.

    Raises SyndicationError for a disabled user, for whom it would open nothing.
    """
    if not user.enabled:
        raise SyndicationError(f"{user.name} is disabled: enable the user first")
    secret, expires_at = secrets.token_urlsafe(BYTES), now + LIFETIME
    values = {"hash": hash_secret(secret), "created_at": now, "created_by": by.name, "expires_at": expires_at}
    statement = insert(conn, PasswordLinkRow).values(user_id=user.id, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))
    record(conn, by, [Act("create password link", user.name, "created")], now)
    return secret, expires_at


def find(conn: Connection, secret: str, now: datetime) -> User | None:
    """Returns the user of a link that still works, or None."""
    row = conn.execute(
        select(*COLUMNS)
        .join(PasswordLinkRow, PasswordLinkRow.user_id == UserRow.id)
        .where(
            PasswordLinkRow.hash == hash_secret(secret),
            PasswordLinkRow.expires_at > now,
            UserRow.disabled_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else user_from_row(row)


def use(conn: Connection, secret: str, hash: PasswordHash, source: str, now: datetime) -> User | None:
    """Sets the password, ends the user's sessions and the link, and returns the user; None if the link is used up."""
    user = find(conn, secret, now)
    if user is None:
        return None
    # Of two requests with one link, only one deletes it.
    if not conn.execute(delete(PasswordLinkRow).where(PasswordLinkRow.hash == hash_secret(secret))).rowcount:
        return None
    user_changes.set_password(conn, user, hash, user.actor(source), now, detail="by link")
    return user


def url(base_url: str, secret: str) -> str:
    """Returns the address of a link."""
    return f"{base_url}/editors/password/{secret}"


def record_failed_use(conn: Connection, source: str, now: datetime) -> None:
    """Records the use of a link that does not work."""
    record_repeated(
        conn, Actor("anonymous", source), Act("use password link", UNKNOWN_NAME, "refused", "no such link"), now
    )


def prune(conn: Connection, now: datetime) -> None:
    """Deletes expired links."""
    conn.execute(delete(PasswordLinkRow).where(PasswordLinkRow.expires_at <= now))
