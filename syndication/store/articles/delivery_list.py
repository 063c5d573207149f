"""The changes of the last days, each with its moments on the way to the readers. See ``publishing.deliveries``."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased

from syndication.errors import SyndicationError
from syndication.model.field_limits import MAX_TITLE
from syndication.model.visible_text import visible_or
from syndication.store.articles.article_outlines import cut
from syndication.store.articles.change_kinds import change_kinds
from syndication.store.articles.selected_articles import PUBLISHED
from syndication.store.db.batches import batched
from syndication.store.db.cursors import INVALID_CURSOR, decode_cursor, encode_cursor
from syndication.store.publishing.deliveries import ChangeKind, Purged
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.deliveries import DeliveryFeedRow, DeliveryRow
from syndication.store.tables.publishing import ChangeRow

Order = Literal["slowest", "newest"]

ORDERS: Sequence[Order] = get_args(Order)

MAX_QUEUED = 1_000
"""Waiting rows of the queue that are read; a big import leaves very many."""

MAX_GIVEN_UP = 20
"""Changes of one feed whose purge was given up: all have the same cause."""

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class FeedDelivery:
    """A feed that a change concerns; until ``published_at`` it waits for a regeneration, and may stay the same."""

    section: str
    change: str | None = None
    reason: str | None = None
    version: int | None = None
    published_at: datetime | None = None
    publication: int | None = None
    served_at: datetime | None = None
    purge: Purged | None = None
    purged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChangeDelivery:
    """A change and its moments. ``seq`` and ``noticed_at`` are None until a worker has read it.

    ``article_id`` is None for ``articles`` stories changed together. ``embargo_until``: the story waits for its time.
    """

    seq: int | None
    article_id: str | None
    articles: int
    kind: ChangeKind
    written_at: datetime
    noticed_at: datetime | None = None
    settled_at: datetime | None = None
    served_ms: int | None = None
    title: str | None = None
    embargo_until: datetime | None = None
    feeds: tuple[FeedDelivery, ...] = field(default=())

    @property
    def name(self) -> str:
        """What people call it: its title, or its ID."""
        if self.article_id is None:
            return f"{self.articles:,} more stories" if self.articles else "All stories"
        return visible_or(self.title or "", self.article_id)

    @property
    def published_ms(self) -> int | None:
        """The milliseconds until the last of its feeds was published; None while one is not, or if there is none."""
        moments = [feed.published_at for feed in self.feeds]
        if not moments or None in moments:
            return None
        return milliseconds(self.written_at, max(moment for moment in moments if moment is not None))


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """What to list; None: all."""

    section: str | None = None
    kind: ChangeKind | None = None
    article_id: str | None = None
    waiting: bool = False


def milliseconds(since: datetime, until: datetime) -> int:
    """Returns the milliseconds between two moments; 0 if clocks differ so much that it would be negative."""
    return max(0, (until - since) // _MILLISECOND)


def read_deliveries(
    conn: Connection, wanted: DeliveryFilter, order: Order, now: datetime, limit: int, after: str | None = None
) -> tuple[list[ChangeDelivery], str | None]:
    """Returns one page and the next cursor; raises SyndicationError for a bad ``after``.

    ``slowest``: what waits, the longest first, then what took longest, then what changed no feed.
    """
    number, value, seq = _decode(after, order)
    found: list[tuple[int, Any]] = []
    for walk in range(number, len(_WALKS[order])):
        query = _WALKS[order][walk](wanted, now)
        if after is not None and walk == number:
            query = query.where(_beyond(order, walk, value, seq))
        found += [(walk, row) for row in conn.execute(query.limit(limit + 1 - len(found)))]
        if len(found) > limit:
            break
    page = found[:limit]
    cursor = _encode(order, *page[-1]) if len(found) > limit else None
    return _complete(conn, [row for _, row in page], now), cursor


def read_queued(conn: Connection, now: datetime, article_id: str | None = None) -> list[ChangeDelivery]:
    """Returns the changes that no worker has read yet, the oldest first, with the kinds that they will have."""
    query = select(ChangeRow.article_id, ChangeRow.noticed_at).order_by(ChangeRow.seq).limit(MAX_QUEUED)
    if article_id is not None:
        query = query.where(ChangeRow.article_id == article_id)
    written: dict[str | None, datetime] = {}
    for row in conn.execute(query):
        written[row.article_id] = min(written.get(row.article_id, row.noticed_at), row.noticed_at)
    kinds = change_kinds(conn, {id: at for id, at in written.items() if id is not None}, now)
    found = [
        ChangeDelivery(None, id, 1 if id else 0, kinds[id] if id is not None else "many", at)
        for id, at in written.items()
    ]
    return _with_titles(conn, found, now)


Walk = Select[Any]


def _filtered(wanted: DeliveryFilter) -> Walk:
    query: Walk = select(DeliveryRow.__table__)
    if wanted.kind is not None:
        query = query.where(DeliveryRow.kind == wanted.kind)
    if wanted.article_id is not None:
        query = query.where(DeliveryRow.article_id == wanted.article_id)
    if wanted.section is not None:
        feeds = DeliveryFeedRow
        query = query.where(exists().where(feeds.delivery == DeliveryRow.seq, feeds.section == wanted.section))
    return query


def _embargo(now: datetime) -> ColumnElement[bool]:
    """Returns the condition that a story waits for its time, as its last change said."""
    later = aliased(DeliveryRow)
    return and_(
        DeliveryRow.kind == "scheduled",
        exists().where(
            ArticleRow.id == DeliveryRow.article_id, ArticleRow.status == PUBLISHED, ArticleRow.published_at > now
        ),
        ~exists().where(later.article_id == DeliveryRow.article_id, later.seq > DeliveryRow.seq),
    )


def _walk_waiting(wanted: DeliveryFilter, now: datetime) -> Walk:  # noqa: ARG001
    query = _filtered(wanted).where(DeliveryRow.settled_at.is_(None))
    return query.order_by(DeliveryRow.written_at, DeliveryRow.seq)


def _walk_served(wanted: DeliveryFilter, now: datetime) -> Walk:  # noqa: ARG001
    query = _filtered(wanted).where(DeliveryRow.settled_at.is_not(None), DeliveryRow.served_ms.is_not(None))
    if wanted.waiting:
        query = query.where(DeliveryRow.settled_at.is_(None))
    return query.order_by(DeliveryRow.served_ms.desc(), DeliveryRow.seq.desc())


def _walk_others(wanted: DeliveryFilter, now: datetime) -> Walk:
    query = _filtered(wanted).where(DeliveryRow.settled_at.is_not(None), DeliveryRow.served_ms.is_(None))
    if wanted.waiting:
        query = query.where(_embargo(now))
    return query.order_by(DeliveryRow.seq.desc())


def _walk_newest(wanted: DeliveryFilter, now: datetime) -> Walk:
    query = _filtered(wanted)
    if wanted.waiting:
        query = query.where(or_(DeliveryRow.settled_at.is_(None), _embargo(now)))
    return query.order_by(DeliveryRow.seq.desc())


_WALKS = {"slowest": (_walk_waiting, _walk_served, _walk_others), "newest": (_walk_newest,)}


def _beyond(order: Order, walk: int, value: Any, seq: int) -> ColumnElement[bool]:
    """Returns the condition that a row comes after the last one of the previous page."""
    if order == "slowest" and walk == 0:
        column = DeliveryRow.written_at
        return or_(column > value, and_(column == value, DeliveryRow.seq > seq))
    if order == "slowest" and walk == 1:
        number = DeliveryRow.served_ms
        return or_(number < value, and_(number == value, DeliveryRow.seq < seq))
    return DeliveryRow.seq < seq


def _encode(order: Order, walk: int, row: Any) -> str:
    moment = row.written_at if order == "slowest" and walk == 0 else None
    return encode_cursor(moment, f"{order} {walk} {row.served_ms or 0} {row.seq}")


def _decode(after: str | None, order: Order) -> tuple[int, Any, int]:
    if after is None:
        return 0, None, 0
    moment, rest = decode_cursor(after)
    try:
        known, walk, took, seq = rest.split(" ")
        numbers = int(walk), int(took), int(seq)
    except ValueError as error:
        raise SyndicationError(INVALID_CURSOR) from error
    if known != order or not 0 <= numbers[0] < len(_WALKS[order]) or not all(0 <= one < 2**63 for one in numbers):
        raise SyndicationError(INVALID_CURSOR)
    if order == "slowest" and numbers[0] == 0:
        if moment is None:
            raise SyndicationError(INVALID_CURSOR)
        return 0, moment, numbers[2]
    return numbers


def _complete(conn: Connection, rows: Sequence[Any], now: datetime) -> list[ChangeDelivery]:
    """Returns the rows with their feeds, the articles' titles, and when embargoes end."""
    feeds = _feeds(conn, [row.seq for row in rows])
    found = [ChangeDelivery(**row._mapping, feeds=tuple(feeds.get(row.seq, ()))) for row in rows]
    return _with_titles(conn, found, now)


