"""Writing stories: edit one with a review of what changes, or write a new one."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, flash, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import article_changes, field_locks, previews
from syndication.api import articles as api
from syndication.api.operations import Reply, caller, context
from syndication.api.schemas import ArticleBody, ArticlePath
from syndication.dashboard.article_form import (
    FIELD_OF,
    LABELS,
    TURNS_OF,
    Given,
    changed_fields,
    digest,
    digests,
    empty_form,
    find_changes,
    form_values,
    merge_forms,
    sent_values,
)
from syndication.dashboard.documents import LABELS as FORMATS
from syndication.dashboard.filters import time_filters
from syndication.dashboard.form_times import time_turns
from syndication.dashboard.pages import (
    Pages,
    Question,
    back,
    call,
    expired_part,
    html,
    is_live,
    missing_scope,
    page,
    parse_request,
    titles,
)
from syndication.dashboard.previews import await_preview
from syndication.dashboard.story_promise import story_promise
from syndication.errors import ArticleError
from syndication.model.article_json import dump_article, merge_patch, slugify
from syndication.model.values import ALL
from syndication.store.articles.field_locks import LOCKABLE
from syndication.store.articles.last_writer import find_last_writer
from syndication.web.problems import Problem, problem_fields

pages = Pages("article_edit")

NO_NOTE = "Say what was corrected: readers see this note, and the date of the story moves."

OLD_NOTE = "Readers have seen this note. Write a new one, or save a small fix."

NEW_NOTE = "A new note moves the date. Save a correction, or put back the note as it was."

NOTHING_SHOWN: dict[str, Any] = {
    "errors": {}, "review": None, "conflict": None, "again": False, "etag": "", "preview": None, "unseen": "",
}  # fmt: skip
"""What the page shows of none of its states."""

UNREAD_PARTS = "Parts of this article cannot be edited here: "

LIVE_SECONDS = 0.7
"""How long the live preview waits for a worker, so that the one before stays until then."""

WAIT_SECONDS = 3
"""How long the page without scripts waits for it."""

ID_WORDS = 80
"""Characters of the title in the ID of a new story."""


@pages.get("/article/edit", "write")
def edit_article() -> Response:
    """Shows the form of a story."""
    article, etag = _stored(_path())
    given = form_values(article, _zone())
    return _form(article, given, etag=etag, base=digests(given))


@pages.post("/article/edit", "write")
def save_article() -> BaseResponse:
    """Reviews or saves a story: nothing is saved that was not reviewed as it is, nor over what somebody else wrote."""
    path, given = _path(), sent_values(request.form)
    article, etag = _stored(path)
    if etag != request.form.get("etag"):
        return _conflict(path, article, etag, given)
    base = digests(form_values(article, _zone()))
    shown: dict[str, Any] = {"etag": etag, "base": base}
    patch, errors = find_changes(given, article, _zone())
    act = request.form.get("act", "review")
    noted = _note_errors(act, patch, article)
    try:
        if errors:
            # What else is wrong is found with it, so that all of it can be corrected at once.
            errors |= noted
            _refused_fields(path, patch, errors)
            return _form(article, given, HTTPStatus.UNPROCESSABLE_ENTITY, errors=errors, **shown)
        review = call(article_changes.compare_article, path=path, body=api.ArticlePatch(**patch))
        shown |= {"review": review, "patch": patch}
        again = request.form.get("reviewed") != digest(given)
        if noted or again or act == "review":
            status = HTTPStatus.UNPROCESSABLE_ENTITY if noted else HTTPStatus.OK
            return _form(article, given, status, errors=noted, again=again and act != "review", **shown)
        _save(path, patch, etag)
    except (Problem, ArticleError) as problem:
        if getattr(problem, "status", None) == HTTPStatus.PRECONDITION_FAILED:
            return _conflict(path, *_stored(path), given)
        return _refused(article, given, problem, etag=etag, base=base)
    return back("/article", id=path.id)


def _save(path: ArticlePath, patch: Mapping[str, Any], etag: str) -> None:
    """Stores the change, and locks what it changes if the form asks for that."""
    if not patch:
        return
    locks = [field for field in changed_fields(patch) if field in LOCKABLE] if "lock" in request.form else []
    call(api.patch_article, path=path, body=api.ArticlePatch(**patch), etag=etag, locks=locks)
    flash(story_promise("Saved.", path.id))


@pages.get("/article/new", "write")
def new_article() -> Response:
    """Shows the form of a new story."""
    return _form(None, empty_form())


@pages.post("/article/new", "write")
def create_article() -> BaseResponse:
    """Stores a new story as a draft, for its publication time, or to be published now."""
    given = sent_values(request.form)
    values, errors = _new_values(given)
    try:
        if errors:
            _refused_fields(parse_request(ArticlePath, id=values["id"]), values, errors)
            return _form(None, given, HTTPStatus.UNPROCESSABLE_ENTITY, errors=errors)
        path = parse_request(ArticlePath, id=values["id"])
        stored = call(api.put_article, path=path, body=parse_request(ArticleBody, **values), only_new=True).value
    except (Problem, ArticleError) as problem:
        return _refused(None, given, problem)
    flash(_created(stored))
    return back("/article", id=path.id)


@pages.post("/article/edit/preview", "preview")
def preview_form() -> Response:
    """Shows what is typed as a feed would have it: as a part for the script, and without it in the same form."""
    given = sent_values(request.form)
    shown: dict[str, Any] = {}
    article = _stored(_path())[0] if "id" in request.args else None
    try:
        asked = call(previews.request_preview, body=_previewed(given, article)).value
        shown["preview"] = await_preview(asked, LIVE_SECONDS if is_live() else WAIT_SECONDS)
    except Problem as problem:
        if is_live() and problem.status == HTTPStatus.TOO_MANY_REQUESTS:  # Of pages that were left: it is soon free.
            return page("parts/preview_later.html", address=request.full_path)
        shown["unseen"] = f"No preview. {problem.detail}"
    if not is_live():
        # What the form knew when it was opened stays: nothing was saved that could have changed it.
        return _form(article, given, etag=request.form.get("etag", ""), base=_base(), **shown)
    if "unseen" in shown:
        return expired_part("preview", shown["unseen"])
    return html(render_template("dashboard/parts/preview.html", format_labels=FORMATS, **shown))


def _previewed(given: Given, article: Mapping[str, Any] | None) -> previews.PreviewRequest:
    """Returns the request of what is typed, which for a new story may lack a title and an address still."""
    if article is not None:
        change = find_changes(given, article, _zone())[0] | {"id": article["id"]}
    else:
        change = _new_values(given)[0]
        change |= {name: change.get(name) or default for name, default in (("title", "Untitled"), ("url", "/"))}
    return parse_request(previews.PreviewRequest, changes=[change])


RELEASE = Question(
    "Release the locked fields?",
    "The next write of the CMS replaces what was corrected here.",
    "Release",
    "/article?id={id}",
)


@pages.post("/article/locks", "write", ask=RELEASE)
def release_locks() -> BaseResponse:
    """Releases the locked fields of a story, or one of them."""
    path, field = _path(), request.form.get("field")
    locked = [one.field for one in field_locks.list_locks(path=path).locks]
    kept = [name for name in locked if field is not None and name != field]
    call(field_locks.set_locks, path=path, body=parse_request(field_locks.LocksRequest, fields=kept))
    flash("Released. The next write of the CMS replaces what was locked.")
    return back("/article", id=path.id)


def _path() -> ArticlePath:
    return parse_request(ArticlePath, id=request.args.get("id", ""))


def _zone() -> ZoneInfo:
    return time_filters().zone


def _stored(path: ArticlePath) -> tuple[dict[str, Any], str]:
    """Returns the article in JSON and its ETag; raises a Problem for one that the user cannot read as a whole."""
    found: Reply[api.ArticleAnswer] = api.get_one_article(path=path)  # Each route has checked its own scope.
    if found.value.errors:
        if not caller().may("preview"):
            raise missing_scope("preview")
        reasons = "; ".join(f"{LABELS.get(one.field, one.field)} {one.detail}" for one in found.value.errors)
        raise Problem(HTTPStatus.CONFLICT, "unreadable", f"{UNREAD_PARTS}{reasons}.")
    return dump_article(found.value.article({})), found.headers["ETag"]


def is_seen(article: Mapping[str, Any], now: datetime) -> bool:
    """Returns whether readers can have seen the story, so that a change is a correction or a small fix."""
    at = article.get("published_at")
    return article["status"] == "published" and at is not None and datetime.fromisoformat(at) <= now


def _note_errors(act: str, patch: Mapping[str, Any], article: Mapping[str, Any]) -> dict[str, str]:
    """Returns what is wrong with the note: a correction needs a new one, and a small fix of a public story has none."""
    note = (patch.get("correction") or "").strip()
    if act == "correction" and not note:
        return {"correction": OLD_NOTE if article.get("correction") and "correction" not in patch else NO_NOTE}
    if act == "fix" and note and is_seen(article, caller().now):
        return {"correction": NEW_NOTE}
    return {}


def _refused_fields(path: ArticlePath, patch: Mapping[str, Any], errors: dict[str, str]) -> None:
    """Adds what the API would refuse of the other fields."""
    try:
        call(article_changes.compare_article, path=path, body=api.ArticlePatch(**patch))
    except (Problem, ArticleError) as problem:
        errors.update({field: words for field, words in _errors(problem).items() if field not in errors})


def _refused(
    article: Mapping[str, Any] | None, given: Given, problem: Problem | ArticleError, **shown: Any
) -> Response:
    """Returns the form as it was sent, with what is wrong beside each field."""
    status = problem.status if isinstance(problem, Problem) else HTTPStatus.UNPROCESSABLE_ENTITY
    if status not in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT):
        raise problem
    return _form(article, given, status, errors=_errors(problem), **shown)


def _errors(problem: Problem | ArticleError) -> dict[str, str]:
    """Returns a sentence for each field of the form; "" has what concerns none."""
    listed = list(problem.errors) if isinstance(problem, Problem) else [problem_fields(problem)]
    found: dict[str, str] = {}
    for field, words in listed:
        name = field.partition(".")[0]
        shown = name if name in LABELS else ""
        sentence = f"{LABELS.get(name, field)} {words}".strip().rstrip(".") + "."
        found[shown] = f"{found[shown]} {sentence}" if shown in found else sentence
    return found or {"": str(problem)}


def _conflict(path: ArticlePath, article: Mapping[str, Any], etag: str, given: Given) -> Response:
    """Returns the form merged with what somebody else saved: their fields, and in those of both the own text."""
    now = form_values(article, _zone())
    merged, theirs, both = merge_forms(given, now, _base())
    with context().database.read() as conn:
        writer = find_last_writer(conn, path.id)
    names = list(dict.fromkeys(FIELD_OF.get(name, name) for name in both))
    mine = merge_patch(dict(article), find_changes(merged, article, _zone())[0])
    differences = [one for one in article_changes.field_changes(article, mine) if one.field in names]
    conflict = {
        "writer": writer,
        "theirs": list(dict.fromkeys(FIELD_OF.get(name, name) for name in theirs)),
        "both": differences,
    }
    return _form(article, merged, HTTPStatus.PRECONDITION_FAILED, etag=etag, base=digests(now), conflict=conflict)


def _base() -> dict[str, str]:
    """Returns the digests of the fields when the form was opened; none if they were changed on the way."""
    try:
        found = json.loads(request.form.get("base", ""))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _new_values(given: Given) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the new story in JSON, and what is wrong with fields that cannot be read."""
    values, errors = find_changes(given, {}, _zone())
    if "/" in given["id"]:  # Some endings of an address mean something else in the API.
        errors["id"] = "Write an ID without slashes."
    values["id"] = given["id"] or _new_id(given["title"])
    if request.form.get("act") == "draft":
        values["status"] = "draft"
    else:
        values["status"] = "published"
        values.setdefault("published_at", caller().now.replace(microsecond=0).isoformat())
    return {name: value for name, value in values.items() if value is not None}, errors


