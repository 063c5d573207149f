"""Who is logged in, in which browser: found by a secret that only its cookie has."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from syndication.store.access.audit_log import Act, Actor, record, record_repeated
from syndication.store.access.users import COLUMNS, Account, account_of
from syndication.store.tables.access import AccountRow, LoginRow, PendingLoginRow

BYTES = 32

MAX_SESSIONS = 50
"""Browsers in which a person is logged in at once: when another one is added, the oldest session ends."""

UNKNOWN = "an unknown name"
"""What the audit log says instead of a name that nobody has: people type their password there."""


def start(conn: Connection, account: Account, source: str, hours: int, now: datetime) -> str:
    """Log somebody in for some hours; gives the secret for the cookie, which is kept nowhere here."""
    _end_oldest(conn, account.id)
    secret = secrets.token_urlsafe(BYTES)
    conn.execute(
        insert(LoginRow).values(
            hash=hash_secret(secret),
            account_id=account.id,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
            source=source,
        )
    )
    conn.execute(update(AccountRow).where(AccountRow.id == account.id).values(last_login_at=now))
    record(conn, account.actor(source), [Act("log in", account.name, "logged in")], now)
    return secret


def _end_oldest(conn: Connection, account_id: str) -> None:
    """Make room for one more session."""
    newest = select(LoginRow.hash).where(LoginRow.account_id == account_id).order_by(LoginRow.created_at.desc())
    old = list(conn.scalars(newest.order_by(LoginRow.hash).offset(MAX_SESSIONS - 1)))
    if old:
        conn.execute(delete(LoginRow).where(LoginRow.hash.in_(old)))


def failed(
    conn: Connection, account: Account | None, source: str, now: datetime, *, wrong: str = "wrong password"
) -> None:
    """Record that somebody gave a wrong password (or code) for a person, a disabled person's, or an unknown name."""
    target = account.name if account else UNKNOWN
    why = "disabled" if account and not account.enabled else wrong if account else None
    record_repeated(conn, Actor("somebody", source), Act("log in", target, "refused", why), now)


def find(conn: Connection, secret: str, now: datetime) -> Account | None:
    """Whoever is logged in with this secret: not expired, not logged out, not disabled."""
    row = conn.execute(
        select(*COLUMNS)
        .join(LoginRow, LoginRow.account_id == AccountRow.id)
        .where(LoginRow.hash == hash_secret(secret), LoginRow.expires_at > now, AccountRow.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else account_of(row)


def end(conn: Connection, secret: str, source: str, now: datetime) -> Account | None:
    """Log out of one browser; gives who was logged in there."""
    account = find(conn, secret, now)
    conn.execute(delete(LoginRow).where(LoginRow.hash == hash_secret(secret)))
    if account is not None:
        record(conn, account.actor(source), [Act("log out", account.name, "logged out")], now)
    return account


def end_all(conn: Connection, account_id: str, but: str | None = None) -> int:
    """Log a person out of every browser, ``but`` the one with this secret; gives of how many.

    A log-in that waits for its second step ends too. It is a part of another act, which is what the audit log tells.
    """
    theirs = LoginRow.account_id == account_id
    if but is not None:
        theirs &= LoginRow.hash != hash_secret(but)
    conn.execute(delete(PendingLoginRow).where(PendingLoginRow.account_id == account_id))
    return conn.execute(delete(LoginRow).where(theirs)).rowcount


def forget(conn: Connection, now: datetime) -> None:
    """Delete those that have expired."""
    conn.execute(delete(LoginRow).where(LoginRow.expires_at <= now))


def hash_secret(secret: str) -> str:
    """The hash under which a random secret is stored and found."""
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
