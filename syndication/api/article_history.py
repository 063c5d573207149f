"""An article's history: edits, and changes in the feeds."""

from typing import Literal

from syndication.api.audit_log import AuditEntryResponse, audit_entry_response
from syndication.api.operations import Operations, caller, context, instant
from syndication.api.schemas import ArticlePath, Limit, RequestModel, ResponseModel, Time
from syndication.api.visibility import check_exists
from syndication.store.access.audit_log import AuditEntry
from syndication.store.articles.history import FeedEvent, list_events

operation = Operations("history", "History", "Changes of an article in the feeds, and who made them.")


class FeedEventResponse(ResponseModel):
    """The article was added to a feed, changed there, or gone from it.

    ``reason`` is why it is gone. If it changed, ``reason`` is correction or date if its date moved, and same-date if
    not.
    """

    section: str
    version: int
    change: Literal["added", "changed", "gone"]
    reason: str | None


class HistoryEventResponse(ResponseModel):
    """One event: a change in a ``feed`` or an entry of the audit log (``act``). The other one is null."""

    at: Time
    feed: FeedEventResponse | None
    act: AuditEntryResponse | None


class HistoryResponse(ResponseModel):
    """Events, newest first. ``acts`` is true if audit log entries are included, which needs the scope admin."""

    article_id: str
    acts: bool
    events: list[HistoryEventResponse]


class HistoryQuery(RequestModel):
    """The number of events."""

    limit: Limit = 50


@operation("GET", "/articles/<article:id>/history", "read", {200: HistoryResponse})
def list_history(path: ArticlePath, query: HistoryQuery) -> HistoryResponse:
    """List an article's history.

    Returns its changes in the feeds, newest first, and with the scope admin also its audit log entries. Changes go back
    as far as feed versions are kept, audit log entries as far as the audit log.
    """
    acts = caller().may("admin")
    with context().database.snapshot() as conn:
        check_exists(conn, path.id)
        found = list_events(conn, path.id, query.limit, acts=acts)
    return HistoryResponse(article_id=path.id, acts=acts, events=[_event(one) for one in found])


def _event(found: FeedEvent | AuditEntry) -> HistoryEventResponse:
    if isinstance(found, AuditEntry):
        return HistoryEventResponse(at=instant(found.at), feed=None, act=audit_entry_response(found))
    passage = FeedEventResponse(section=found.section, version=found.version, change=found.change, reason=found.reason)
    return HistoryEventResponse(at=instant(found.at), feed=passage, act=None)
