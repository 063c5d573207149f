"""An article's history: what was done with it, and what happened to it in the feeds."""

from typing import Literal

from flask import Response

from syndication.api.audit_log import ActAnswer, act_answer
from syndication.api.operations import Operations, answer, caller, context, instant
from syndication.api.schemas import Answer, ArticlePath, Limit, Query
from syndication.api.visibility import check_exists
from syndication.store.access.audit_log import Recorded
from syndication.store.articles.history import Passage, happened

operation = Operations("past", "History", "What happened to a story, and who did it.")


class PassageAnswer(Answer):
    """That the article came into a feed, changed there, or is gone; ``reason`` says why it is gone."""

    section: str
    version: int
    change: Literal["added", "changed", "gone"]
    reason: str | None


class EventAnswer(Answer):
    """One event: something happened to the article in a ``feed``, or somebody did it (``act``); the other is null."""

    at: str | None
    feed: PassageAnswer | None
    act: ActAnswer | None


class HistoryAnswer(Answer):
    """The newest events first. ``acts`` says whether what was done is among them: the audit log is for admin."""

    article_id: str
    acts: bool
    events: list[EventAnswer]


class HistoryQuery(Query):
    """How many events."""

    limit: Limit = 50


@operation("GET", "/articles/<article:id>/history", "read", {200: HistoryAnswer})
def list_history(path: ArticlePath, query: HistoryQuery) -> Response:
    """What happened to an article in the feeds, the newest first; with the scope admin also who did what.

    Feeds are told of as far back as their versions are kept, acts as far as the audit log is.
    """
    acts = caller().may("admin")
    with context().database.snapshot() as conn:
        check_exists(conn, path.id)
        found = happened(conn, path.id, query.limit, acts=acts)
    return answer(HistoryAnswer(article_id=path.id, acts=acts, events=[_event(one) for one in found]))


def _event(found: Passage | Recorded) -> EventAnswer:
    if isinstance(found, Recorded):
        return EventAnswer(at=instant(found.at), feed=None, act=act_answer(found))
    passage = PassageAnswer(section=found.section, version=found.version, change=found.change, reason=found.reason)
    return EventAnswer(at=instant(found.at), feed=passage, act=None)
