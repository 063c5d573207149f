"""Articles: search, read, create, replace and change."""

import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from http import HTTPStatus
from typing import Any, Literal

from flask import current_app, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from syndication.api.operations import Operations, Reply, caller, context, instant, next_page
from syndication.api.schemas import (
    ArticleBody,
    ArticlePath,
    Cursor,
    Limit,
    RequestModel,
    ResponseModel,
    Slug,
    StoredArticle,
    Time,
)
from syndication.api.visibility import Visibility, check_exists, visibility, visible_outline, visible_part
from syndication.api.write_outcomes import DateOutcome, Outcome, owning_sources, write_outcome
from syndication.model.article_json import FIELDS, AuthorJson, EnclosureJson, ImageJson, dump_article, merge_patch
from syndication.model.json_types import Moment, Text
from syndication.model.json_types import problems as wrong_fields
from syndication.model.selection import Term
from syndication.model.values import ALL, Article
from syndication.model.wanted_terms import WantedTerms
from syndication.store import Connection
from syndication.store.articles import articles as store
from syndication.store.articles import field_locks
from syndication.store.articles.found_articles import ArticleFilter, FeedFilter
from syndication.store.articles.readable_articles import ReadableArticle, read_article
from syndication.store.articles.search import search_and_count
from syndication.web.problems import FieldProblem, Problem, invalid, not_found

operation = Operations("articles", "Articles", "Articles of the newsroom. A CMS pushes them here.")


CHANGED_SINCE = "The article has changed since you read it: read it again, then retry."


class StoredResponse(ResponseModel):
    """The outcome of a write; ``message`` explains an unexpected one.

    ``date`` says what the update of a published article did to the date of its last update: correction (a correction
    moved it), date (the writer did), or same-date. It is null for any other write. ``warnings`` say why the article,
    which is stored, will not appear as asked, or not for long, because it belongs to a source. What only rendering
    finds is in its trace a moment later. ``kept`` are fields that an editor has locked: they were sent with another
    value and keep the stored one.
    """

    id: str
    outcome: Outcome
    date: DateOutcome | None
    message: str | None
    warnings: list[FieldProblem]
    kept: list[str]
    article: StoredArticle


class FoundArticle(ResponseModel):
    """An article in a list, without its body."""

    id: str
    title: str
    url: str
    status: str
    published_at: Time | None
    updated_at: Time | None
    access: str


class FoundArticles(ResponseModel):
    """One page; the Link header has the next one (RFC 8288).

    ``count`` is the number of articles in all pages together, at most 1,000; ``more`` says that there are others.
    ``complete`` is false while the search index is being built: some articles may be missing.
    """

    articles: list[FoundArticle]
    count: int
    more: bool
    complete: bool


class ArticleAnswer(StoredArticle):
    """An article as stored. It can be sent back in a PUT, unless it has ``errors``.

    ``errors`` lists values over the limits, written by another program: texts and lists are cut, ``html`` is omitted.
    Without the scope preview, it also names what of a members' article is not public and left out here.
    """

    errors: list[FieldProblem] = Field(default_factory=list, exclude_if=lambda errors: not errors)


class SearchQuery(RequestModel):
    """Search words, filters and page."""

    q: Text = Field(
        "",
        max_length=200,
        description="Words in the title, body, byline, tags, id or URL, in any order. A word that ends with * finds"
        " those that begin so (three characters or more).",
    )
    status: Literal["draft", "published", "withdrawn"] | None = None
    section: Slug | None = Field(None, description="Slug of a section.")
    feeds: FeedFilter | None = Field(
        None, description="none: public and in no feed. left-out: left out of a feed for a fault of its own."
    )
    since: Moment = Field(None, description="Published at this time or later.")
    until: Moment = Field(None, description="Published before this time.")
    limit: Limit = 50
    after: Cursor | None = Field(None, description="Cursor from the Link header of the previous page.")


class ArticlePatch(BaseModel):
    """A JSON merge patch (RFC 7396): null removes a value; omitted fields stay unchanged."""

    model_config = ConfigDict(extra="allow")


