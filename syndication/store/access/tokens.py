"""Keys to the API: made once, kept as a hash, found by it."""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, not_, or_, select, update

from syndication.errors import SyndicationError
from syndication.model.scopes import SCOPES
from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.db.batches import batched
from syndication.store.tables.access import TokenRow

PREFIX = "syn_"
"""Every token begins so, that a scanner of repositories and a careful person recognise one."""

BYTES = 32

USE_RECORDED = timedelta(minutes=1)
"""How exact ``last_used_at`` is: a token in use costs one write a minute, not one a request."""


MAX_ACTIVE = 1_000
"""Tokens that work at once: several for each program of a large newsroom. A loop that creates them has an end."""

MAX_ENDED = 1_000
"""Revoked and expired tokens that are still listed: the newest."""


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
        """Whether it opens anything at ``now``."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


def sort_scopes(scopes: Collection[str], if_empty: str) -> tuple[str, ...]:
    """The scopes as they are stored. Raises SyndicationError for one that there is not, and ``without`` if none is."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        wrong = f"there is no scope {unknown[0]!r}" if unknown else if_empty
        raise SyndicationError(f"{wrong}: there are {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in scopes)


def create(
    conn: Connection, name: str, scopes: Collection[str], expires_at: datetime | None, by: Actor, now: datetime
) -> tuple[Token, str]:
    """Make a token; gives it and its secret, which nobody can ask for again. Raises SyndicationError."""
    ordered = sort_scopes(scopes, "a token without a scope opens nothing")
    if expires_at is not None and expires_at <= now:
        raise SyndicationError(f"expires_at is {expires_at.isoformat()}, which is past: name a time to come")
    if any(token.usable(now) for token in find_by_name(conn, name)):
        raise SyndicationError(f"there is a token {name!r} already: revoke it, or choose another name")
    if _count_active(conn, now) >= MAX_ACTIVE:
        raise SyndicationError(
            f"there are {MAX_ACTIVE:,} active tokens already, and no more are created: revoke some that nobody uses"
        )
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
    """The usable token of this secret.

    The index is asked for a hash, of which nothing can be guessed letter by letter; the comparison that
    decides takes the same time wherever two hashes differ.
    """
    wanted = _hash(secret)
    row = conn.execute(select(TokenRow.__table__).where(TokenRow.hash == wanted)).one_or_none()
    if row is None or not hmac.compare_digest(row.hash, wanted):
        return None
    token = _token(row)
    return token if token.usable(now) else None


def record_use(conn: Connection, token: Token, now: datetime) -> None:
    """Remember that it was used, unless another request has done so in the meantime."""
    old = or_(TokenRow.last_used_at.is_(None), TokenRow.last_used_at <= now - USE_RECORDED)
    conn.execute(update(TokenRow).where(TokenRow.id == token.id, old).values(last_used_at=now))


def needs_use_recorded(token: Token, now: datetime) -> bool:
    """Whether its last use was recorded so long ago that it is to be recorded again."""
    return token.last_used_at is None or now - token.last_used_at >= USE_RECORDED


def list_all(conn: Connection) -> list[Token]:
    """Every token that there was, the newest first."""
    rows = conn.execute(select(TokenRow.__table__).order_by(TokenRow.created_at.desc(), TokenRow.id))
    return [_token(row) for row in rows]


def find_by_name(conn: Connection, name_or_id: str) -> list[Token]:
    """The tokens of this name, or with this id."""
    rows = conn.execute(
        select(TokenRow.__table__)
        .where(or_(TokenRow.name == name_or_id, TokenRow.id == name_or_id))
        .order_by(TokenRow.created_at)
    )
    return [_token(row) for row in rows]


def any_usable(conn: Connection, now: datetime) -> bool:
    """Whether anybody is let in."""
    return _count_active(conn, now) > 0


def _active(now: datetime) -> ColumnElement[bool]:
    return TokenRow.revoked_at.is_(None) & or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > now)


def _count_active(conn: Connection, now: datetime) -> int:
    return conn.scalar(select(func.count()).select_from(TokenRow).where(_active(now))) or 0


def prune(conn: Connection, now: datetime, before: datetime) -> None:
    """Delete tokens that ended before a time, and all but the newest that ended."""
    ended_at = func.coalesce(TokenRow.revoked_at, TokenRow.expires_at)
    ended = select(TokenRow.id).where(not_(_active(now)))
    ids = [*conn.scalars(ended.where(ended_at < before))]
    ids += conn.scalars(ended.order_by(ended_at.desc(), TokenRow.id).offset(MAX_ENDED))
    for some in batched(ids):
        conn.execute(delete(TokenRow).where(TokenRow.id.in_(some)))


def revoke(conn: Connection, name_or_id: str, by: Actor, now: datetime) -> list[Token]:
    """Close the tokens of this name or id, from now on; gives those that were open."""
    open_ones = [token for token in find_by_name(conn, name_or_id) if token.usable(now)]
    for token in open_ones:
        conn.execute(update(TokenRow).where(TokenRow.id == token.id).values(revoked_at=now))
    record(conn, by, [Act("revoke token", token.name, "revoked") for token in open_ones], now)
    return open_ones


def _hash(secret: str) -> str:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: object) -> Token:
    values = {name: getattr(row, name) for name in Token.__slots__}
    return Token(**values | {"scopes": tuple(values["scopes"].split())})
