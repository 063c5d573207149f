"""Holds by editors: a feed stays at one of its versions until somebody releases it, or until a set time.

The hold is a row that regenerations read. It and the request of a regeneration are one transaction, and its number is
compared when a version is written: a regeneration that began before the hold writes nothing after it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, select, update

from syndication.store.access.audit_log import SERVICE, Act, Actor, record
from syndication.store.db.upsert import insert
from syndication.store.publishing import section_state, versions
from syndication.store.publishing.holds import EDITOR, EditorHold, list_holds
from syndication.store.tables.publishing import HoldRow, SectionStateRow

Refusal = Literal["unpublished", "held", "changed", "not-kept"]
"""Nothing is published yet; somebody else holds the feed; the hold to change is another one; no such version is kept.
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a hold was refused; ``hold`` is the one that stands in the way, if there is one."""

    reason: Refusal
    hold: EditorHold | None = None


def hold(
    conn: Connection,
    section: str,
    version: int | None,
    until: datetime | None,
    reason: str,
    by: Actor,
    now: datetime,
    replaces: int | None = None,
) -> EditorHold | Refused:
    """Holds a published section at a kept ``version`` (None: the present one) until ``until`` (None: a release).

    ``replaces`` is the number of the hold that is changed, which then keeps its version if none is given; None: there
    should be none. So of two editors, the second learns of the first.
    """
    # Its lock lets regenerations and other editors wait until this is decided.
    state = conn.execute(
        select(SectionStateRow.version, SectionStateRow.hold_number)
        .where(SectionStateRow.section == section)
        .with_for_update()
    ).one_or_none()
    if state is None or not state.version:
        return Refused("unpublished")
    before = list_holds(conn, [section]).by_editors.get(section)
    present = before if before is not None and not before.is_over(now) else None
    if present is not None and replaces is None:
        return Refused("held", present)
    if replaces is not None and (present is None or present.number != replaces):
        return Refused("changed", present)
    target = version if version is not None else present.version if present is not None else state.version
    if target not in (state.version, present.version if present else None) and not versions.is_complete(
        conn, section, target
    ):
        return Refused("not-kept")
    began = present.from_version if present is not None else state.version
    held = EditorHold(section, state.hold_number + 1, target, began, now, until, by.name, reason)
    values = {
        "number": held.number, "version": target, "from_version": held.from_version, "since": now, "until": until,
        "by": by.name, "reason": reason, "entries": 0, "vanished": 0,
    }  # fmt: skip
    conn.execute(
        insert(conn, HoldRow)
        .values(section=section, cause=EDITOR, **values)
        .on_conflict_do_update(index_elements=["section", "cause"], set_=values)
    )
    _count(conn, section, held.number, now)
    act = "roll-back" if held.is_rolled_back else "hold"
    end = f"until {until.isoformat(timespec='minutes')}" if until else "until released"
    record(conn, by, [Act(act, section, "held", f"version {target}, {end}: {reason}")], now)
    return held


def release(conn: Connection, section: str, by: Actor, now: datetime, number: int | None = None) -> bool | Refused:
    """Ends an editor's hold and requests the section; returns whether there was one.

    ``number`` is that of the hold (None: whichever it is); another one is refused.
    """
    locked = select(SectionStateRow.hold_number).where(SectionStateRow.section == section).with_for_update()
    last = conn.scalar(locked)
    found = list_holds(conn, [section]).by_editors.get(section)
    if last is None or found is None or found.is_over(now):
        return False
    if number is not None and found.number != number:
        return Refused("changed", found)
    _remove(conn, section)
    _count(conn, section, last + 1, now)
    record(conn, by, [Act("release", section, "released", f"held at version {found.version}")], now)
    return True


def end(conn: Connection, section: str, now: datetime) -> None:
    """Removes an editor's hold whose time is over."""
    _remove(conn, section)
    record(conn, SERVICE, [Act("release", section, "over")], now)


def _remove(conn: Connection, section: str) -> None:
    conn.execute(delete(HoldRow).where(HoldRow.section == section, HoldRow.cause == EDITOR))


def list_held(conn: Connection, now: datetime) -> list[str]:
    """Returns the sections that an editor holds."""
    query = select(HoldRow.section).where(HoldRow.cause == EDITOR)
    return list(conn.scalars(query.where(HoldRow.until.is_(None) | (HoldRow.until > now))))


def _count(conn: Connection, section: str, number: int, now: datetime) -> None:
    conn.execute(update(SectionStateRow).where(SectionStateRow.section == section).values(hold_number=number))
    requested: Collection[str] = [section]
    section_state.request(conn, requested, now)
