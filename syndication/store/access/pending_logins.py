"""Log-ins between the two steps: the password was verified, and the code of the second factor is pending.

They are stored, rather than only in a signed cookie, because the signing key is in the database too: a reader of the
database could otherwise skip the password.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from syndication.store.access.sessions import BYTES, hash_secret
from syndication.store.access.users import COLUMNS, User, user_from_row
from syndication.store.tables.access import PendingLoginRow, UserRow

LIFETIME = timedelta(minutes=10)
"""The time for entering the code."""


def start(conn: Connection, user: User, now: datetime) -> str:
    """Stores a log-in after its password was verified; returns the secret for the cookie, which is not stored."""
    prune(conn, now)
    secret = secrets.token_urlsafe(BYTES)
    values = {"hash": hash_secret(secret), "user_id": user.id, "expires_at": now + LIFETIME}
    conn.execute(insert(PendingLoginRow).values(**values))
    return secret


def find(conn: Connection, secret: str, now: datetime) -> User | None:
    """Returns the user of a pending log-in, or None if it has expired or the user was changed since."""
    waits = (PendingLoginRow.hash == hash_secret(secret)) & (PendingLoginRow.expires_at > now)
    row = conn.execute(
        select(*COLUMNS)
        .join(PendingLoginRow, PendingLoginRow.user_id == UserRow.id)
        .where(waits, UserRow.disabled_at.is_(None), UserRow.second_factor_at.is_not(None))
    ).one_or_none()
    return None if row is None else user_from_row(row)


def end(conn: Connection, secret: str) -> None:
    """Deletes a pending log-in after it was completed or restarted."""
    conn.execute(delete(PendingLoginRow).where(PendingLoginRow.hash == hash_secret(secret)))


def prune(conn: Connection, now: datetime) -> None:
    """Deletes expired pending log-ins."""
    conn.execute(delete(PendingLoginRow).where(PendingLoginRow.expires_at <= now))
