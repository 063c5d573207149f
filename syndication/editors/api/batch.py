"""Many articles in one request, each with an outcome of its own."""

from collections.abc import Sequence
from typing import Any, Literal

from flask import Response
from pydantic import Field

from syndication.editors.access import Caller
from syndication.editors.api.articles import Outcome, operation, outcome_for, parse
from syndication.editors.api.operations import answer, caller, context
from syndication.editors.api.schemas import Answer, Query
from syndication.editors.api.visibility import Visibility, visibility
from syndication.editors.problems import FieldProblem, Problem, named
from syndication.errors import ArticleError
from syndication.feeds import Article
from syndication.store import articles as store

BATCH = 1000
"""Articles in one request at most."""


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


@operation("POST", "/articles:batch", "write", {200: BatchOutcomes})
def put_articles(body: Batch) -> Response:
    """Create or replace up to 1,000 articles; one that is wrong is refused, and the others are stored."""
    who = caller()
    good: dict[str, tuple[int, Article]] = {}
    outcomes: dict[int, BatchOutcome] = {}
    for index, value in enumerate(body.articles):
        try:
            article = parse(value)
            store.validate(article)
        except (Problem, ArticleError) as error:
            errors = error.errors if isinstance(error, Problem) else [named(error)]
            outcomes[index] = _refused(index, value.get("id"), errors)
            continue
        if article.id in good:
            before = good[article.id][0]
            outcomes[before] = _refused(before, article.id, [("id", f"stands again at {index}: the last one counts")])
        good[article.id] = (index, article)
    found = _visibilities(who, list(good))
    wanted, blind = (a for _, a in good.values()), not who.may("preview")
    for done in store.put_articles(context().database, wanted, batch=BATCH, by=who.actor, blind=blind):
        index = good[done.article_id][0]
        told = outcome_for(done, found[done.article_id])
        outcomes[index] = BatchOutcome(index=index, id=done.article_id, outcome=told, errors=[])
    return answer(BatchOutcomes(outcomes=[outcomes[index] for index in sorted(outcomes)]))


def _visibilities(who: Caller, ids: Sequence[str]) -> dict[str, Visibility]:
    with context().database.read() as conn:
        return {id: visibility(conn, id, who) for id in ids}


def _refused(index: int, id: Any, errors: Sequence[tuple[str, str]]) -> BatchOutcome:
    return BatchOutcome(
        index=index,
        id=id if isinstance(id, str) else None,
        outcome="refused",
        errors=[FieldProblem(field=field, detail=words) for field, words in errors],
    )
