"""API tokens, stored and found by hash."""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, not_, or_, select, update

from syndication.errors import SyndicationError
from syndication.model.formats import rfc3339
from syndication.model.scopes import SCOPES
from syndication.store.access.audit_log import Act, Actor, is_automatic, record
from syndication.store.db.batches import batched
from syndication.store.tables.access import TokenRow

PREFIX = "syn_"
"""The start of every token, recognizable to people and secret scanners."""

BYTES = 32

USE_RECORDED = timedelta(minutes=1)
"""The precision of ``last_used_at``: one write a minute for a token in use, not one per request."""


MAX_ACTIVE = 1_000
"""Active tokens: several for each program of a large newsroom. It stops loops that create tokens."""

MAX_ENDED = 1_000
"""Revoked and expired tokens that are kept: the newest ones."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def usable(self, now: datetime) -> bool:
        """Returns whether the token is active at ``now``."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


def sort_scopes(scopes: Collection[str], if_empty: str) -> tuple[str, ...]:
    """Returns the scopes in stored order. Raises SyndicationError for an unknown scope, or with ``if_empty``."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        wrong = f"there is no scope {unknown[0]!r}" if unknown else if_empty
        raise SyndicationError(f"{wrong}: use {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in scopes)


def create(
    conn: Connection, name: str, scopes: Collection[str], expires_at: datetime | None, by: Actor, now: datetime
) -> tuple[Token, str]:
    """Creates a token; returns it with its secret, which is not stored. Raises SyndicationError."""
    ordered = sort_scopes(scopes, "a token needs at least one scope")
    if is_automatic(name):
        raise SyndicationError(f"name is {name!r}, which the audit log uses for another system: choose another name")
    if expires_at is not None and expires_at <= now:
        raise SyndicationError(f"expires_at must be in the future, not {rfc3339(expires_at)}")
    if any(token.usable(now) for token in find_by_name(conn, name)):
        raise SyndicationError(f"an active token named {name!r} already exists: revoke it, or choose another name")
    if _count_active(conn, now) >= MAX_ACTIVE:
        raise SyndicationError(f"the limit of {MAX_ACTIVE:,} active tokens is reached: revoke unused ones first")
    secret = PREFIX + secrets.token_urlsafe(BYTES)
    token = Token(uuid.uuid4().hex[:12], name, ordered, now, by.name, expires_at, None, None)
    conn.execute(
        insert(TokenRow).values(
            id=token.id,
            name=name,
            hash=_hash(secret),
            scopes=" ".join(ordered),
            created_at=now,
            created_by=by.name,
            expires_at=expires_at,
        )
    )
    record(conn, by, [Act("create token", name, "created", " ".join(ordered))], now)
    return token, secret


def find(conn: Connection, secret: str, now: datetime) -> Token | None:
    """Returns the active token with this secret, or None.

    The index lookup uses a hash, so its timing reveals nothing about the secret; the final comparison takes constant
    time.
    """
    wanted = _hash(secret)
    row = conn.execute(select(TokenRow.__table__).where(TokenRow.hash == wanted)).one_or_none()
    if row is None or not hmac.compare_digest(row.hash, wanted):
        return None
    token = _token(row)
    return token if token.usable(now) else None


def record_use(conn: Connection, token: Token, now: datetime) -> None:
    """Records the token's use, unless another request just did."""
    old = or_(TokenRow.last_used_at.is_(None), TokenRow.last_used_at <= now - USE_RECORDED)
    conn.execute(update(TokenRow).where(TokenRow.id == token.id, old).values(last_used_at=now))


def needs_use_recorded(token: Token, now: datetime) -> bool:
    """Returns whether the last recorded use is older than ``USE_RECORDED``."""
    return token.last_used_at is None or now - token.last_used_at >= USE_RECORDED


def list_all(conn: Connection) -> list[Token]:
    """Returns all tokens, newest first."""
    rows = conn.execute(select(TokenRow.__table__).order_by(TokenRow.created_at.desc(), TokenRow.id))
    return [_token(row) for row in rows]


def find_by_name(conn: Connection, name_or_id: str) -> list[Token]:
    """Returns the tokens with this name or id."""
    rows = conn.execute(
        select(TokenRow.__table__)
        .where(or_(TokenRow.name == name_or_id, TokenRow.id == name_or_id))
        .order_by(TokenRow.created_at)
    )
    return [_token(row) for row in rows]


def any_usable(conn: Connection, now: datetime) -> bool:
    """Returns whether there is an active token."""
    return _count_active(conn, now) > 0


def _active(now: datetime) -> ColumnElement[bool]:
    return TokenRow.revoked_at.is_(None) & or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > now)


def _count_active(conn: Connection, now: datetime) -> int:
    return conn.scalar(select(func.count()).select_from(TokenRow).where(_active(now))) or 0


def prune(conn: Connection, now: datetime, before: datetime) -> None:
    """Deletes tokens that ended before a time, and all but the newest ``MAX_ENDED`` that ended."""
    ended_at = func.coalesce(TokenRow.revoked_at, TokenRow.expires_at)
    ended = select(TokenRow.id).where(not_(_active(now)))
    ids = [*conn.scalars(ended.where(ended_at < before))]
    ids += conn.scalars(ended.order_by(ended_at.desc(), TokenRow.id).offset(MAX_ENDED))
    for some in batched(ids):
        conn.execute(delete(TokenRow).where(TokenRow.id.in_(some)))


def revoke(conn: Connection, name_or_id: str, by: Actor, now: datetime) -> list[Token]:
    """Revokes the active tokens with this name or id; returns those revoked."""
    open_ones = [token for token in find_by_name(conn, name_or_id) if token.usable(now)]
    for token in open_ones:
        conn.execute(update(TokenRow).where(TokenRow.id == token.id).values(revoked_at=now))
    record(conn, by, [Act("revoke token", token.name, "revoked") for token in open_ones], now)
    return open_ones


def _hash(secret: str) -> str:
    # 256 random bits cannot be guessed and need no slow hash.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: object) -> Token:
    values = {name: getattr(row, name) for name in Token.__slots__}
    return Token(**values | {"scopes": tuple(values["scopes"].split())})
