"""Users of the dashboard. Passwords are received only as hashes, and hashes are never returned with a user."""

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, update

from syndication.errors import SyndicationError
from syndication.model.values import PasswordHash
from syndication.store.access.audit_log import USER_ACTOR, Act, Actor, record
from syndication.store.access.tokens import sort_scopes
from syndication.store.db.upsert import insert
from syndication.store.tables.access import UserRow

MAX_USERS = 10_000
"""All users, including disabled ones, who are never deleted: decades of a large newsroom."""

NAME = re.compile(r"[a-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class User:
    """A user, without the password hash."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: str
    last_login_at: datetime | None
    disabled_at: datetime | None
    second_factor_at: datetime | None = None

    @property
    def enabled(self) -> bool:
        """Returns whether the user may log in."""
        return self.disabled_at is None

    def actor(self, source: str) -> Actor:
        """Returns the user as an actor of the audit log, acting from ``source``."""
        return Actor(f"{USER_ACTOR}{self.name}", source)


COLUMNS = [getattr(UserRow, name) for name in User.__slots__]
"""The columns of ``User``, without the hash."""


def check_name(name: str) -> None:
    """Raises SyndicationError unless this is a valid user name."""
    if not NAME.fullmatch(name):
        raise SyndicationError(
            "the name must have 1 to 64 lower-case letters (a to z), digits, dots, hyphens and underscores,"
            f" like mei-hua.lin, not {name[:80]!r}"
        )


def check_scopes(scopes: Collection[str]) -> tuple[str, ...]:
    """Returns the scopes in stored order. Raises SyndicationError for an unknown scope, or for none."""
    return sort_scopes(scopes, "a user needs at least one scope")


def reject_taken(conn: Connection, name: str) -> None:
    """Raises SyndicationError if the name is taken, even by a disabled user."""
    if find_by_name(conn, name) is not None:
        raise _taken(name)


def create(conn: Connection, name: str, hash: PasswordHash, scopes: Collection[str], by: Actor, now: datetime) -> User:
    """Creates a user. Raises SyndicationError for an invalid name or scope, or a taken name."""
    check_name(name)
    ordered = check_scopes(scopes)
    if (conn.scalar(select(func.count()).select_from(UserRow)) or 0) >= MAX_USERS:
        raise SyndicationError(
            f"the limit of {MAX_USERS:,} users, including disabled ones, is reached: enable an existing user instead"
        )
    user = User(uuid.uuid4().hex[:12], name, ordered, now, by.name, None, None)
    statement = insert(conn, UserRow).values(
        id=user.id, name=name, hash=hash, scopes=" ".join(ordered), created_at=now, created_by=by.name
    )
    if conn.execute(statement.on_conflict_do_nothing().returning(UserRow.id)).one_or_none() is None:
        raise _taken(name)
    record(conn, by, [Act("create user", name, "created", " ".join(ordered))], now)
    return user


def list_all(conn: Connection) -> list[User]:
    """Returns all users by name, including disabled ones."""
    return [user_from_row(row) for row in conn.execute(select(*COLUMNS).order_by(UserRow.name))]


def find_by_name(conn: Connection, name: str) -> User | None:
    """Returns the user with this name, or None."""
    return _one(conn, UserRow.name == name)


def find(conn: Connection, id: str) -> User | None:
    """Returns the user with this id, or None."""
    return _one(conn, UserRow.id == id)


def any_enabled(conn: Connection) -> bool:
    """Returns whether any user may log in."""
    return conn.scalar(select(UserRow.id).where(UserRow.disabled_at.is_(None)).limit(1)) is not None


def count_enabled(conn: Connection) -> int:
    """Returns how many users may log in."""
    return conn.scalar(select(func.count()).select_from(UserRow).where(UserRow.disabled_at.is_(None))) or 0


def first_created(conn: Connection) -> datetime | None:
    """Returns when the first of the users was created; None if there is none."""
    return conn.scalar(select(UserRow.created_at).order_by(UserRow.created_at).limit(1))


def get_password_hash(conn: Connection, user: User) -> PasswordHash | None:
    """Returns the user's password hash, or None if the user no longer exists."""
    found = conn.scalar(select(UserRow.hash).where(UserRow.id == user.id))
    return None if found is None else PasswordHash(found)


def is_unchanged(conn: Connection, user: User, hash: PasswordHash) -> bool:
    """Returns whether the user is enabled and still has the password that was verified.

    Verification is slow and happens outside of transactions. The row stays locked until this transaction ends.
    """
    same = select(UserRow.id).where(UserRow.id == user.id, UserRow.hash == hash, UserRow.disabled_at.is_(None))
    return conn.scalar(same.with_for_update()) is not None


def rehash(conn: Connection, user: User, hash: PasswordHash) -> None:
    """Stores a hash of the same password with current parameters."""
    conn.execute(update(UserRow).where(UserRow.id == user.id).values(hash=hash))


def user_from_row(row: object) -> User:
    """Returns the user from a row of ``COLUMNS``."""
    values = {name: getattr(row, name) for name in User.__slots__}
    return User(**values | {"scopes": tuple(values["scopes"].split())})


def _taken(name: str) -> SyndicationError:
    return SyndicationError(f"a user named {name!r} already exists: choose another name, or enable that user")


def _one(conn: Connection, condition: ColumnElement[bool]) -> User | None:
    row = conn.execute(select(*COLUMNS).where(condition)).one_or_none()
    return None if row is None else user_from_row(row)
