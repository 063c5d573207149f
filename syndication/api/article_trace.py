"""Why an article is, or is not, in each feed."""

from syndication.api.operations import Operations, context, instant
from syndication.api.schemas import ArticlePath, ResponseModel, Time
from syndication.api.visibility import check_exists, visible_facts
from syndication.diagnostics.source_words import origin_words
from syndication.diagnostics.trace import Late, Rule, Transition, trace
from syndication.diagnostics.words import WriteTime, utc, write
from syndication.store.articles.trace_facts import read_trace_facts

operation = Operations("trace", "Trace", "Why an article is, or is not, in a feed.")


class VerdictResponse(ResponseModel):
    """Whether the article is in the feed now, and the rule that decides this; ``words`` explains it.

    ``changes_at`` is when this changes automatically, and ``changes_to`` what happens then. ``late``: the feed is out
    of date for this article, and why.
    """

    section: str
    in_feed: bool
    rule: Rule
    words: str
    place: int | None
    since_version: int | None
    changed_in_version: int | None
    changes_at: Time | None
    changes_to: Transition | None
    late: Late | None


class WithdrawalDetails(ResponseModel):
    """Since when an article is withdrawn, by whom if known, and why, which takes the scope preview.

    ``withdrawal`` is the act: see /withdrawals/{id}.
    """

    at: Time
    by: str | None
    reason: str | None
    withdrawal: str | None


class TraceResponse(ResponseModel):
    """A verdict for every section. ``noticed`` is true while a change of the article is waiting to be processed.

    ``withdrawn`` is true until the article is restored, even if it was deleted; ``withdrawn_by_sender``: by its source
    or agency, whose newer version brings it back. ``withdrawal`` has the details. ``source`` is the source that the
    article comes from, and ``source_words`` what is known of it there.
    """

    article_id: str
    workers: int
    noticed: bool
    withdrawn: bool
    withdrawn_by_sender: bool
    withdrawal: WithdrawalDetails | None
    source: str | None
    source_words: str | None
    sections: list[VerdictResponse]


@operation("GET", "/articles/<article:id>/trace", "read", {200: TraceResponse})
def trace_article(path: ArticlePath, write_time: WriteTime = utc) -> TraceResponse:
    """Explain why an article is, or is not, in each feed.

    Returns a verdict for every section, and when it changes automatically.
    """
    settings, database = context().settings, context().database
    with database.snapshot() as conn:
        found = check_exists(conn, path.id)
        facts = visible_facts(conn, read_trace_facts(conn, path.id, settings.selections, database.now(conn)), found)
    verdicts = [
        VerdictResponse(
            section=verdict.section,
            in_feed=verdict.in_feed,
            rule=verdict.rule,
            words=write(verdict.words, write_time),
            place=verdict.place,
            since_version=verdict.since_version,
            changed_in_version=verdict.changed_in_version,
            changes_at=instant(verdict.changes_at),
            changes_to=verdict.changes_to,
            late=verdict.late,
        )
        for verdict in trace(facts, settings.sections, settings.retired)
    ]
    out = facts.withdrawal
    return TraceResponse(
        article_id=path.id,
        workers=facts.workers,
        noticed=facts.noticed,
        withdrawn=out is not None,
        withdrawn_by_sender=out is not None and out.is_automatic,
        withdrawal=(
            WithdrawalDetails(at=instant(out.at), by=out.by, reason=out.reason, withdrawal=out.batch) if out else None
        ),
        source=facts.origin.source if facts.origin else None,
        source_words=write(origin_words(facts.origin), write_time) if facts.origin else None,
        sections=verdicts,
    )
