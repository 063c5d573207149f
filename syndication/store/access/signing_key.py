"""The key with which the dashboard's cookies and forms are signed: one for all web processes."""

import secrets

from sqlalchemy import Connection, select

from syndication.store.db.database import Database
from syndication.store.db.upsert import insert
from syndication.store.tables.access import SigningKeyRow

COOKIES = "cookies"
"""The name of the key."""

BYTES = 32


def signing_key(database: Database) -> bytes:
    """The key of 256 random bits, made by whoever needs it first. Two processes at once agree on one."""
    with database.read() as conn:
        found = _stored(conn)
    if found is not None:
        return found
    with database.write() as conn:
        made = insert(conn, SigningKeyRow).values(
            name=COOKIES, key=secrets.token_hex(BYTES), created_at=database.now(conn)
        )
        # It waits for another process that is just making one, and what is read then is that one's.
        conn.execute(made.on_conflict_do_nothing())
        return bytes.fromhex(conn.execute(_QUERY).scalar_one())


_QUERY = select(SigningKeyRow.key).where(SigningKeyRow.name == COOKIES)


def _stored(conn: Connection) -> bytes | None:
    found = conn.scalar(_QUERY)
    return None if found is None else bytes.fromhex(found)
