"""The changes of the last days, each with its moments on the way to the readers, and what waits and why."""

from typing import Literal

from pydantic import Field

from syndication.api.operations import Operations, Reply, caller, context, instant, next_page
from syndication.api.schemas import Cursor, Limit, RequestModel, ResponseModel, Slug, Time
from syndication.diagnostics import read_deliveries
from syndication.diagnostics.delivery import NO_TITLES
from syndication.diagnostics.read_deliveries import Deliveries
from syndication.diagnostics.waiting_changes import Cause, Wait, WaitStage, find_wait
from syndication.diagnostics.words import WriteTime, utc, write
from syndication.model.json_types import Id
from syndication.store.articles.delivery_list import (
    ChangeDelivery,
    DeliveryFilter,
    FeedDelivery,
    Order,
    milliseconds,
)
from syndication.store.db.locks import is_locked
from syndication.store.publishing.deliveries import ChangeKind, Purged

operation = Operations(
    "deliveries", "Deliveries", "When changes were written, noticed, published, served and purged, and what waits."
)


class ChangedArticle(ResponseModel):
    """The article; ``title`` is null once it is deleted."""

    id: str
    title: str | None


class FeedDeliveryResponse(ResponseModel):
    """A feed that shows the change since ``version``; while it waits for a regeneration, that and the times are null.

    ``change`` is what became of the entry. ``served_at``: every web process served it. ``purge`` is null if no cache is
    purged. The milliseconds count from the writing.
    """

    section: str
    change: Literal["added", "changed", "gone"] | None
    reason: str | None
    version: int | None
    published_at: Time | None
    published_ms: int | None
    served_at: Time | None
    served_ms: int | None
    purge: Purged | None
    purged_at: Time | None


class WaitResponse(ResponseModel):
    """What a change waits for. ``blocked``: somebody has to do something; ``message`` says what."""

    stage: WaitStage
    blocked: bool
    message: str
    sections: list[str]


class ChangeDeliveryResponse(ResponseModel):
    """A change. ``id`` and ``noticed_at`` are null until a worker has read it.

    ``article`` is null for ``articles`` stories that changed together, as in an import. ``written_at`` is when its
    first row was written, or the time at which it was to appear or leave. ``settled_at`` is when nothing was left to
    wait for; a change without ``feeds`` then changed none. ``served_ms`` is from the writing until every web process
    served it in all feeds.
    """

    id: int | None
    article: ChangedArticle | None
    articles: int
    kind: ChangeKind
    written_at: Time
    noticed_at: Time | None
    settled_at: Time | None
    noticed_ms: int | None
    published_ms: int | None
    served_ms: int | None
    waiting: WaitResponse | None
    feeds: list[FeedDeliveryResponse]


class CauseResponse(WaitResponse):
    """What ``changes`` wait for, the first of them since ``since``."""

    changes: int
    since: Time


class DeliveriesResponse(ResponseModel):
    """One page; the Link header has the next one (RFC 8288).

    ``causes`` is what the longest waiting changes wait for, the gravest first; it is on the first page.
    """

    items: list[ChangeDeliveryResponse]
    causes: list[CauseResponse]


class DeliveriesQuery(RequestModel):
    """Filters and the page. ``section`` finds the changes that its feed shows or waits for."""

    section: Slug | None = None
    kind: ChangeKind | None = None
    article: Id | None = None
    waiting: bool = Field(False, description="Only what has not arrived everywhere, or is under embargo.")
    order: Order = Field("slowest", description="slowest: what waits first, the longest first; or newest.")
    limit: Limit = 50
    after: Cursor | None = Field(None, description="Cursor from the Link header of the previous page.")


@operation("GET", "/deliveries", "preview", {200: DeliveriesResponse})
def list_deliveries(
    query: DeliveriesQuery, titles: dict[str, str] | None = None, write_time: WriteTime = utc
) -> Reply[DeliveriesResponse]:
    """List the changes of the last days, each with its moments on the way to the readers.

    What waits comes first, with the reason. Changes are kept for the days that the setting worker.delivery_days says.
    """
    found = read(query, titles)
    items = [change_response(item, find_wait(item, found.facts), write_time) for item in found.items]
    causes = [_cause(cause, write_time) for cause in found.causes]
    return Reply(DeliveriesResponse(items=items, causes=causes), next_page=next_page(query, after=found.following))


def read(query: DeliveriesQuery, titles: dict[str, str] | None = None) -> Deliveries:
    """Returns what the query asks for; looks at the database's lock only if nobody reports."""
    wanted = DeliveryFilter(query.section, query.kind, query.article, query.waiting)
    database, now = context().database, caller().now
    with database.snapshot() as conn:
        found = read_deliveries.read_deliveries(
            conn, context().settings, wanted, query.order, now, query.limit, query.after, titles or NO_TITLES
        )
    if found.waiting and read_deliveries.may_be_locked(found.facts):
        found = read_deliveries.with_lock(found, is_locked(database))
    return found


def change_response(item: ChangeDelivery, wait: Wait | None, write_time: WriteTime = utc) -> ChangeDeliveryResponse:
    """Returns a change as the API writes it."""
    return ChangeDeliveryResponse(
        id=item.seq,
        article=None if item.article_id is None else ChangedArticle(id=item.article_id, title=item.title),
        articles=item.articles,
        kind=item.kind,
        written_at=instant(item.written_at),
        noticed_at=instant(item.noticed_at),
        settled_at=instant(item.settled_at),
        noticed_ms=None if item.noticed_at is None else milliseconds(item.written_at, item.noticed_at),
        published_ms=item.published_ms,
        served_ms=item.served_ms,
        waiting=None if wait is None else _wait(wait, write_time),
        feeds=[_feed(item, feed) for feed in item.feeds],
    )


def _feed(item: ChangeDelivery, feed: FeedDelivery) -> FeedDeliveryResponse:
    return FeedDeliveryResponse(
        section=feed.section,
        change=feed.change,  # type: ignore[arg-type]  # one of them
        reason=feed.reason,
        version=feed.version,
        published_at=instant(feed.published_at),
        published_ms=None if feed.published_at is None else milliseconds(item.written_at, feed.published_at),
        served_at=instant(feed.served_at),
        served_ms=None if feed.served_at is None else milliseconds(item.written_at, feed.served_at),
        purge=feed.purge,
        purged_at=instant(feed.purged_at),
    )


def _wait(wait: Wait, write_time: WriteTime) -> WaitResponse:
    return WaitResponse(
        stage=wait.stage, blocked=wait.is_blocked, message=write(wait.words, write_time), sections=list(wait.sections)
    )


def _cause(cause: Cause, write_time: WriteTime) -> CauseResponse:
    return CauseResponse(
        stage=cause.wait.stage,
        blocked=cause.wait.is_blocked,
        message=write(cause.wait.words, write_time),
        sections=list(cause.sections),
        changes=cause.changes,
        since=instant(cause.since),
    )
