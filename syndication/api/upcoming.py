"""Coming up: what will happen by itself, the next first."""

from typing import Literal

from flask import Response
from pydantic import Field

from syndication.api.operations import Operations, caller, context, instant, link_next, respond
from syndication.api.schemas import Cursor, Limit, RequestModel, ResponseModel, Time
from syndication.store.articles.upcoming import Upcoming, read_upcoming

operation = Operations(
    "upcoming", "Coming up", "What will happen by itself: embargoes end, stories expire, feeds change."
)


class UpcomingArticle(ResponseModel):
    """The article to which it happens."""

    id: str
    title: str


class UpcomingEventResponse(ResponseModel):
    """What happens at a moment: an article appears or leaves, or a section is regenerated because it is due.

    ``sections`` are the feeds concerned. A section falls due for its articles' moments as well, and whenever an
    entry grows older than the feed's hours; ``article`` is null then.
    """

    at: Time
    event: Literal["appears", "leaves", "section-due"]
    article: UpcomingArticle | None
    sections: list[str]


class UpcomingResponse(ResponseModel):
    """One page, the next first; the page after it is in the header Link (RFC 8288)."""

    items: list[UpcomingEventResponse]


class UpcomingQuery(RequestModel):
    """Which page."""

    limit: Limit = 50
    after: Cursor | None = Field(None, description="Where the page begins, from the Link header of the one before.")


@operation("GET", "/upcoming", "preview", {200: UpcomingResponse})
def list_upcoming(query: UpcomingQuery) -> Response:
    """What will happen by itself: embargoes that end, articles that expire, sections that fall due. No drafts."""
    with context().database.snapshot() as conn:
        found, after = read_upcoming(conn, context().settings.sections, caller().now, query.limit, query.after)
    response = respond(UpcomingResponse(items=[_answer(item) for item in found]))
    if after is not None:
        link_next(response, "/upcoming", query.model_dump(), after=after)
    return response


def _answer(item: Upcoming) -> UpcomingEventResponse:
    article = None
    if item.article_id is not None:
        article = UpcomingArticle(id=item.article_id, title=item.title or "")
    return UpcomingEventResponse(at=instant(item.at), event=item.event, article=article, sections=list(item.sections))
