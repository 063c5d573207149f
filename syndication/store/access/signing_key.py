"""The key that signs the dashboard's cookies and forms, shared by all web processes."""

import secrets

from sqlalchemy import Connection, select

from syndication.store.db.database import Database
from syndication.store.db.upsert import insert
from syndication.store.tables.access import SigningKeyRow

COOKIES = "cookies"
"""The name of the key."""

BYTES = 32


def signing_key(database: Database) -> bytes:
    """Returns the key of 256 random bits, creating it on first use. Concurrent processes agree on one key."""
    with database.read() as conn:
        found = _stored(conn)
    if found is not None:
        return found
    with database.write() as conn:
        made = insert(conn, SigningKeyRow).values(
            name=COOKIES, key=secrets.token_hex(BYTES), created_at=database.now(conn)
        )
        # Waits for a concurrent insert by another process, and then reads that key.
        conn.execute(made.on_conflict_do_nothing())
        return bytes.fromhex(conn.execute(_QUERY).scalar_one())


_QUERY = select(SigningKeyRow.key).where(SigningKeyRow.name == COOKIES)


def _stored(conn: Connection) -> bytes | None:
    found = conn.scalar(_QUERY)
    return None if found is None else bytes.fromhex(found)
