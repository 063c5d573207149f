"""Who subscribes to which feed by push, and how well the deliveries arrive: by section, by host, and one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from syndication.store.hub.subscription_states import STATES, SubscriptionState, state, with_document
from syndication.store.tables.hub import HubSubscriptionRow
from syndication.store.tables.publishing import DocumentRow


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription without its secret. ``newest`` is the present version of its document; None: not published.

    ``lag_ms`` is how long after its publication the last version arrived.
    """

    id: int
    section: str
    format: str
    callback: str
    host: str
    address: str
    has_secret: bool
    lease_seconds: int
    subscribed_at: datetime
    verified_at: datetime
    expires_at: datetime
    version: int
    newest: int | None
    delivered_at: datetime | None
    lag_ms: int | None
    attempts: int
    retry_at: datetime | None
    error: str | None
    failed_at: datetime | None
    paused_at: datetime | None
    parked_at: datetime | None
    state: SubscriptionState


@dataclass(frozen=True, slots=True)
class Lag:
    """Milliseconds from a publication until it arrived, of the last delivery of each subscription."""

    median: int
    p99: int
    slowest: int


@dataclass(slots=True)
class SectionSubscribers:
    """The subscriptions of one section. ``formats`` counts them by format, ``states`` by state; ``hosts`` are those.

    ``newest_ms`` is how long the newest version took to the last of those that have it; None: nobody was sent it.
    """

    section: str
    formats: dict[str, int] = field(default_factory=dict)
    states: dict[SubscriptionState, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))
    hosts: int = 0
    lag: Lag | None = None
    newest_ms: int | None = None

    @property
    def subscriptions(self) -> int:
        """How many there are."""
        return sum(self.formats.values())


@dataclass(frozen=True, slots=True)
class HostSubscribers:
    """The subscriptions whose callbacks are on one host, and how many of them are failing and parked."""

    host: str
    subscriptions: int
    failing: int
    parked: int


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """What to list; None: all."""

    section: str | None = None
    format: str | None = None
    state: SubscriptionState | None = None
    host: str | None = None


def count_by_section(conn: Connection, now: datetime, section: str | None = None) -> list[SectionSubscribers]:
    """Returns the sections that have subscriptions, or one of them, by their names."""
    found: dict[str, SectionSubscribers] = {}
    for row in conn.execute(_counts(now, section)):
        one = found.setdefault(row.section, SectionSubscribers(row.section))
        one.formats[row.format] = one.formats.get(row.format, 0) + row.number
        one.states[row.state] += row.number
        if row.newest_ms is not None:
            one.newest_ms = max(one.newest_ms or 0, row.newest_ms)
    for row in conn.execute(_hosts_by_section(now, section)):
        found[row.section].hosts = row.number
    for row in conn.execute(_lags(now, section)):
        found[row.section].lag = Lag(row.median, row.p99, row.slowest)
    return [found[slug] for slug in sorted(found)]


def list_hosts(conn: Connection, now: datetime, limit: int, section: str | None = None) -> list[HostSubscribers]:
    """Returns the hosts with the most subscriptions, of a section or of all."""
    rows = _live(select(HubSubscriptionRow.host, state().label("state")), now, section).subquery()
    number = func.count()
    query = (
        select(
            rows.c.host,
            number.label("subscriptions"),
            func.coalesce(func.sum(case((rows.c.state == "failing", 1), else_=0)), 0).label("failing"),
            func.coalesce(func.sum(case((rows.c.state == "parked", 1), else_=0)), 0).label("parked"),
        )
        .group_by(rows.c.host)
        .order_by(number.desc(), rows.c.host)
        .limit(limit)
    )
    return [HostSubscribers(**row._mapping) for row in conn.execute(query)]


def count_parked(conn: Connection, now: datetime) -> int:
    """Returns how many subscriptions are parked."""
    rows = HubSubscriptionRow
    query = select(func.count()).where(rows.given_up_at.is_not(None), rows.paused_at.is_(None), rows.expires_at > now)
    return conn.scalar(query) or 0


