"""Revisions of a story: what it said when a feed showed it, what changed, and the return to one of its states."""

from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import article_changes, field_locks
from syndication.api import articles as api_articles
from syndication.api import revisions as api
from syndication.api.operations import caller
from syndication.api.schemas import ArticlePath
from syndication.dashboard.article_edit import NO_NOTE, is_seen
from syndication.dashboard.article_form import LABELS, changed_fields
from syndication.dashboard.pages import Pages, Question, back, call, page, parse_request, titles
from syndication.store.articles.field_locks import LOCKABLE
from syndication.web.problems import Problem

pages = Pages("revisions")

FORGET = Question(
    "Delete all kept revisions?",
    "Nothing brings them back. The story itself and what feeds show now stay as they are.",
    "Delete for good",
    "/article?id={id}",
)

STALE = "Not restored: somebody saved this story after you opened the page. See below what would change now."


@pages.get("/article/revisions", "preview")
def list_revisions() -> Response:
    """Lists the states of a story that feeds showed, newest first; compares two of them if they are chosen."""
    path = _path()
    found = call(api.list_article_revisions, path=path)
    shown = [(one, found.revisions[place + 1 : place + 2]) for place, one in enumerate(found.revisions)]
    return page("revisions.html", id=path.id, found=found, shown=shown, titles=titles())


@pages.get("/article/revision", "preview")
def compare_revisions() -> Response:
    """Shows two states side by side, with the words that changed."""
    path, old = _path(), _revision_path(request.args.get("old"))
    query = parse_request(api.RevisionDifferenceQuery, new=request.args.get("new") or None)
    difference = call(api.compare_revisions, path=old, query=query)
    known = {one.revision: one for one in call(api.list_article_revisions, path=path).revisions}
    return page(
        "revision.html",
        id=path.id,
        difference=difference,
        old=known[difference.old],
        new=known.get(difference.new or ""),
        labels=LABELS,
    )


@pages.get("/article/revert", "write")
def review_revert() -> Response:
    """Shows what a return to a state would change, in the story and in the feeds."""
    return _review(_revision_path(request.args.get("revision")))


@pages.post("/article/revert", "write")
def revert() -> BaseResponse:
    """Returns a story to a state, as a small fix or a correction."""
    path = _revision_path(request.args.get("revision"))
    note = request.form.get("correction", "").strip()
    if request.form.get("act") == "correction" and not note:
        return _review(path, HTTPStatus.UNPROCESSABLE_ENTITY, error=NO_NOTE)
    body = parse_request(api.RevertRequest, correction=note if request.form.get("act") == "correction" else None)
    _, _, patch, _ = _preview(path)
    locks = [field for field in changed_fields(patch) if field in LOCKABLE] if "lock" in request.form else []
    try:
        call(api.revert_article, path=path, body=body, etag=request.form.get("etag"), locks=locks)
    except Problem as problem:
        if problem.status != HTTPStatus.PRECONDITION_FAILED:
            raise
        return _review(path, problem.status, note=note, stale=True)
    flash("Restored. Feeds have it within about a second.")
    return back("/article", id=path.id)


@pages.post("/article/revisions/forget", "admin", ask=FORGET)
def forget_revisions() -> BaseResponse:
    """Deletes all kept states of a story for good."""
    path = _path()
    done = call(api.forget_article_revisions, path=path)
    flash(f"Deleted {done.deleted} {'revision' if done.deleted == 1 else 'revisions'}.")
    return back("/article", id=path.id)


def _path() -> ArticlePath:
    return parse_request(ArticlePath, id=request.args.get("id", ""))


def _revision_path(revision: str | None) -> api.RevisionPath:
    return parse_request(api.RevisionPath, id=request.args.get("id", ""), revision=revision or "")


def _preview(path: api.RevisionPath) -> tuple[dict[str, Any], str, dict[str, Any], list[str]]:
    # Reading a state takes the scope of its operation, which the route of a form does not check.
    call(api.get_revision, path=path)
    return api.preview_revert(path)


def _review(
    path: api.RevisionPath, status: HTTPStatus = HTTPStatus.OK, note: str = "", error: str = "", *, stale: bool = False
) -> Response:
    stored, etag, patch, kept = _preview(path)
    article = ArticlePath(id=path.id)
    changes = call(article_changes.compare_article, path=article, body=api_articles.ArticlePatch(**patch))
    found = field_locks.list_locks(path=article)
    locked = {one.field for one in found.locks}
    return page(
        "revert.html",
        status,
        id=path.id,
        title=stored["title"],
        revision=call(api.get_revision, path=path),
        changes=changes,
        etag=etag,
        kept=kept,
        owner=found.owner,
        unlocked=[field for field in changed_fields(patch) if field in LOCKABLE and field not in locked]
        if found.owner
        else [],
        seen=is_seen(stored, caller().now),
        note=note,
        error=error,
        stale=STALE if stale else "",
        labels=LABELS,
        titles=titles(),
    )
