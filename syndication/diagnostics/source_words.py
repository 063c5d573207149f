"""What is said of a source, by the command line, the API and the dashboard alike. Pure: a state in, a sentence out."""

from datetime import datetime

from syndication.diagnostics.words import Words, words
from syndication.store.articles.trace_facts import ArticleOrigin
from syndication.store.sources.source_states import SourceState

STATUS_LABELS = {
    "waiting": "Not read yet",
    "current": "Up to date",
    "failing": "Failing",
    "held": "Held",
    "paused": "Paused",
}


def source_words(state: SourceState | None) -> Words:
    """Returns what an operator should know of a source, and what to do."""
    if state is None or state.status == "waiting":
        return words("No worker has read it yet. Start one with `syndication worker`.")
    if state.status == "paused":
        return words(f"Paused by {state.paused_by} at ", state.paused_at or "", ". Its articles stay as they are.")
    if state.status == "failing":
        since = words(" since ", state.failing_since) if state.failing_since else ()
        return words("It cannot be read", since, f": {state.error}.", _retry(state))
    if state.status == "held":
        return words(
            "Held since ",
            state.held_since or "",
            f": {state.held_vanished or 0:,} stories vanished there at once, more than is believed. Nothing changes"
            f" here until they are back, or until somebody runs `syndication source accept {state.source}`.",
        )
    refused = f" {state.refused:,} could not be stored." if state.refused else ""
    return words(f"{state.articles:,} articles, last read at ", state.looked_at or "", f".{refused}")


def origin_words(origin: ArticleOrigin) -> Words:
    """Returns where an article comes from, and what its source knows of it, without asking the source."""
    row, state = origin.row, origin.state
    name = f"source {origin.source}, where it is {row.foreign_id!r}"
    if row.refused is not None:
        what = words(f"Refused from {name}: {row.refused}.")
    elif row.vanished_at is not None:
        what = words(f"From {name}, and no longer public since ", row.vanished_at, ".")
    else:
        what = words(f"From {name}; last changed there at ", row.seen_at, ".")
    if state is None or state.looked_at is None:
        return what
    if state.status in ("paused", "failing", "held"):
        return words(what, f" The source is {state.status}: it was last read at ", state.looked_at, ".")
    return words(what, " The source was last read at ", state.looked_at, ".")


def _retry(state: SourceState) -> Words:
    return words(" Next attempt at ", state.retry_at, ".") if state.retry_at else ()


def seconds_ago(moment: datetime | None, now: datetime) -> float | None:
    """Returns the age of a moment in seconds; None if there was none."""
    return None if moment is None else max((now - moment).total_seconds(), 0.0)
