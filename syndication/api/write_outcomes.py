"""What the caller is told of a write, by PUT, PATCH, batches and webhooks alike, as far as they may know it."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from syndication.api.operations import context
from syndication.api.visibility import Visibility
from syndication.diagnostics.obstacles import obstacles
from syndication.model.values import Article
from syndication.store import Connection
from syndication.store.articles.articles import PutOutcome
from syndication.store.sources import source_rows
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
    kept: list[str]


def owning_sources(conn: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Returns the configured source of each of these articles that belongs to one."""
    names = {table.name for table in context().settings.sources}
    owners = source_rows.owners(conn, ids) if names else {}
    return {id: source for id, (source, _) in owners.items() if source in names}


def write_outcome(done: PutOutcome, found: Visibility, sent: Article, source: str | None) -> WriteOutcome:
    """Returns what became of an article as it was ``sent``; ``found`` is what the caller could see before.

    ``source`` is the source that it belongs to, if it does.
    """
    warnings = [*_source_warnings(found, source), *_warnings(sent, found)]
    kept = list(done.kept) if found.exists else []
    return WriteOutcome(_outcome(done, found), _date(done, found), _message(done, found), warnings, kept)


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


def _source_warnings(found: Visibility, source: str | None) -> list[FieldProblem]:
    """Returns that a source will overwrite the article, as far as it existed for the caller."""
    if source is None or not found.exists:
        return []
    words = f"belongs to the source {source}. The next change there replaces what you sent: change it there"
    return [FieldProblem(field="id", detail=words)]


def _warnings(sent: Article, found: Visibility) -> list[FieldProblem]:
    """Returns why an article will not appear as it was sent; nothing of it depends on what else is stored."""
    settings = context().settings
    reasons = obstacles(sent, settings.site, settings.sections, settings.retired, found.now)
    return [FieldProblem(field=one.field, detail=one.words) for one in reasons]
