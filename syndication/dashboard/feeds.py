"""Feeds: search, and for editors a form with a preview, rename, retire and reinstate."""

from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import feed_previews
from syndication.api import feeds as api
from syndication.api.operations import caller, context
from syndication.dashboard.feed_form import empty_form, form_values, read_form, sent_values
from syndication.dashboard.pages import Pages, back, call, is_live, page, parse_request
from syndication.dashboard.verdict import promise
from syndication.model.feed_json import FeedJson
from syndication.model.values import ALL
from syndication.web.problems import Problem

pages = Pages("feeds")

OWNERS = {"configuration": "Configuration", "editors": "Editors"}

UNNAMED = "feed-without-an-address-yet"

LABELS = {"slug": "the address", "any": "a choice", "all": "a choice", "none": "a choice"}
"""What fields are called in sentences, where that is not their name."""


@pages.get("/feeds", "read")
def list_feeds() -> Response:
    """Lists feeds by address, those of the configuration and those of editors."""
    given = {name: request.args.get(name) or None for name in ("q", "after")}
    found = call(api.list_feeds, query=parse_request(api.FeedsQuery, **given))
    asked = {"q": given["q"]} if given["q"] else {}
    following = found.next_page
    return page(
        "feeds.html",
        found=found.value.feeds,
        asked=asked,
        following={**asked, "after": following["after"]} if following else None,
        paged=bool(given["after"]),
        owners=OWNERS,
    )


@pages.get("/feed", "read")
def show_feed() -> Response:
    """Shows a feed; to those who may change it, in a form."""
    found = _found()
    return _page(found, form_values(found.definition, found.slug))


@pages.post("/feed", "feeds")
def change_feed() -> BaseResponse:
    """Stores a changed feed, unless somebody else has changed it since the form was opened."""
    found, etag = _found(), request.form.get("etag", "")
    try:
        body = parse_request(FeedJson, **read_form(request.form, found.slug))
        call(api.change_feed, path=_path(), body=body, etag=etag)
    except Problem as problem:
        return _refused(found, problem)
    flash(promise("Saved.", "Readers get it within about a second.", [found.slug]))
    return back("/feed", slug=found.slug)


@pages.get("/feed/new", "feeds")
def new_feed() -> Response:
    """Shows the form of a new feed."""
    return _page(None, empty_form())


@pages.post("/feed/new", "feeds")
def create_feed() -> BaseResponse:
    """Creates a feed."""
    try:
        created = call(api.create_feed, body=_new()).value
    except Problem as problem:
        return _refused(None, problem)
    flash(promise(f"{created.title} created.", "Readers can subscribe within about a second."))
    return back("/feed", slug=created.slug)


@pages.post("/feed/preview", "feeds")
def preview_feed() -> Response:
    """Shows what the feed of the form would have: as a part for the script, as a page without it."""
    found = _found() if request.args.get("slug") else None
    shown: dict[str, Any] = {}
    try:
        shown["preview"] = call(feed_previews.preview_definition, body=_previewed(found.slug if found else None))
    except Problem as problem:
        # A field that is not written yet is no error: what is wrong is shown in the preview's place.
        shown["problem"] = _sentence(problem)
        if not is_live():
            return _refused(found, problem, previewed=True)
    if is_live():
        return page("parts/feed_preview.html", **shown)
    return _page(found, sent_values(request.form), **shown)


@pages.get("/feed/rename", "feeds")
def confirm_rename() -> Response:
    """Asks for the new address."""
    found = _own()
    return page("feed_rename.html", feed=found, etag=found.number, given=found.slug, errors={})


@pages.post("/feed/rename", "feeds")
def rename_feed() -> BaseResponse:
    """Moves a feed to another address."""
    given = request.form.get("slug", "").strip()
    try:
        body = parse_request(api.RenameRequest, slug=given)
        renamed = call(api.rename_feed, path=_path(), body=body, etag=request.form.get("etag", "")).value
    except Problem as problem:
        found, errors = _own(), _errors(problem)
        status = problem.status
        words = errors.get("slug") or problem.detail
        shown = {"feed": found, "etag": found.number, "given": given, "errors": {"slug": words}}
        return page("feed_rename.html", status, **shown)
    live = f"{renamed.path} is live within about a second, and the old address redirects to it."
    flash(promise("Renamed.", live))
    return back("/feed", slug=renamed.slug)


