"""Who wrote an article last, as far as the audit log remembers."""

from sqlalchemy import Connection

from syndication.store.access.audit_log import is_person, list_entries, source_actor
from syndication.store.sources import source_rows

WRITES = ("put", "patch", "webhook", "edit", "schedule", "revert")
"""Actions of the audit log that replace an article or parts of it."""

_LOOKED_AT = 20
"""Recent entries that are looked at: pushes without a change are among them."""


def find_last_writer(conn: Connection, id: str) -> str | None:
    """Returns the actor of the last write that changed the article; None: nobody that the audit log knows."""
    found = list_entries(conn, _LOOKED_AT, target=id, acts=WRITES)
    return next((entry.actor for entry in found if entry.outcome in ("created", "updated")), None)


def find_owner(conn: Connection, id: str) -> str | None:
    """Returns the program that owns an article, so that its next write replaces what people change; None: none does.

    That is the source that it comes from, or else a program that wrote it last.
    """
    source = source_rows.owners(conn, [id]).get(id)
    if source is not None:
        return source_actor(source[0]).name
    last = find_last_writer(conn, id)
    return None if last is None or is_person(last) else last
