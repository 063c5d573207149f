"""Articles: how a CMS pushes them, and how people find, withdraw and restore them."""

import hashlib
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlencode

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from syndication.article_json import article_fields, merge_patch
from syndication.editors.access import Caller
from syndication.editors.api.operations import PREFIX, Operations, answer, caller, context, instant
from syndication.editors.api.schemas import Answer, ArticleBody, ArticlePath, Limit, Query, StoredArticle
from syndication.editors.problems import FieldProblem, Problem, invalid, named, not_found
from syndication.errors import ArticleError
from syndication.feeds import ALL, Article
from syndication.json_fields import Text
from syndication.store import articles as store
from syndication.store import search as finding
from syndication.store.articles import PutOutcome, get_article
from syndication.store.withdrawals import get_withdrawal, restore, withdraw

operation = Operations("articles", "Articles", "What the newsroom writes. A CMS pushes here.")

BATCH = 1000
"""Articles in one request at most."""

STAYS_OUT = "It was withdrawn and stays out; its text was stored. Restore it to bring it back."

WAS_DELETED = "Its row was deleted and it stays out: nothing was stored. Restore it, then put it again."

Outcome = Literal["created", "updated", "unchanged", "kept_out"]


class Stored(Answer):
    """What came of a write; ``message`` says so where it is not what one would expect.

    ``article`` is null for one whose row was deleted: it is kept out, and nothing was stored.
    """

    id: str
    outcome: Outcome
    message: str | None
    article: StoredArticle | None


class FoundArticle(Answer):
    """An article in a list."""

    id: str
    title: str
    url: str
    status: str
    published_at: str | None
    updated_at: str | None


class FoundArticles(Answer):
    """One page; the next one is in the header Link (RFC 8288)."""

    articles: list[FoundArticle]


class SearchQuery(Query):
    """What is looked for: ``q`` in title, id and address."""

    q: Text = Field("", max_length=200, description="Stands in the title, the id or the address.")
    status: Literal["draft", "published", "withdrawn"] | None = None
    section: Text | None = Field(None, description="Filed under this section, by its slug.")
    limit: Limit = 50
    after: Text | None = Field(None, description="Where the page begins, from the Link header of the one before.")


class ArticlePatch(BaseModel):
    """A JSON merge patch (RFC 7396) over the article: null takes a value away, what is not named stays."""

    model_config = ConfigDict(extra="allow")


class Batch(Query):
    """Up to 1,000 articles; each is checked and stored by itself."""

    articles: list[dict[str, Any]] = Field(min_length=1, max_length=BATCH)


class BatchOutcome(Answer):
    """What came of one article of the batch: its place there (from 0), its id, and what is wrong with it."""

    index: int
    id: str | None
    outcome: Outcome | Literal["refused"]
    errors: list[FieldProblem]


class BatchOutcomes(Answer):
    """One outcome an article, in the order of the batch."""

    outcomes: list[BatchOutcome]


class Done(Answer):
    """What came of a withdrawal or of a restoration."""

    id: str
    outcome: Literal["withdrawn", "restored", "unchanged"]
    message: str


@operation("GET", "/articles", "read", {200: FoundArticles})
def list_articles(query: SearchQuery) -> Response:
    """Find articles, the newest first: by title, id or address, status and section."""
    who = caller()
    wanted = finding.Wanted(query.q, query.status, _filed_under(query.section), hidden=who.may("preview"))
    with context().database.read() as conn:
        found, after = finding.search(conn, wanted, who.now, query.limit, query.after)
    rows = [
        FoundArticle(
            id=item.id,
            title=item.title,
            url=item.url,
            status=item.status,
            published_at=instant(item.published_at),
            updated_at=instant(item.updated_at),
        )
        for item in found
    ]
    response = answer(FoundArticles(articles=rows))
    if after is not None:
        given = {name: value for name, value in query.model_dump().items() if value not in (None, "")}
        response.headers["Link"] = f'<{PREFIX}/articles?{urlencode(given | {"after": after})}>; rel="next"'
    return response


