"""Who is logged in, in which browser: found by a secret that only its cookie has."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from syndication.store.access.audit_log import Act, Actor, record, record_repeated
from syndication.store.access.users import COLUMNS, User, user_from_row
from syndication.store.tables.access import PendingLoginRow, SessionRow, UserRow

BYTES = 32

MAX_SESSIONS = 50
"""Browsers in which a person is logged in at once: when another one is added, the oldest session ends."""

UNKNOWN_NAME = "an unknown name"
"""What the audit log says instead of a name that nobody has: people type their password there."""


def create_session(conn: Connection, user: User, source: str, hours: int, now: datetime) -> str:
    """Log somebody in for some hours; gives the secret for the cookie, which is kept nowhere here."""
    _end_oldest(conn, user.id)
    secret = secrets.token_urlsafe(BYTES)
    conn.execute(
        insert(SessionRow).values(
            hash=hash_secret(secret),
            user_id=user.id,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
            source=source,
        )
    )
    conn.execute(update(UserRow).where(UserRow.id == user.id).values(last_login_at=now))
    record(conn, user.actor(source), [Act("log in", user.name, "logged in")], now)
    return secret


def _end_oldest(conn: Connection, user_id: str) -> None:
    """Make room for one more session."""
    newest = select(SessionRow.hash).where(SessionRow.user_id == user_id).order_by(SessionRow.created_at.desc())
    old = list(conn.scalars(newest.order_by(SessionRow.hash).offset(MAX_SESSIONS - 1)))
    if old:
        conn.execute(delete(SessionRow).where(SessionRow.hash.in_(old)))


def record_failed_login(
    conn: Connection, user: User | None, source: str, now: datetime, *, wrong: str = "wrong password"
) -> None:
    """Record that somebody gave a wrong password (or code) for a person, a disabled person's, or an unknown name."""
    target = user.name if user else UNKNOWN_NAME
    why = "disabled" if user and not user.enabled else wrong if user else None
    record_repeated(conn, Actor("somebody", source), Act("log in", target, "refused", why), now)


def find_user(conn: Connection, secret: str, now: datetime) -> User | None:
    """Whoever is logged in with this secret: not expired, not logged out, not disabled."""
    row = conn.execute(
        select(*COLUMNS)
        .join(SessionRow, SessionRow.user_id == UserRow.id)
        .where(SessionRow.hash == hash_secret(secret), SessionRow.expires_at > now, UserRow.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else user_from_row(row)


def end_session(conn: Connection, secret: str, source: str, now: datetime) -> User | None:
    """Log out of one browser; gives who was logged in there."""
    user = find_user(conn, secret, now)
    conn.execute(delete(SessionRow).where(SessionRow.hash == hash_secret(secret)))
    if user is not None:
        record(conn, user.actor(source), [Act("log out", user.name, "logged out")], now)
    return user


def end_all_sessions(conn: Connection, user_id: str, keep: str | None = None) -> int:
    """Log a person out of every browser, ``but`` the one with this secret; gives of how many.

    A log-in that waits for its second step ends too. It is a part of another act, which is what the audit log tells.
    """
    theirs = SessionRow.user_id == user_id
    if keep is not None:
        theirs &= SessionRow.hash != hash_secret(keep)
    conn.execute(delete(PendingLoginRow).where(PendingLoginRow.user_id == user_id))
    return conn.execute(delete(SessionRow).where(theirs)).rowcount


def delete_expired(conn: Connection, now: datetime) -> None:
    """Delete those that have expired."""
    conn.execute(delete(SessionRow).where(SessionRow.expires_at <= now))


def hash_secret(secret: str) -> str:
    """The hash under which a random secret is stored and found."""
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