def list_subscriptions(
    conn: Connection, wanted: SubscriptionFilter, now: datetime, limit: int, before: int | None = None
) -> list[Subscription]:
    """Returns subscriptions that have not expired, newest first; ``before`` is the ID of the last one read."""
    return [Subscription(**row._mapping) for row in conn.execute(query_subscriptions(wanted, now, limit, before))]


def query_subscriptions(
    wanted: SubscriptionFilter, now: datetime, limit: int, before: int | None = None
) -> Select[Any]:
    """Returns the statement of ``list_subscriptions``."""
    rows = HubSubscriptionRow
    query = select(*_COLUMNS).select_from(with_document()).where(rows.expires_at > now)
    if before is not None:
        query = query.where(rows.id < before)
    for column, value in ((rows.section, wanted.section), (rows.format, wanted.format), (rows.host, wanted.host)):
        if value is not None:
            query = query.where(column == value)
    if wanted.state is not None:
        query = query.where(state() == wanted.state)
    return query.order_by(rows.id.desc()).limit(limit)


def find_subscription(conn: Connection, id: int, now: datetime) -> Subscription | None:
    """Returns one subscription; None: there is none, or it has expired."""
    rows = HubSubscriptionRow
    query = select(*_COLUMNS).select_from(with_document()).where(rows.id == id, rows.expires_at > now)
    row = conn.execute(query).one_or_none()
    return None if row is None else Subscription(**row._mapping)


_PLAIN: Sequence[str] = tuple(
    name
    for name in Subscription.__slots__
    if name not in ("has_secret", "newest", "parked_at", "state")
)  # fmt: skip

_COLUMNS: Sequence[ColumnElement[Any]] = (
    *(HubSubscriptionRow.__table__.c[name] for name in _PLAIN),
    HubSubscriptionRow.secret.is_not(None).label("has_secret"),
    DocumentRow.version.label("newest"),
    HubSubscriptionRow.given_up_at.label("parked_at"),
    state().label("state"),
)


def _live(query: Select[Any], now: datetime, section: str | None) -> Select[Any]:
    """Returns the query for subscriptions that have not expired, of a section or of all."""
    rows = HubSubscriptionRow
    query = query.select_from(with_document()).where(rows.expires_at > now)
    return query if section is None else query.where(rows.section == section)


def _counts(now: datetime, section: str | None) -> Select[Any]:
    rows = HubSubscriptionRow
    newest = case((rows.version >= DocumentRow.version, rows.lag_ms)).label("newest_ms")
    each = _live(select(rows.section, rows.format, state().label("state"), newest), now, section).subquery()
    columns = (each.c.section, each.c.format, each.c.state)
    return (
        select(*columns, func.count().label("number"), func.max(each.c.newest_ms).label("newest_ms"))
        .group_by(*columns)
        .order_by(*columns)
    )


def _hosts_by_section(now: datetime, section: str | None) -> Select[str, int]:
    rows = HubSubscriptionRow
    wanted = [rows.expires_at > now] if section is None else [rows.expires_at > now, rows.section == section]
    number = func.count(rows.host.distinct()).label("number")
    return select(rows.section, number).where(*wanted).group_by(rows.section)


def _lags(now: datetime, section: str | None) -> Select[Any]:
    """Returns the median and so on of each section, by counting in order: SQLite has no function for it."""
    rows = HubSubscriptionRow
    each = (
        select(
            rows.section,
            rows.lag_ms,
            func.row_number().over(partition_by=rows.section, order_by=rows.lag_ms).label("place"),
            func.count().over(partition_by=rows.section).label("total"),
        )
        .where(rows.lag_ms.is_not(None), rows.expires_at > now)
    )  # fmt: skip
    ordered = (each if section is None else each.where(rows.section == section)).subquery()

    def share(percent: int) -> ColumnElement[Any]:
        return func.min(case((ordered.c.place * 100 >= ordered.c.total * percent, ordered.c.lag_ms)))

    return select(
        ordered.c.section,
        share(50).label("median"),
        share(99).label("p99"),
        func.max(ordered.c.lag_ms).label("slowest"),
    ).group_by(ordered.c.section)
