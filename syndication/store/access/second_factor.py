"""Second factors of users: enabling, disabling, and accepting each code once.

An app's secret is stored unencrypted, since verifying a code needs it. An encryption key would have to be kept outside
of the database, and losing it would lose every second factor. A stolen database still does not allow logging in,
because passwords are stored only as hashes.
"""

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from syndication.auth.secrets import second_factor
from syndication.errors import SyndicationError
from syndication.store.access import sessions
from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.access.users import User
from syndication.store.tables.access import RecoveryCodeRow, UserRow


def enable(conn: Connection, user: User, secret: str, step: int, by: Actor, now: datetime, *, keep: str) -> list[str]:
    """Enables the second factor after its code of ``step`` was verified; returns the recovery codes, shown only once.

    Ends all sessions except the one with the secret ``keep``. Raises SyndicationError if it is already on.
    """
    unset = (UserRow.id == user.id) & UserRow.second_factor_at.is_(None) & UserRow.disabled_at.is_(None)
    values = {"totp_secret": secret, "totp_step": step, "second_factor_at": now}
    if conn.execute(update(UserRow).where(unset).values(**values)).rowcount == 0:
        raise SyndicationError("the second factor is already on: turn it off first to set up another app")
    codes = second_factor.new_recovery_codes()
    conn.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user.id))
    rows = [{"user_id": user.id, "hash": second_factor.recovery_hash(user.id, code)} for code in codes]
    conn.execute(insert(RecoveryCodeRow), rows)
    sessions.end_all_sessions(conn, user.id, keep=keep)
    record(conn, by, [Act("turn on second factor of user", user.name, "changed")], now)
    return codes


def disable(conn: Connection, user: User, by: Actor, now: datetime, *, keep: str | None = None) -> bool:
    """Disables the second factor and ends all sessions except ``keep``; returns whether it was on."""
    is_on = (UserRow.id == user.id) & UserRow.second_factor_at.is_not(None)
    values = {"totp_secret": None, "totp_step": None, "second_factor_at": None}
    if conn.execute(update(UserRow).where(is_on).values(**values)).rowcount == 0:
        return False
    conn.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user.id))
    sessions.end_all_sessions(conn, user.id, keep=keep)
    record(conn, by, [Act("remove second factor of user", user.name, "removed")], now)
    return True


def accept_code(conn: Connection, user: User, code: str, source: str, now: datetime) -> bool:
    """Returns whether a code of the app or a recovery code is valid, and uses it up."""
    query = select(UserRow.totp_secret, UserRow.totp_step).where(UserRow.id == user.id).with_for_update()
    row = conn.execute(query).one_or_none()
    if row is None or row.totp_secret is None:
        return False
    step = second_factor.accepted_step(row.totp_secret, code, now, row.totp_step or 0)
    if step is not None:
        conn.execute(update(UserRow).where(UserRow.id == user.id).values(totp_step=step))
        return True
    hash = second_factor.recovery_hash(user.id, code)
    used = delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user.id, RecoveryCodeRow.hash == hash)
    if conn.execute(used).rowcount == 0:
        return False
    record(conn, user.actor(source), [Act("use recovery code", user.name, "used")], now)
    return True


def count_recovery_codes(conn: Connection, user: User) -> int:
    """Returns the number of unused recovery codes."""
    query = select(func.count()).select_from(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user.id)
    return conn.scalar(query) or 0
