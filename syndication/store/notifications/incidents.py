"""Incidents: what notifications are sent of, from its beginning to its end, and which channel was told of it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, or_, select, update

from syndication.store.db.upsert import insert
from syndication.store.tables.notifications import (
    IncidentReportRow,
    IncidentRow,
    NotificationChannelRow,
    NotificationRow,
    NotificationWatchRow,
)

KEPT = timedelta(days=30)
"""How long incidents that are over, and messages, are kept."""

RECENT = timedelta(days=3)
"""How long after its end an incident may still be told of: longer than any quiet time."""

UNWATCHED = timedelta(days=1)
"""If nobody has looked for so long, nobody knows what goes on: open incidents are deleted."""


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident; see ``IncidentRow``. ``id`` is 0 for one that is not stored yet."""

    id: int
    cause: str
    subject: str
    section: str | None
    source: str | None
    words: str
    began_at: datetime
    observed_since: datetime
    ended_at: datetime | None

    @property
    def key(self) -> tuple[str, str]:
        """What it is about: there is one open incident for each."""
        return self.cause, self.subject


@dataclass(frozen=True, slots=True)
class Report:
    """A channel was told of an incident at ``reported_at``, and at ``over_at`` that it is over."""

    channel: str
    incident_id: int
    reported_at: datetime
    over_at: datetime | None


def list_recent(conn: Connection, now: datetime) -> list[Incident]:
    """Returns the incidents that go on or ended lately, in the order of their beginning."""
    where = or_(IncidentRow.ended_at.is_(None), IncidentRow.ended_at > now - RECENT)
    rows = conn.execute(select(IncidentRow.__table__).where(where).order_by(IncidentRow.began_at, IncidentRow.id))
    return [Incident(**row._mapping) for row in rows]


def list_reports(conn: Connection, incidents: Iterable[Incident]) -> list[Report]:
    """Returns what channels were told of these incidents."""
    ids = [incident.id for incident in incidents]
    rows = conn.execute(select(IncidentReportRow.__table__).where(IncidentReportRow.incident_id.in_(ids)))
    return [Report(**row._mapping) for row in rows]


def begin(conn: Connection, incident: Incident) -> None:
    """Records an incident that begins; nothing if another process has done so."""
    values = {name: getattr(incident, name) for name in Incident.__slots__ if name != "id"}
    conn.execute(insert(conn, IncidentRow).values(values).on_conflict_do_nothing())


def write(conn: Connection, incident: Incident) -> None:
    """Records what has changed of an incident: its words, since when it is observed, its end."""
    values = {name: getattr(incident, name) for name in ("words", "observed_since", "ended_at")}
    conn.execute(update(IncidentRow).where(IncidentRow.id == incident.id).values(values))


def write_report(conn: Connection, report: Report) -> None:
    """Records what a channel is told, in the transaction that stores the message."""
    values = {"reported_at": report.reported_at, "over_at": report.over_at}
    statement = insert(conn, IncidentReportRow).values(channel=report.channel, incident_id=report.incident_id, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["channel", "incident_id"], set_=values))


def list_channels(conn: Connection, names: Collection[str]) -> dict[str, datetime]:
    """Returns for each known channel since when it exists."""
    columns = NotificationChannelRow.name, NotificationChannelRow.since
    return {row.name: row.since for row in conn.execute(select(*columns).where(columns[0].in_(names)))}


def register_channels(conn: Connection, names: Collection[str], now: datetime) -> None:
    """Creates the rows of new channels."""
    for name in set(names) - list_channels(conn, names).keys():
        conn.execute(insert(conn, NotificationChannelRow).values(name=name, since=now).on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class Watch:
    """The lease of the process that looks for incidents; ``observed_at`` is when it last recorded a look."""

    owner: str | None = None
    lease_until: datetime | None = None
    observed_at: datetime | None = None

    def is_held(self, now: datetime, lease: timedelta) -> bool:
        """Returns whether a process has it; a lease that ends too late is from before the clock was set back."""
        return self.owner is not None and self.lease_until is not None and now < self.lease_until <= now + 2 * lease


def find_watch(conn: Connection) -> Watch:
    """Returns who looks for incidents."""
    columns = NotificationWatchRow.owner, NotificationWatchRow.lease_until, NotificationWatchRow.observed_at
    row = conn.execute(select(*columns)).one_or_none()
    return Watch() if row is None else Watch(**row._mapping)


def claim_watch(conn: Connection, owner: str, now: datetime, lease: timedelta) -> bool:
    """Takes or renews the lease of the process that looks for incidents; returns whether it has it."""
    conn.execute(insert(conn, NotificationWatchRow).values(id=1).on_conflict_do_nothing())
    row = NotificationWatchRow
    free = or_(row.owner.is_(None), row.owner == owner, row.lease_until <= now, row.lease_until > now + 2 * lease)
    values = {"owner": owner, "lease_until": now + lease}
    return conn.execute(update(row).where(row.id == 1, free).values(values)).rowcount > 0


def record_look(conn: Connection, owner: str, now: datetime) -> bool:
    """Records a look, and locks the row until the transaction ends; returns False if another process looks by now."""
    statement = update(NotificationWatchRow).where(NotificationWatchRow.owner == owner)
    return conn.execute(statement.values(observed_at=now)).rowcount > 0


def release_watch(conn: Connection, owner: str) -> None:
    """Gives the lease up, so that another process goes on at once."""
    values = {"owner": None, "lease_until": None}
    conn.execute(update(NotificationWatchRow).where(NotificationWatchRow.owner == owner).values(values))


def prune(conn: Connection, now: datetime) -> None:
    """Deletes old incidents and messages, and open incidents that nobody looks for any more."""
    conn.execute(delete(IncidentRow).where(IncidentRow.ended_at < now - KEPT))
    conn.execute(delete(NotificationRow).where(NotificationRow.created_at < now - KEPT))
    watched = exists().where(NotificationWatchRow.observed_at > now - UNWATCHED)
    conn.execute(delete(IncidentRow).where(IncidentRow.ended_at.is_(None), ~watched))
