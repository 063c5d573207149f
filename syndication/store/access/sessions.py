"""Sessions of logged-in browsers, found by a secret that only the cookie has.

In lists a session has an id, the beginning of its hash, which opens nothing.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from syndication.store.access.audit_log import Act, Actor, record, record_repeated
from syndication.store.access.users import COLUMNS, User, user_from_row
from syndication.store.tables.access import PendingLoginRow, SessionRow, UserRow

BYTES = 32

MAX_SESSIONS = 50
"""Sessions of one user at a time; a further log-in ends the oldest."""

MAX_LISTED = 1_000
"""Sessions in one list."""

UNKNOWN_NAME = "unknown user"
"""Recorded in the audit log instead of an unknown name, since users sometimes type their password there."""


ID_LENGTH = 16
"""Hexadecimal digits of an id: 64 bits, which no two sessions share by chance."""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which a user is logged in: from which address it logged in, when, and what it says that it is."""

    id: str
    user: str
    created_at: datetime
    expires_at: datetime
    source: str
    browser: str | None


def create_session(
    conn: Connection, user: User, source: str, hours: int, now: datetime, *, browser: str | None = None
) -> str:
    """Creates a session; returns the secret for the cookie, which is not stored."""
    _end_oldest(conn, user.id)
    secret = secrets.token_urlsafe(BYTES)
    conn.execute(
        insert(SessionRow).values(
            hash=hash_secret(secret),
            user_id=user.id,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
            source=source,
            browser=browser,
        )
    )
    conn.execute(update(UserRow).where(UserRow.id == user.id).values(last_login_at=now))
    record(conn, user.actor(source), [Act("log in", user.name, "logged in")], now)
    return secret


def _end_oldest(conn: Connection, user_id: str) -> None:
    """Ends the oldest sessions, to allow one more."""
    newest = select(SessionRow.hash).where(SessionRow.user_id == user_id).order_by(SessionRow.created_at.desc())
    old = list(conn.scalars(newest.order_by(SessionRow.hash).offset(MAX_SESSIONS - 1)))
    if old:
        conn.execute(delete(SessionRow).where(SessionRow.hash.in_(old)))


def record_failed_login(
    conn: Connection, user: User | None, source: str, now: datetime, *, wrong: str = "wrong password"
) -> None:
    """Records a failed log-in: a wrong password or code, a disabled user, or an unknown name."""
    target = user.name if user else UNKNOWN_NAME
    why = "disabled" if user and not user.enabled else wrong if user else None
    record_repeated(conn, Actor("anonymous", source), Act("log in", target, "refused", why), now)


def find_user(conn: Connection, secret: str, now: datetime) -> User | None:
    """Returns the user of a valid session, or None if it has expired or ended, or the user is disabled."""
    row = conn.execute(
        select(*COLUMNS)
        .join(SessionRow, SessionRow.user_id == UserRow.id)
        .where(SessionRow.hash == hash_secret(secret), SessionRow.expires_at > now, UserRow.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else user_from_row(row)


def list_sessions(conn: Connection, now: datetime, user_id: str | None = None) -> list[Session]:
    """Returns the valid sessions of all users, or of one; the newest first."""
    query = (
        select(SessionRow.__table__, UserRow.name)
        .join(UserRow, SessionRow.user_id == UserRow.id)
        .where(SessionRow.expires_at > now, UserRow.disabled_at.is_(None))
        .order_by(SessionRow.created_at.desc(), SessionRow.hash)
        .limit(MAX_LISTED)
    )
    if user_id is not None:
        query = query.where(SessionRow.user_id == user_id)
    return [
        Session(session_id(row.hash), row.name, row.created_at, row.expires_at, row.source, row.browser)
        for row in conn.execute(query)
    ]


def end_by_id(conn: Connection, id: str, by: Actor, now: datetime, user_id: str | None = None) -> str | None:
    """Ends the session with this id, of one user if ``user_id`` is given; returns its user's name, or None."""
    if not re.fullmatch(f"[0-9a-f]{{{ID_LENGTH}}}", id):
        return None
    query = (
        select(SessionRow.hash, UserRow.name)
        .join(UserRow, SessionRow.user_id == UserRow.id)
        .where(SessionRow.hash.startswith(id), SessionRow.expires_at > now)
    )
    if user_id is not None:
        query = query.where(SessionRow.user_id == user_id)
    row = conn.execute(query).first()
    if row is None or not conn.execute(delete(SessionRow).where(SessionRow.hash == row.hash)).rowcount:
        return None
    record(conn, by, [Act("end session of user", row.name, "ended")], now)
    return str(row.name)


def log_out(conn: Connection, user: User, by: Actor, now: datetime) -> int:
    """Ends all sessions of a user; returns how many."""
    ended = end_all_sessions(conn, user.id)
    record(conn, by, [Act("end sessions of user", user.name, "ended", str(ended))], now)
    return ended


def session_id(hash: str) -> str:
    """Returns the id of the session with this hash."""
    return hash[:ID_LENGTH]


def end_session(conn: Connection, secret: str, source: str, now: datetime) -> User | None:
    """Ends a session (log-out); returns its user."""
    user = find_user(conn, secret, now)
    conn.execute(delete(SessionRow).where(SessionRow.hash == hash_secret(secret)))
    if user is not None:
        record(conn, user.actor(source), [Act("log out", user.name, "logged out")], now)
    return user


def end_all_sessions(conn: Connection, user_id: str, keep: str | None = None) -> int:
    """Ends all sessions of a user except the one with the secret ``keep``; returns how many.

    Pending log-ins end too. This is part of another action, which is recorded in the audit log.
    """
    theirs = SessionRow.user_id == user_id
    if keep is not None:
        theirs &= SessionRow.hash != hash_secret(keep)
    conn.execute(delete(PendingLoginRow).where(PendingLoginRow.user_id == user_id))
    return conn.execute(delete(SessionRow).where(theirs)).rowcount


def delete_expired(conn: Connection, now: datetime) -> None:
    """Deletes expired sessions."""
    conn.execute(delete(SessionRow).where(SessionRow.expires_at <= now))


def hash_secret(secret: str) -> str:
    """Returns the hash under which a random secret is stored."""
    # 256 random bits cannot be guessed and need no slow hash.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
