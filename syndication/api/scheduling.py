"""Publication times of articles that no reader has seen: set, moved and lifted."""

from http import HTTPStatus

from pydantic import Field

from syndication.api.articles import CHANGED_SINCE, StoredResponse, operation, tag, write_article
from syndication.api.operations import Reply, caller
from syndication.api.schemas import ArticlePath
from syndication.api.visibility import Visibility, check_exists
from syndication.model.json_types import Moment, StrictModel
from syndication.model.values import Article
from syndication.store.articles.scheduling import PublicAlreadyError, schedule
from syndication.web.problems import Problem, not_found


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
        try:
            return schedule(stored, body.published_at, caller().now)
        except PublicAlreadyError as error:
            raise Problem(HTTPStatus.CONFLICT, "public-already", str(error)) from error

    return write_article(path.id, decide, "schedule", check_exists)
