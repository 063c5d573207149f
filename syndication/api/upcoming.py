"""Upcoming changes, the next first."""

from typing import Literal

from pydantic import Field

from syndication.api.operations import Operations, Reply, caller, context, instant, next_page
from syndication.api.schemas import Cursor, Limit, RequestModel, ResponseModel, Time
from syndication.store.articles.upcoming import Upcoming, read_upcoming

operation = Operations("upcoming", "Upcoming", "Scheduled changes: embargoes ending, articles expiring, sections due.")


class UpcomingArticle(ResponseModel):
    """The article that appears or leaves."""

    id: str
    title: str


class UpcomingEventResponse(ResponseModel):
    """A scheduled change: an article appears or leaves, or a section is due for regeneration.

    ``sections`` are the affected feeds. ``article`` is null for a section that is due: when one of its articles appears
    or leaves, or when an entry becomes older than the feed's hours.
    """

    at: Time
    event: Literal["appears", "leaves", "section-due"]
    article: UpcomingArticle | None
    sections: list[str]


class UpcomingResponse(ResponseModel):
    """One page, the next change first; the Link header has the next page (RFC 8288)."""

    items: list[UpcomingEventResponse]


class UpcomingQuery(RequestModel):
    """The page."""

    limit: Limit = 50
    after: Cursor | None = Field(None, description="Cursor from the Link header of the previous page.")


@operation("GET", "/upcoming", "preview", {200: UpcomingResponse})
def list_upcoming(query: UpcomingQuery) -> Reply[UpcomingResponse]:
    """List scheduled changes.

    Includes embargoes ending, articles expiring and sections due, but no drafts.
    """
    with context().database.snapshot() as conn:
        found, after = read_upcoming(conn, context().settings.selections, caller().now, query.limit, query.after)
    items = [_answer(item) for item in found]
    return Reply(UpcomingResponse(items=items), next_page=next_page(query, after=after))


def _answer(item: Upcoming) -> UpcomingEventResponse:
    article = None
    if item.article_id is not None:
        article = UpcomingArticle(id=item.article_id, title=item.title or "")
    return UpcomingEventResponse(at=instant(item.at), event=item.event, article=article, sections=list(item.sections))
