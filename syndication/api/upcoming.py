"""Coming up: what will happen by itself, the next first."""

from typing import Literal

from flask import Response
from pydantic import Field

from syndication.api.operations import Operations, answer, caller, context, instant, link_next
from syndication.api.schemas import Answer, Cursor, Limit, Query
from syndication.store.articles.upcoming import Upcoming, coming_up

operation = Operations(
    "coming", "Coming up", "What will happen by itself: embargoes end, stories expire, feeds change."
)


class ComingArticle(Answer):
    """The article to which it happens."""

    id: str
    title: str


class ComingAnswer(Answer):
    """What happens at a moment: an article appears or leaves, or a section is regenerated because it is due.

    ``sections`` are the feeds concerned. A section falls due for its articles' moments as well, and whenever an
    entry grows older than the feed's hours; ``article`` is null then.
    """

    at: str | None
    what: Literal["appears", "leaves", "section-due"]
    article: ComingArticle | None
    sections: list[str]


class ComingsAnswer(Answer):
    """One page, the next first; the page after it is in the header Link (RFC 8288)."""

    items: list[ComingAnswer]


class ComingQuery(Query):
    """Which page."""

    limit: Limit = 50
    after: Cursor | None = Field(None, description="Where the page begins, from the Link header of the one before.")


@operation("GET", "/coming-up", "preview", {200: ComingsAnswer})
def list_coming_up(query: ComingQuery) -> Response:
    """What will happen by itself: embargoes that end, articles that expire, sections that fall due. No drafts."""
    with context().database.snapshot() as conn:
        found, after = coming_up(conn, context().settings.sections, caller().now, query.limit, query.after)
    response = answer(ComingsAnswer(items=[_answer(item) for item in found]))
    if after is not None:
        link_next(response, "/coming-up", query.model_dump(), after=after)
    return response


def _answer(item: Upcoming) -> ComingAnswer:
    article = None
    if item.article_id is not None:
        article = ComingArticle(id=item.article_id, title=item.title or "")
    return ComingAnswer(at=instant(item.at), what=item.what, article=article, sections=list(item.sections))
