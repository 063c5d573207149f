"""Log-ins between their two steps: the password was right, and the code of the second factor is still asked for.

They are rows, and not only a signed cookie: the key that signs cookies is in the database too, and who reads the
database could otherwise skip the password.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from syndication.store.access.sessions import BYTES, hash_secret
from syndication.store.access.users import COLUMNS, User, user_from_row
from syndication.store.tables.access import PendingLoginRow, UserRow

LIFETIME = timedelta(minutes=10)
"""How long somebody may look for the phone."""


def start(conn: Connection, user: User, now: datetime) -> str:
    """Remember that the password was right; gives the secret for the cookie, which is kept nowhere here."""
    prune(conn, now)
    secret = secrets.token_urlsafe(BYTES)
    values = {"hash": hash_secret(secret), "user_id": user.id, "expires_at": now + LIFETIME}
    conn.execute(insert(PendingLoginRow).values(**values))
    return secret


def find(conn: Connection, secret: str, now: datetime) -> User | None:
    """Whose log-in waits for its code; None if it took too long, or the user was changed meanwhile."""
    waits = (PendingLoginRow.hash == hash_secret(secret)) & (PendingLoginRow.expires_at > now)
    row = conn.execute(
        select(*COLUMNS)
        .join(PendingLoginRow, PendingLoginRow.user_id == UserRow.id)
        .where(waits, UserRow.disabled_at.is_(None), UserRow.second_factor_at.is_not(None))
    ).one_or_none()
    return None if row is None else user_from_row(row)


def end(conn: Connection, secret: str) -> None:
    """Forget one: it has become a session, or somebody began again."""
    conn.execute(delete(PendingLoginRow).where(PendingLoginRow.hash == hash_secret(secret)))


def prune(conn: Connection, now: datetime) -> None:
    """Delete those that took too long."""
    conn.execute(delete(PendingLoginRow).where(PendingLoginRow.expires_at <= now))
