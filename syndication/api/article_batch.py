"""Many articles in one request, each with its own outcome."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Literal

from flask import request

from syndication.api.articles import operation, parse_article_json
from syndication.api.operations import caller, context
from syndication.api.schemas import ResponseModel
from syndication.api.visibility import visibilities
from syndication.api.write_outcomes import DateOutcome, Outcome, owning_sources, write_outcome
from syndication.errors import ArticleError
from syndication.model.field_limits import MAX_BATCH_ARTICLES, MAX_BATCH_VALUES
from syndication.model.json_structure import Item, NotAList, StructureLimitExceeded, check_structure, split_list
from syndication.model.json_types import MAX_ID, kind
from syndication.model.size_groups import group_by_size
from syndication.model.values import Article
from syndication.store.articles import articles as store
from syndication.web.problems import FieldProblem, Problem, problem_fields

MAX_BATCH = MAX_BATCH_ARTICLES

TOGETHER_BYTES = 1024 * 1024
"""JSON bytes of the articles stored in one transaction, unless a single article is longer."""

MAX_LISTED = 200
"""Errors, and warnings, listed for all articles together; beyond this, only the first of each article is listed."""


class BatchOutcome(ResponseModel):
    """The outcome of one article: its index in the batch (from 0), its id, and its errors.

    ``date`` and ``kept`` are as for a single article, ``message`` explains an unexpected outcome, and ``warnings`` say
    why the article will not appear as asked.
    """

    index: int
    id: str | None
    outcome: Outcome | Literal["refused"]
    date: DateOutcome | None
    message: str | None
    warnings: list[FieldProblem]
    kept: list[str]
    errors: list[FieldProblem]


class BatchOutcomes(ResponseModel):
    """One outcome per article, in the order of the batch."""

    outcomes: list[BatchOutcome]


@operation("POST", "/articles:batch", "write", {200: BatchOutcomes})
def put_articles() -> BatchOutcomes:
    """Create or replace up to 1,000 articles.

    Invalid articles are refused without affecting the others, which are stored in several transactions. The request is
    idempotent: sending a batch again changes nothing.
    """
    who, body = caller(), request.get_data()
    items = _items(body)
    outcomes, wanted, ids = _check(body, items)
    with context().database.read() as conn:
        seen, sources = visibilities(conn, ids, who), owning_sources(conn, ids)
    warned = 0
    for some in group_by_size(wanted, wanted.__getitem__, TOGETHER_BYTES):  # Each group is one transaction.
        found = [_read(body, items[index]) for index in some]
        by_id = {article.id: (index, article) for article, index in zip(found, some, strict=True)}
        for done in store.put_articles(context().database, found, batch=MAX_BATCH, by=who.actor):
            (index, article), known = by_id[done.article_id], seen[done.article_id]
            told = write_outcome(done, known, article, sources.get(article.id))
            if warned + len(told.warnings) > MAX_LISTED:
                told = told._replace(warnings=told.warnings[:1])
            warned += len(told.warnings)
            outcomes[index] = BatchOutcome(index=index, id=done.article_id, **told._asdict(), errors=[])
    return BatchOutcomes(outcomes=[outcomes[index] for index in sorted(outcomes)])


def _items(body: bytes) -> list[Item]:
    try:
        items = split_list(body, "articles", MAX_BATCH)
    except NotAList as error:
        raise _refusal("", str(error)) from error
    if not 1 <= len(items) <= MAX_BATCH:
        raise _refusal("articles", f"must have 1 to {MAX_BATCH:,} articles: send more in another batch")
    return items


def _refusal(field: str, words: str) -> Problem:
    detail = f"{field or 'The body'} {words}."
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, errors=[(field or "the body", words)])


def _check(body: bytes, items: Sequence[Item]) -> tuple[dict[int, BatchOutcome], dict[int, int], list[str]]:
    """Returns the outcomes of refused articles, the sizes of accepted ones (both by index), and the accepted ids."""
    outcomes: dict[int, BatchOutcome] = {}
    places: dict[str, int] = {}
    listed = values = 0
    for index, item in enumerate(items):
        try:
            article = _read(body, item)
        except (Problem, ArticleError) as error:
            errors = list(error.errors) if isinstance(error, Problem) else [problem_fields(error)]
            errors = errors if listed + len(errors) <= MAX_LISTED else errors[:1]
            listed += len(errors)
            outcomes[index] = _refused(index, _id(body, item), errors)
            continue
        values += _values(article)
        if values > MAX_BATCH_VALUES:
            raise _too_many_values(index)
        before = places.pop(article.id, None)
        if before is not None:
            outcomes[before] = _refused(
                before, article.id, [("id", f"is repeated at index {index}: only the last one is stored")]
            )
        places[article.id] = index
    return outcomes, {index: items[index].end - items[index].start for index in places.values()}, list(places)


def _values(article: Article) -> int:
    """Returns the number of rows that the article's lists become."""
    return sum(map(len, (article.tags, article.authors, article.sections, article.enclosures)))


def _too_many_values(index: int) -> Problem:
    words = (
        f"must have at most {MAX_BATCH_VALUES:,} tags, authors, sections and enclosures in total, and exceed that at"
        f" index {index}. Nothing was stored: send the articles in several batches"
    )
    return _refusal("articles", words)


def _read(body: bytes, item: Item) -> Article:
    """Returns one article of the batch; raises Problem or ArticleError if it is invalid."""
    value = _value(body, item)
    if not isinstance(value, dict):
        raise ArticleError(f"must be an object, not {kind(value)}")
    article = parse_article_json(value)
    store.validate(article)
    return article


def _value(body: bytes, item: Item) -> Any:
    text = body[item.start : item.end]
    try:
        check_structure(text)
        return json.loads(text)
    except StructureLimitExceeded as error:
        raise ArticleError(str(error)) from error
    except ValueError as error:
        raise ArticleError(f"is not valid JSON: {error}") from error


def _id(body: bytes, item: Item) -> str | None:
    """Returns the id of a refused article, if it can be read."""
    try:
        value = _value(body, item)
    except ArticleError:
        return None
    id = value.get("id") if isinstance(value, dict) else None
    return id if isinstance(id, str) and len(id) <= MAX_ID else None


def _refused(index: int, id: str | None, errors: Sequence[tuple[str, str]]) -> BatchOutcome:
    return BatchOutcome(
        index=index,
        id=id,
        outcome="refused",
        date=None,
        message=None,
        warnings=[],
        kept=[],
        errors=[FieldProblem(field=field, detail=words) for field, words in errors],
    )
