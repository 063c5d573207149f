"""An article's history: what was done with it, and what happened to it in the feeds."""

from typing import Literal

from flask import Response

from syndication.api.audit_log import AuditEntryResponse, audit_entry_response
from syndication.api.operations import Operations, caller, context, instant, respond
from syndication.api.schemas import ArticlePath, Limit, RequestModel, ResponseModel, Time
from syndication.api.visibility import check_exists
from syndication.store.access.audit_log import AuditEntry
from syndication.store.articles.history import FeedEvent, list_events

operation = Operations("history", "History", "What happened to a story, and who did it.")


class FeedEventResponse(ResponseModel):
    """That the article came into a feed, changed there, or is gone; ``reason`` says why it is gone."""

    section: str
    version: int
    change: Literal["added", "changed", "gone"]
    reason: str | None


class HistoryEventResponse(ResponseModel):
    """One event: something happened to the article in a ``feed``, or somebody did it (``act``); the other is null."""

    at: Time
    feed: FeedEventResponse | None
    act: AuditEntryResponse | None


class HistoryResponse(ResponseModel):
    """The newest events first. ``acts`` says whether what was done is among them: the audit log is for admin."""

    article_id: str
    acts: bool
    events: list[HistoryEventResponse]


class HistoryQuery(RequestModel):
    """How many events."""

    limit: Limit = 50


@operation("GET", "/articles/<article:id>/history", "read", {200: HistoryResponse})
def list_history(path: ArticlePath, query: HistoryQuery) -> Response:
    """What happened to an article in the feeds, the newest first; with the scope admin also who did what.

    Feeds are told of as far back as their versions are kept, acts as far as the audit log is.
    """
    acts = caller().may("admin")
    with context().database.snapshot() as conn:
        check_exists(conn, path.id)
        found = list_events(conn, path.id, query.limit, acts=acts)
    return respond(HistoryResponse(article_id=path.id, acts=acts, events=[_event(one) for one in found]))


def _event(found: FeedEvent | AuditEntry) -> HistoryEventResponse:
    if isinstance(found, AuditEntry):
        return HistoryEventResponse(at=instant(found.at), feed=None, act=audit_entry_response(found))
    passage = FeedEventResponse(section=found.section, version=found.version, change=found.change, reason=found.reason)
    return HistoryEventResponse(at=instant(found.at), feed=passage, act=None)
