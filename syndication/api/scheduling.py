"""Publication times of articles that no reader has seen: set, moved and lifted."""

from dataclasses import replace
from http import HTTPStatus

from pydantic import Field

from syndication.api.articles import CHANGED_SINCE, StoredResponse, operation, tag, write_article
from syndication.api.operations import Reply, caller
from syndication.api.schemas import ArticlePath
from syndication.api.visibility import Visibility, check_exists
from syndication.model.json_types import Moment, StrictModel
from syndication.model.values import Article
from syndication.web.problems import Problem, not_found

PUBLIC_ALREADY = "The article is public already. Change its publication time, or withdraw it."


class ScheduleRequest(StrictModel):
    """When the article is published; null publishes it now."""

    published_at: Moment = Field(...)


@operation("POST", "/articles/<article:id>/schedule", "write", {200: StoredResponse}, problems=(409, 412))
def schedule_article(path: ArticlePath, body: ScheduleRequest, etag: str | None = None) -> Reply[StoredResponse]:
    """Set, move or lift an embargo.

    For drafts and articles under embargo: with a time in the future, the article is published then; with null, now. An
    article that is public already is refused with 409.
    """

    def decide(stored: Article | None, found: Visibility) -> Article:
        if stored is None or not found.shows(stored):
            raise not_found(f"article {path.id!r}")
        if etag is not None and etag != tag(stored):
            raise Problem(HTTPStatus.PRECONDITION_FAILED, "stale", CHANGED_SINCE)
        if stored.status == "published" and stored.published_at is not None and stored.published_at <= caller().now:
            raise Problem(HTTPStatus.CONFLICT, "public-already", PUBLIC_ALREADY)
        at = body.published_at or caller().now.replace(microsecond=0)
        # A date of last update before the publication would say nothing, and a writer's own one stays.
        return replace(stored, published_at=at, status="withdrawn" if stored.status == "withdrawn" else "published")

    return write_article(path.id, decide, "schedule", check_exists)
