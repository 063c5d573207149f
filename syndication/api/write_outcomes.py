"""What the caller is told of a write, by PUT, PATCH, batches and webhooks alike, as far as they may know it."""

from typing import Literal, NamedTuple

from syndication.api.operations import context
from syndication.api.visibility import Visibility
from syndication.diagnostics.obstacles import obstacles
from syndication.model.values import Article
from syndication.store.articles.articles import PutOutcome
from syndication.web.problems import FieldProblem

STAYS_WITHDRAWN = (
    "The article is withdrawn and stays out of the feeds; the new text was stored. Restore it to publish it again."
)

WAS_DELETED = "The article was deleted before. It is stored again."

Outcome = Literal["created", "updated", "unchanged", "kept_out"]

DateOutcome = Literal["correction", "date", "same-date"]
"""What an update did to the date of a published article: see ``articles.StoredResponse``."""


class WriteOutcome(NamedTuple):
    """The fields of an answer to a write that every such answer has."""

    outcome: Outcome
    date: DateOutcome | None
    message: str | None
    warnings: list[FieldProblem]


def write_outcome(done: PutOutcome, found: Visibility, sent: Article) -> WriteOutcome:
    """Returns what became of an article as it was ``sent``; ``found`` is what the caller could see before."""
    return WriteOutcome(_outcome(done, found), _date(done, found), _message(done, found), _warnings(sent, found))


def _outcome(done: PutOutcome, found: Visibility) -> Outcome:
    """Returns the outcome as the caller may know it: "created" if the article was not visible to them before.

    "Unchanged" is replaced by "updated" if it would reveal a text that they may not read.
    """
    if found.may_preview:
        return done.outcome
    if not found.exists:
        return "created"
    known = found.exposure.public or found.exposure.digest == done.digest_before
    return "updated" if done.outcome == "unchanged" and not known else done.outcome


def _date(done: PutOutcome, found: Visibility) -> DateOutcome | None:
    """Returns what became of the article's date; None if it would reveal something of a text that was never shown."""
    return done.date if found.may_preview or found.exposure.public else None


def _message(done: PutOutcome, found: Visibility) -> str | None:
    """Returns what the caller should know about an unexpected outcome, as far as the article existed for them."""
    if not found.exists:
        return None
    if done.outcome == "kept_out":
        return STAYS_WITHDRAWN
    return WAS_DELETED if done.deleted_at else None


def _warnings(sent: Article, found: Visibility) -> list[FieldProblem]:
    """Returns why an article will not appear as it was sent; nothing of it depends on what else is stored."""
    settings = context().settings
    reasons = obstacles(sent, settings.site, settings.sections, settings.retired, found.now)
    return [FieldProblem(field=one.field, detail=one.words) for one in reasons]
