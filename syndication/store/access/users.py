"""People who log in to the dashboard: who there is. A password comes here as its hash only, and leaves never."""

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, update

from syndication.errors import SyndicationError
from syndication.model.values import PasswordHash
from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.access.tokens import sort_scopes
from syndication.store.db.upsert import insert
from syndication.store.tables.access import UserRow

MAX_USERS = 10_000
"""People in all, with those who are disabled, who are never deleted: decades of a large newsroom."""

NAME = re.compile(r"[a-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class User:
    """A person who may log in, without the password's hash."""

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
        """Whether this person may log in."""
        return self.disabled_at is None

    def actor(self, source: str) -> Actor:
        """This person in the audit log, acting from an address."""
        return Actor(f"user {self.name}", source)


COLUMNS = [getattr(UserRow, name) for name in User.__slots__]
"""What makes an Account. The hash is not among them."""


def check_name(name: str) -> None:
    """Raise SyndicationError unless a person may have this name."""
    if not NAME.fullmatch(name):
        raise SyndicationError(
            f"the name is {name[:80]!r}: it should be 1 to 64 of the lower-case letters a to z, digits, dots,"
            " hyphens and underscores, like mei-hua.lin"
        )


def check_scopes(scopes: Collection[str]) -> tuple[str, ...]:
    """The scopes as they are stored. Raises SyndicationError for one that there is not, and for none at all."""
    return sort_scopes(scopes, "a person without a scope sees nothing")


def reject_taken(conn: Connection, name: str) -> None:
    """Raise SyndicationError if there is somebody of this name, also one who is disabled."""
    if find_by_name(conn, name) is not None:
        raise _taken(name)


def create(conn: Connection, name: str, hash: PasswordHash, scopes: Collection[str], by: Actor, now: datetime) -> User:
    """Let a person in. Raises SyndicationError for a wrong name or scope, and for a name that is taken."""
    check_name(name)
    ordered = check_scopes(scopes)
    if (conn.scalar(select(func.count()).select_from(UserRow)) or 0) >= MAX_USERS:
        raise SyndicationError(
            f"there are {MAX_USERS:,} users already, with those who are disabled, and no more are created:"
            " enable one of them instead"
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
    """Everybody, by name; those who are disabled too."""
    return [user_from_row(row) for row in conn.execute(select(*COLUMNS).order_by(UserRow.name))]


def find_by_name(conn: Connection, name: str) -> User | None:
    """The person of this name."""
    return _one(conn, UserRow.name == name)


def find(conn: Connection, id: str) -> User | None:
    """The person with this id."""
    return _one(conn, UserRow.id == id)


def any_enabled(conn: Connection) -> bool:
    """Whether anybody may log in."""
    return conn.scalar(select(UserRow.id).where(UserRow.disabled_at.is_(None)).limit(1)) is not None


def get_password_hash(conn: Connection, user: User) -> PasswordHash | None:
    """The hash of a person's password, to verify one by; None if the person is gone."""
    found = conn.scalar(select(UserRow.hash).where(UserRow.id == user.id))
    return None if found is None else PasswordHash(found)


def is_unchanged(conn: Connection, user: User, hash: PasswordHash) -> bool:
    """Whether the person is enabled and still has the password that was verified.

    Verifying takes a while, outside of any transaction. From here on nobody changes either until this one ends.
    """
    same = select(UserRow.id).where(UserRow.id == user.id, UserRow.hash == hash, UserRow.disabled_at.is_(None))
    return conn.scalar(same.with_for_update()) is not None


def rehash(conn: Connection, user: User, hash: PasswordHash) -> None:
    """Store the same password under today's parameters."""
    conn.execute(update(UserRow).where(UserRow.id == user.id).values(hash=hash))


def user_from_row(row: object) -> User:
    """An account from a row of ``COLUMNS``."""
    values = {name: getattr(row, name) for name in User.__slots__}
    return User(**values | {"scopes": tuple(values["scopes"].split())})


def _taken(name: str) -> SyndicationError:
    return SyndicationError(f"there is a person {name!r} already: choose another name, or enable that one")


def _one(conn: Connection, condition: ColumnElement[bool]) -> User | None:
    row = conn.execute(select(*COLUMNS).where(condition)).one_or_none()
    return None if row is None else user_from_row(row)
