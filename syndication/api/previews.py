"""Previews of a feed or an entry, rendered by a worker. Nothing is published."""

from http import HTTPStatus
from typing import Any, Literal

from pydantic import Field, ValidationError

from syndication.api.operations import NO_WORKER, PREFIX, Operations, Reply, caller, context, instant
from syndication.api.schemas import ArticlePath, IdPath, ResponseModel, Slug, Time
from syndication.model.field_limits import MAX_PREVIEW_CHANGES
from syndication.model.json_types import StrictModel
from syndication.model.json_types import problems as wrong_fields
from syndication.store.db.database import WORK
from syndication.store.processes import workers
from syndication.store.publishing import previews
from syndication.web.problems import Problem, not_found

RETRY_SECONDS = 2
"""Retry-After when too many previews are pending."""

operation = Operations(
    "previews", "Preview", "Render a feed or an entry without publishing it. Previews are never cached."
)


class PreviewRequest(StrictModel):
    """A section's feed with changes, or (without ``section``) the entry of one article.

    ``changes`` are JSON merge patches of stored articles, or new articles, each with its ``id``. {"id": "…"} alone
    previews a draft or an embargoed article as stored.
    """

    section: Slug | None = None
    changes: list[dict[str, Any]] = Field(default_factory=list, max_length=MAX_PREVIEW_CHANGES)


class LeftOutPreview(ResponseModel):
    """An article that could not be rendered, with the reason."""

    article_id: str
    reason: str


class PreviewResponse(ResponseModel):
    """The result, once ``state`` is done: the whole ``documents``, or only the ``entry``, by format."""

    id: str
    state: Literal["requested", "done", "failed"]
    message: str | None
    requested_at: Time
    section: str | None = None
    entries: list[str] = Field(default_factory=list)
    left_out: list[LeftOutPreview] = Field(default_factory=list)
    documents: dict[str, str] = Field(default_factory=dict)
    entry: dict[str, str] = Field(default_factory=dict)


@operation("POST", "/previews", "preview", {202: PreviewResponse})
def request_preview(body: PreviewRequest) -> Reply[PreviewResponse]:
    """Request a preview.

    A worker renders it within a second or so; fetch it from the URL in Location.
    """
    _check(body)
    database = context().database
    target = body.section or str(body.changes[0]["id"])
    with database.write() as conn:
        now = database.now(conn)
        try:
            id = previews.request(conn, body.model_dump(), target, caller().actor, now)
        except previews.TooManyPreviewsError as error:
            raise _too_many(error) from error
        except previews.PreviewTooLargeError as error:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", str(error)) from error
        alive = len(workers.list_alive(conn, now))
        database.notify(conn, WORK)
    message = None if alive else NO_WORKER
    asked = PreviewResponse(id=id, state="requested", message=message, requested_at=instant(now))
    return Reply(asked, headers={"Location": f"{PREFIX}/previews/{id}"})


@operation("GET", "/previews/<id>", "preview", {200: PreviewResponse})
def get_preview(path: IdPath) -> PreviewResponse:
    """Get a preview.

    Previews are kept for ten minutes.
    """
    with context().database.snapshot() as conn:
        now = context().database.now(conn)
        found, alive = previews.get(conn, path.id, now), len(workers.list_alive(conn, now))
    if found is None:
        raise not_found(f"preview {path.id!r}: previews are kept for ten minutes")
    state: Literal["requested", "done", "failed"] = "requested"
    message = found.error
    if found.finished_at is not None:
        state = "failed" if found.error else "done"
    elif not alive:
        message = NO_WORKER
    result = {key: value for key, value in (found.result or {}).items() if key in PreviewResponse.model_fields}
    return PreviewResponse(
        id=found.id, state=state, message=message, requested_at=instant(found.requested_at), **result
    )


def _too_many(error: previews.TooManyPreviewsError) -> Problem:
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS, "too-many-previews", str(error), headers={"Retry-After": str(RETRY_SECONDS)}
    )


def _check(body: PreviewRequest) -> None:
    if body.section is not None and body.section not in context().settings.sections:
        _refuse("section", f"must be a configured section, not {body.section!r}")
    if body.section is None and len(body.changes) != 1:
        _refuse("changes", "must have one article to preview its entry; add a section to preview several in its feed")
    for number, change in enumerate(body.changes):
        try:
            ArticlePath.model_validate({"id": change.get("id")})
        except ValidationError as error:
            words = "is required" if "id" not in change else wrong_fields(error)[0][1]
            _refuse(f"changes.{number}.id", f"{words}: use the id of a stored or a new article")


def _refuse(field: str, words: str) -> None:
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"{field} {words}.", errors=[(field, words)])