@operation("GET", "/articles", "read", {200: FoundArticles})
def list_articles(query: SearchQuery) -> Reply[FoundArticles]:
    """Search articles by words, status, section, publication time and feeds; newest first."""
    who = caller()
    wanted = ArticleFilter(
        query.q.strip(),
        query.status,
        _selected_by(query.section),
        query.since,
        query.until,
        query.feeds,
        hidden=who.may("preview"),
    )
    with context().database.read() as conn:
        found, after, hits = search_and_count(conn, wanted, who.now, query.limit, query.after)
    rows = [
        FoundArticle(
            id=item.id,
            title=item.title,
            url=item.url,
            status=item.status,
            published_at=instant(item.published_at),
            updated_at=instant(item.updated_at),
            access=item.access,
        )
        for item in found
    ]
    answer = FoundArticles(articles=rows, count=hits.count, more=hits.more, complete=hits.complete)
    return Reply(answer, next_page=next_page(query, after=after))


@operation("GET", "/articles/<article:id>", "read", {200: ArticleAnswer})
def get_one_article(path: ArticlePath) -> Reply[ArticleAnswer]:
    """Get an article as stored, with an ETag for If-Match.

    If another program stored values over the limits, ``errors`` lists what was cut or omitted, and there is no ETag.
    The same holds for the members' part of an article, which only callers with the scope preview may read.
    """
    with context().database.snapshot() as conn:
        visible_outline(conn, path.id)
        found = read_article(conn, path.id, context().settings.editors.body_limits.article)
    if found is None:
        raise not_found(f"article {path.id!r}")
    article, omitted = visible_part(found.article, caller().may("preview"))
    answer = _readable_answer(ReadableArticle(article, (*found.errors, *omitted)))
    return Reply(answer, headers={} if answer.errors else {"ETag": tag(article)})


@operation("PUT", "/articles/<article:id>", "write", {200: StoredResponse, 201: StoredResponse}, problems=(412,))
def put_article(path: ArticlePath, body: ArticleBody, *, only_new: bool = False) -> Reply[StoredResponse]:
    """Create or replace an article.

    The request is idempotent. With If-Match, the article is replaced only if it has not changed since; with
    If-None-Match: * it is only created.
    """
    if body.id not in (None, path.id):
        words = f"must be {path.id!r}, as in the URL, or omitted, not {body.id!r}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"id {words}", errors=[("id", words)])
    if not only_new:
        _check_address(path.id)
    wanted = body.model_copy(update={"id": path.id}).article(context().slugs)

    def look(conn: Connection, id: str) -> Visibility:
        return visibility(conn, id, caller())

    def decide(stored: Article | None, _found: Visibility) -> Article:
        check_preconditions(stored)
        if only_new and stored is not None:  # Of a form, which has no headers.
            words = "is taken: another article has it"
            raise Problem(HTTPStatus.CONFLICT, "exists", f"id {words}", errors=[("id", words)])
        return wanted

    return write_article(path.id, decide, "put", look)


@operation("PATCH", "/articles/<article:id>", "write", {200: StoredResponse}, problems=(412,))
def patch_article(
    path: ArticlePath, body: ArticlePatch, etag: str | None = None, locks: Collection[str] = ()
) -> Reply[StoredResponse]:
    """Change some fields of an article with a JSON merge patch (RFC 7396)."""
    patch = body.model_dump()
    if patch.get("id", path.id) != path.id:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "id cannot be changed: omit it")

    def decide(stored: Article | None, found: Visibility) -> Article:
        if stored is None or not found.shows(stored):
            raise not_found(f"article {path.id!r}")
        check_preconditions(stored)
        if etag is not None and etag != tag(stored):  # Of a form, which has no headers.
            raise Problem(HTTPStatus.PRECONDITION_FAILED, "stale", CHANGED_SINCE)
        return parse_article_json(merge_patch(dump_article(stored), patch))

    return write_article(path.id, decide, "patch", check_exists, locks)


def tag(article: Article) -> str:
    """Returns the strong entity tag of an article's content."""
    text = json.dumps(dump_article(article), sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'


def check_preconditions(stored: Article | None) -> None:
    """Raises a 412 Problem (RFC 9110 section 13.1) if a precondition of the request fails.

    The result reveals whether an article exists, so preconditions need the scope preview.
    """
    if not request.if_match and not request.if_none_match and "If-Match" not in request.headers:
        return
    if not caller().may("preview"):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "scope",
            "If-Match and If-None-Match need the scope preview, because they reveal whether an article exists.",
        )
    current = tag(stored).strip('"') if stored else None
    if "If-Match" in request.headers and (current is None or not request.if_match.contains(current)):
        detail = CHANGED_SINCE if stored else "The article no longer exists."
        raise Problem(HTTPStatus.PRECONDITION_FAILED, "stale", detail)
    if current is not None and request.if_none_match.contains(current):
        raise Problem(HTTPStatus.PRECONDITION_FAILED, "exists", "An article with this id already exists.")