@operation("GET", "/articles/<article:id>", "read", {200: StoredArticle})
def get_one_article(path: ArticlePath) -> Response:
    """One article as it is stored; its ETag serves If-Match."""
    with context().database.read() as conn:
        article = get_article(conn, path.id)
    if article is None or not caller().sees(article):
        raise not_found(f"article {path.id!r}")
    return answer(StoredArticle.model_validate(article_fields(article)), ETag=tag(article))


@operation("PUT", "/articles/<article:id>", "write", {200: Stored, 201: Stored}, problems=(412,))
def put_article(path: ArticlePath, body: ArticleBody) -> Response:
    """Create or replace an article. Putting the same twice changes nothing.

    With If-Match it is replaced only if it is still as it was read, with If-None-Match: * only created.
    """
    if body.id not in (None, path.id):
        words = f"is {body.id!r}: it should be {path.id!r}, as in the address, or left out"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"id {words}", errors=[("id", words)])
    if path.id.endswith("/trace"):
        words = "ends with /trace, by which an address asks for the trace of what is before: choose another"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"id {words}", errors=[("id", words)])
    wanted = body.model_copy(update={"id": path.id}).article(context().slugs)

    def decide(stored: Article | None) -> Article:
        check_preconditions(stored)
        return wanted

    return _stored(path.id, decide, "put")


@operation("PATCH", "/articles/<article:id>", "write", {200: Stored}, problems=(412,))
def patch_article(path: ArticlePath, body: ArticlePatch) -> Response:
    """Change some fields of an article, by a JSON merge patch (RFC 7396)."""
    who = caller()
    patch = body.model_dump()
    if patch.get("id", path.id) != path.id:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "id cannot be changed: leave it out")

    def decide(stored: Article | None) -> Article:
        if stored is None or not who.sees(stored):
            raise not_found(f"article {path.id!r}")
        check_preconditions(stored)
        return _parse(merge_patch(article_fields(stored), patch))

    return _stored(path.id, decide, "patch")


@operation("POST", "/articles:batch", "write", {200: BatchOutcomes})
def put_articles(body: Batch) -> Response:
    """Create or replace up to 1,000 articles; one that is wrong is refused, and the others are stored."""
    who = caller()
    good: dict[str, tuple[int, Article]] = {}
    outcomes: dict[int, BatchOutcome] = {}
    for index, value in enumerate(body.articles):
        try:
            article = _parse(value)
            store.validate(article)
        except (Problem, ArticleError) as error:
            errors = error.errors if isinstance(error, Problem) else [named(error)]
            outcomes[index] = _refused(index, value.get("id"), errors)
            continue
        if article.id in good:
            before = good[article.id][0]
            outcomes[before] = _refused(before, article.id, [("id", f"stands again at {index}: the last one counts")])
        good[article.id] = (index, article)
    unseen = _unseen(who, list(good))
    for done in store.put_articles(context().database, (a for _, a in good.values()), batch=BATCH, by=who.actor):
        index = good[done.article_id][0]
        told = _told(done, done.article_id in unseen)
        outcomes[index] = BatchOutcome(index=index, id=done.article_id, outcome=told, errors=[])
    return answer(BatchOutcomes(outcomes=[outcomes[index] for index in sorted(outcomes)]))


@operation("POST", "/articles/<article:id>/withdraw", "write", {200: Done})
def withdraw_article(path: ArticlePath) -> Response:
    """Take an article out of every feed, until it is restored. Copies in caches live for the sections' cache times."""
    out = _known(path.id)
    withdraw(context().database, [path.id], by=caller().actor)
    if out:
        return answer(Done(id=path.id, outcome="unchanged", message="It was out already."))
    return answer(Done(id=path.id, outcome="withdrawn", message="It leaves every feed within a second or so."))


@operation("POST", "/articles/<article:id>/restore", "write", {200: Done})
def restore_article(path: ArticlePath) -> Response:
    """Bring a withdrawn article back: nothing else does. One whose row was deleted may be written again afterwards."""
    out = _known(path.id)
    missing = restore(context().database, [path.id], by=caller().actor)
    if not out:
        return answer(Done(id=path.id, outcome="unchanged", message="It was not out."))
    back = "Its row is gone: put it again." if missing else "It is back in its feeds within a second or so."
    return answer(Done(id=path.id, outcome="restored", message=back))