def _feeds(conn: Connection, numbers: Sequence[int]) -> dict[int, list[FeedDelivery]]:
    found: dict[int, list[FeedDelivery]] = {}
    columns = [DeliveryFeedRow.__table__.c[name] for name in FeedDelivery.__slots__]
    for some in batched(numbers):
        query = select(DeliveryFeedRow.delivery, *columns).where(DeliveryFeedRow.delivery.in_(some))
        for row in conn.execute(query.order_by(DeliveryFeedRow.delivery, DeliveryFeedRow.section)):
            values = dict(row._mapping)
            found.setdefault(values.pop("delivery"), []).append(FeedDelivery(**values))
    return found


def _with_titles(conn: Connection, found: Sequence[ChangeDelivery], now: datetime) -> list[ChangeDelivery]:
    ids = sorted({item.article_id for item in found if item.article_id is not None})
    titles = {row.id: row for row in _titles(conn, ids)}
    newest: dict[str, int] = {}
    for item in found:
        if item.article_id is not None and item.seq is not None:
            newest[item.article_id] = max(item.seq, newest.get(item.article_id, 0))
    return [_with_title(item, titles.get(item.article_id or ""), newest, now) for item in found]


def _with_title(item: ChangeDelivery, row: Any, newest: dict[str, int], now: datetime) -> ChangeDelivery:
    if row is None:
        return item
    ahead = row.published_at if row.status == "published" and row.published_at and row.published_at > now else None
    is_last = item.seq is None or newest.get(item.article_id or "") == item.seq
    waits = item.kind == "scheduled" and is_last
    return replace(item, title=row.title, embargo_until=ahead if waits else None)


def _titles(conn: Connection, ids: Collection[str]) -> Iterator[Any]:
    columns = (ArticleRow.id, cut(ArticleRow.title, MAX_TITLE), ArticleRow.status, ArticleRow.published_at)
    for some in batched(sorted(ids)):
        yield from conn.execute(select(*columns).where(ArticleRow.id.in_(some)))


def list_given_up(conn: Connection, section: str, now: datetime) -> list[ChangeDelivery]:
    """Returns the newest changes of a feed whose purge was given up."""
    feeds = DeliveryFeedRow
    here = exists().where(
        feeds.delivery == DeliveryRow.seq,
        feeds.section == section,
        feeds.purge == "given-up",
        feeds.purged_at.is_(None),
    )
    query = select(DeliveryRow.__table__).where(here).order_by(DeliveryRow.seq.desc()).limit(MAX_GIVEN_UP)
    return _complete(conn, conn.execute(query).all(), now)