def _new_id(title: str) -> str:
    words = slugify(title)[:ID_WORDS].strip("-")
    return f"{caller().now.astimezone(_zone()):%Y-%m-%d}-{words or uuid.uuid4().hex[:8]}"


def _created(stored: api.StoredResponse) -> str:
    article = stored.article
    if article.status == "draft":
        return story_promise("Draft saved.", article.id)
    is_ahead = article.published_at is not None and article.published_at > caller().now
    return story_promise("Scheduled." if is_ahead else "Published.", article.id)


def _form(
    article: Mapping[str, Any] | None, given: Given, status: HTTPStatus = HTTPStatus.OK, **shown: Any
) -> Response:
    found = field_locks.list_locks(path=_path()) if article is not None else None
    review, patch = shown.get("review"), shown.pop("patch", {})
    sections = context().settings.sections.values()
    return page(
        "article_edit.html",
        status,
        article=article,
        given=given,
        seen=article is not None and is_seen(article, caller().now),
        owner=found.owner if found else None,
        locked={one.field: one for one in found.locks} if found else {},
        unlocked=_unlocked(found, patch),
        base_text=json.dumps(shown.pop("base", {})),
        reviewed=digest(given) if review is not None else "",
        choices={one.slug: one.title for one in sections if one.selection is None and one.slug != ALL},
        titles=titles(),
        field_labels=LABELS,
        format_labels=FORMATS,
        turns={name: time_turns(given[name], _zone()) for name in TURNS_OF},
        **NOTHING_SHOWN | shown,
    )


def _unlocked(found: field_locks.LocksResponse | None, patch: Mapping[str, Any]) -> Sequence[str]:
    """Returns the fields that a patch changes and that can be locked, as far as they are not."""
    if found is None or found.owner is None:
        return []
    locked = {one.field for one in found.locks}
    return [field for field in changed_fields(patch) if field in LOCKABLE and field not in locked]