def tag(article: Article) -> str:
    """The strong entity tag of an article's content."""
    text = json.dumps(article_fields(article), sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'


def check_preconditions(stored: Article | None) -> None:
    """Raise the 412 of RFC 9110 section 13.1 if the article is not as the writer believes.

    What comes of a condition tells whether there is an article: only who may preview may set one.
    """
    if not request.if_match and not request.if_none_match and "If-Match" not in request.headers:
        return
    if not caller().may("preview"):
        raise Problem(
            HTTPStatus.FORBIDDEN, "scope", "If-Match and If-None-Match need the scope preview: they tell what is there."
        )
    current = tag(stored).strip('"') if stored else None
    if "If-Match" in request.headers and (current is None or not request.if_match.contains(current)):
        detail = (
            "The article was changed since you read it: read it again, and decide anew." if stored else "It is gone."
        )
        raise Problem(HTTPStatus.PRECONDITION_FAILED, "stale", detail)
    if current is not None and request.if_none_match.contains(current):
        raise Problem(HTTPStatus.PRECONDITION_FAILED, "exists", "There is an article with this id already.")


def _stored(id: str, decide: store.Decide, act: str) -> Response:
    who = caller()
    before: list[Article | None] = []

    def remember(stored: Article | None) -> Article:
        before[:] = [stored]
        return decide(stored)

    done, article = store.change_article(context().database, id, remember, by=who.actor, act=act)
    was_unseen = before[0] is not None and not who.sees(before[0])
    outcome = _told(done, was_unseen)
    stored = StoredArticle.model_validate(article_fields(article)) if article else None
    status = HTTPStatus.CREATED if outcome == "created" else HTTPStatus.OK
    told = Stored(id=id, outcome=outcome, message=stays_out(outcome, article), article=stored)
    return answer(told, status, **({"ETag": tag(article)} if article else {}))


def stays_out(outcome: Outcome, article: Article | None) -> str | None:
    """Why what was written is in no feed, if it is kept out."""
    if outcome != "kept_out":
        return None
    return STAYS_OUT if article else WAS_DELETED


def _told(done: PutOutcome, was_unseen: bool) -> Outcome:
    """What the writer is told: an article that did not exist for them was created."""
    return "created" if was_unseen and done.outcome != "kept_out" else done.outcome


def _unseen(who: Caller, ids: Sequence[str]) -> set[str]:
    if who.may("preview"):
        return set()
    with context().database.read() as conn:
        return {id for id, article in store.load_articles(conn, ids).items() if not who.sees(article)}


def _filed_under(slug: str | None) -> tuple[str, ...] | None:
    """The slugs under which a section's articles are filed; None for every article, as in ``all``."""
    if slug is None or slug == ALL:
        return None
    section = context().settings.sections.get(slug)
    return section.filed_under if section is not None else (slug,)


def _known(id: str) -> bool:
    """Whether the article is out; raises the 404 of one that there is not, or not for the caller."""
    with context().database.read() as conn:
        article, withdrawal = get_article(conn, id), get_withdrawal(conn, id)
    # Of one whose row is gone nobody can tell whether it ever was public.
    seen = caller().sees(article) if article is not None else withdrawal is not None and caller().may("preview")
    if not seen:
        raise not_found(f"article {id!r}")
    return withdrawal is not None


def _parse(value: dict[str, Any]) -> Article:
    try:
        return StoredArticle.model_validate(value).article(context().slugs)
    except ValidationError as error:
        raise invalid(error) from error


def _refused(index: int, id: Any, errors: Sequence[tuple[str, str]]) -> BatchOutcome:
    return BatchOutcome(
        index=index,
        id=id if isinstance(id, str) else None,
        outcome="refused",
        errors=[FieldProblem(field=field, detail=words) for field, words in errors],
    )