@pages.get("/feed/retire", "feeds")
def confirm_retire() -> Response:
    """Asks before a feed ends."""
    found = _own()
    return page("feed_retire.html", feed=found, etag=found.number)


@pages.post("/feed/retire", "feeds")
def retire_feed() -> BaseResponse:
    """Ends a feed."""
    ended = call(api.retire_feed, path=_path(), etag=request.form.get("etag", "")).value
    flash(f"{ended.title} is retired. Its address answers 410 (gone) within about a second.")
    return back("/feed", slug=ended.slug)


@pages.post("/feed/reinstate", "feeds")
def reinstate_feed() -> BaseResponse:
    """Publishes a retired feed again."""
    found = call(api.reinstate_feed, path=_path(), etag=request.form.get("etag", "")).value
    again = "It is published again within about a second, at the same address."
    flash(promise(f"{found.title} is reinstated.", again))
    return back("/feed", slug=found.slug)


def _path() -> api.FeedPath:
    return parse_request(api.FeedPath, slug=request.args.get("slug", ""))


def _found() -> api.FeedResponse:
    """Returns the feed that is asked for: each route has checked its own scope, and none needs another."""
    return api.get_feed(path=_path()).value


def _own() -> api.FeedResponse:
    """Returns a feed of editors; raises a Problem for one of the configuration."""
    api.refuse_configured(_path().slug)
    return _found()


def _new() -> api.FeedRequest:
    """Returns the new feed of the form."""
    address = request.form.get("slug", "").strip()
    return parse_request(api.FeedRequest, slug=address, definition=read_form(request.form, address))


def _previewed(slug: str | None) -> api.FeedRequest:
    """Returns the same for a preview, which needs neither a title nor an address yet."""
    address = (request.form.get("slug", "").strip() if slug is None else slug) or UNNAMED
    definition = read_form(request.form, address)
    definition["title"] = definition["title"] or "Untitled"
    return parse_request(api.FeedRequest, slug=address, definition=definition)


def _refused(found: api.FeedResponse | None, problem: Problem, **shown: Any) -> Response:
    """Returns the form as it was sent, with what is wrong beside each field."""
    if problem.status not in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED):
        raise problem
    stale = problem.detail if problem.status == HTTPStatus.PRECONDITION_FAILED else ""
    return _page(found, sent_values(request.form), problem.status, errors=_errors(problem), stale=stale, **shown)


def _errors(problem: Problem) -> dict[str, str]:
    """Returns a sentence for each field of the form; "" has what concerns none."""
    found: dict[str, str] = {}
    for field, words in problem.errors:
        name = field.removeprefix("definition.").partition(".")[0]
        name = name if name in ("slug", *FeedJson.model_fields) else ""
        # The check of a definition names the field, that of JSON only says what it must be.
        whole = f"{LABELS.get(name, name.replace('_', ' '))} {words}" if words.startswith("must ") else words
        sentence = f"{whole[:1].upper()}{whole[1:]}."
        found[name] = f"{found[name]} {sentence}" if name in found else sentence
    return found or {"": problem.detail}


def _sentence(problem: Problem) -> str:
    return " ".join(_errors(problem).values())


def _page(
    found: api.FeedResponse | None, given: dict[str, Any], status: HTTPStatus = HTTPStatus.OK, **shown: Any
) -> Response:
    settings = context().settings
    sections = settings.sections.values()
    editable = caller().may("feeds") and (found is None or (found.owner == "editors" and not found.retired_at))
    return page(
        "feed.html",
        status,
        feed=found,
        given=given,
        editable=editable,
        etag=found.number if found else None,
        choices={
            one.slug: one.title
            for one in sections
            if one.selection is None and one.slug not in (ALL, found.slug if found else ALL)
        },
        caches=sorted(settings.main.cache),
        owners=OWNERS,
        titles={one.slug: one.title for one in sections},
        **{"errors": {}, "stale": "", "preview": None, "problem": "", "previewed": False} | shown,
    )