def _check_address(id: str) -> None:
    """Refuses an id whose URL belongs to another operation, so that every stored article can be read back."""
    endpoint, _ = current_app.create_url_adapter(request).match(method="GET")  # type: ignore[union-attr]  # in a request
    if endpoint != f"{operation.name}.{get_one_article.__name__}":
        ending = id.rpartition("/")[2]
        words = f"must not end with /{ending}, which in a URL means the {ending} of another article"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"id {words}", errors=[("id", words)])


def write_article(
    id: str,
    decide: Callable[[Article | None, Visibility], Article],
    act: str,
    look: Callable[[Connection, str], Visibility],
    locks: Collection[str] = (),
) -> Reply[StoredResponse]:
    """Writes the article that ``decide`` returns, and returns the outcome; ``look`` runs first and may raise a Problem.

    ``locks`` are fields that are locked in the same transaction, beside those that are.
    """
    found: list[Visibility] = []
    sources: dict[str, str] = {}
    wanted: list[Article] = []

    def once(conn: Connection) -> None:
        found[:] = [look(conn, id)]
        sources.update(owning_sources(conn, [id]))
        if locks:
            field_locks.add_locks(conn, id, locks, caller().actor, context().database.now(conn))

    def remember(stored: Article | None) -> Article:
        wanted[:] = [decide(stored, found[0])]
        return wanted[0]

    done, article = store.change_article(context().database, id, remember, by=caller().actor, act=act, first=once)
    told = write_outcome(done, found[0], wanted[0], sources.get(id))
    if not found[0].exists:  # An article kept out is returned as it was sent, like a new one.
        article = replace(article, status=wanted[0].status)
    shown, omitted = visible_part(article, found[0].may_preview or act == "put")  # A PUT sent all of it.
    told.warnings.extend(FieldProblem(field=field, detail=words) for field, words in omitted)
    status = HTTPStatus.CREATED if told.outcome == "created" else HTTPStatus.OK
    answer = StoredResponse(id=id, **told._asdict(), article=_shown(shown))
    return Reply(answer, status, {"ETag": tag(article)})


def _selected_by(slug: str | None) -> WantedTerms | None:
    """Returns what a feed selects, or None for all articles; a section without a feed has what is filed under it."""
    if slug is None or slug == ALL:
        return None
    settings = context().settings
    section = settings.sections.get(slug)
    return settings.selections.wanted(section) if section is not None else WantedTerms(any=(Term("section", slug),))


def _shown(article: Article) -> StoredArticle:
    """Returns the article just written."""
    return StoredArticle.model_validate(dump_article(article))


def _readable_answer(found: ReadableArticle) -> ArticleAnswer:
    """Returns the article as the API shows it, with errors for values that no request could have stored."""
    errors = list(found.errors)
    try:
        StoredArticle.model_validate(dump_article(found.article))
    except ValidationError as error:
        errors += [one for one in wrong_fields(error, FIELDS) if one not in errors]
    return ArticleAnswer.model_construct(
        **_values(found.article), errors=[FieldProblem(field=field, detail=words) for field, words in errors]
    )


def _values(article: Article) -> dict[str, Any]:
    """Returns the values for the schema, without validation."""
    image = article.image
    return {
        **{name: getattr(article, name) for name in FIELDS},
        "sections": list(article.sections),
        "tags": list(article.tags),
        "authors": [AuthorJson.model_construct(**asdict(author)) for author in article.authors],
        "image": ImageJson.model_construct(**asdict(image)) if image else None,
        "enclosures": [EnclosureJson.model_construct(**asdict(file)) for file in article.enclosures],
    }


def parse_article_json(value: dict[str, Any]) -> Article:
    """Returns the article from JSON values; raises a 422 Problem if they are invalid."""
    try:
        return StoredArticle.model_validate(value).article(context().slugs)
    except ValidationError as error:
        raise invalid(error) from error
