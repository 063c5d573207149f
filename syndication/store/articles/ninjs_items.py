"""What was received as ninjs: the last version of each item, so that an older one never overwrites a newer one."""

from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import Connection, exists, select

from syndication.store.db.upsert import insert
from syndication.store.tables.articles import NinjsItemRow

Status = Literal["usable", "withheld", "canceled"]


class NinjsItem(NamedTuple):
    """An item as it was last received; see ``NinjsItemRow``."""

    uri: str
    version: str | None
    made_at: datetime | None
    status: Status
    replaces: str | None = None


def find_item(conn: Connection, uri: str) -> NinjsItem | None:
    """Returns the item; None if it was never received."""
    row = conn.execute(select(NinjsItemRow.__table__).where(NinjsItemRow.uri == uri)).one_or_none()
    return None if row is None else NinjsItem(row.uri, row.version, row.made_at, row.status, row.replaces)


def save_item(conn: Connection, item: NinjsItem, now: datetime) -> None:
    """Records a received item in place of what was known of it."""
    values = item._asdict() | {"received_at": now}
    statement = insert(conn, NinjsItemRow).values(values)
    conn.execute(statement.on_conflict_do_update(index_elements=["uri"], set_=values))


def is_replaced(conn: Connection, uri: str) -> bool:
    """Returns whether a story that is usable has taken the place of this one."""
    usable = NinjsItemRow.replaces == uri, NinjsItemRow.status == "usable"
    return bool(conn.scalar(select(exists().where(*usable))))
