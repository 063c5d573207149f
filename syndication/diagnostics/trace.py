"""Why an article is or is not in a feed: one verdict per section. Pure: facts in, sentences out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from syndication.diagnostics.health import SLOW, times
from syndication.diagnostics.words import Words, words
from syndication.model.feed_selections import section_slugs
from syndication.model.values import Section
from syndication.pipeline.gather import is_recent, is_within_limits, recent_until
from syndication.store.articles.article_outlines import ArticleOutline
from syndication.store.articles.trace_facts import EntryPosition, TraceFacts
from syndication.store.articles.withdrawals import Withdrawal
from syndication.store.publishing.holds import EditorHold, Hold

Rule = Literal[
    "in-feed", "draft", "embargo", "withdrawn", "deleted", "expired", "not-filed", "pushed-out", "left-out",
    "waiting", "held", "failing", "no-worker", "retired", "not-configured",
]  # fmt: skip
"""The rule that decides whether an article is in a feed; ``trace_steps`` has a step for each."""

KEPT_BY_HOLD = frozenset({"deleted", "draft", "not-filed", "left-out"})
"""The rules that wait while a section keeps vanished entries."""

DECISIONS = frozenset({"withdrawn", "expired", "embargo"})
"""The rules that pass through every hold."""

Transition = Literal["appears", "leaves"]

Late = Literal["waiting", "failing", "no-worker"]
"""Why a feed does not show yet what it should."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an article is in a section's feed now, and the rule that decides.

    ``place`` counts from 1. ``changes_at`` and ``changes_to`` describe the next automatic change; both are None if
    there is none. ``late``: the feed is out of date for this article, and why.
    """

    section: str
    in_feed: bool
    rule: Rule
    words: Words
    place: int | None = None
    since_version: int | None = None
    changed_in_version: int | None = None
    changes_at: datetime | None = None
    changes_to: Transition | None = None
    late: Late | None = None


def trace(facts: TraceFacts, sections: Mapping[str, Section], retired: frozenset[str]) -> list[Verdict]:
    """Returns a verdict for each configured section, and for each other section that the article names."""
    verdicts = [_verdict(facts, section) for section in sections.values()]
    return [*(verdicts if facts.workers else map(_unattended, verdicts)), *_elsewhere(facts, sections, retired)]


def _unattended(verdict: Verdict) -> Verdict:
    """Returns the verdict while no worker is running: nothing changes automatically then."""
    if verdict.changes_at is None:
        return verdict
    waits = " No worker is running: this waits until one is started with `syndication worker`."
    return replace(verdict, words=words(verdict.words, waits))


def _verdict(facts: TraceFacts, section: Section) -> Verdict:
    standing = facts.positions.get(section.slug)
    kept_out = _excluded(facts, section)
    if standing is None:
        return kept_out or _missing(facts, section)
    present = Verdict(
        section.slug,
        True,
        "in-feed",
        words(
            f"In the feed at position {standing.position + 1}, added in version {standing.since_version}."
            f"{_date(standing)}"
        ),
        place=standing.position + 1,
        since_version=standing.since_version,
        changed_in_version=standing.version,
    )
    if (by_editor := _held_by_editor(facts, section)) is not None and facts.withdrawal is None:
        if kept_out is None:
            return replace(present, words=words(present.words, " ", held_words(by_editor), " Its changes wait."))
        if kept_out.rule not in DECISIONS:
            still = words("Still in the feed. ", held_words(by_editor), " ", kept_out.words)
            leaves_then: Transition | None = "leaves" if by_editor.until else None
            return replace(present, rule=kept_out.rule, words=still, changes_at=by_editor.until, changes_to=leaves_then)
    if kept_out is not None and (hold := _keeping(facts, section, kept_out)) is not None:
        held = words(f"Still in the feed, which is held because {hold.words}. It leaves at ", hold.until)
        still = words(held, " unless it comes back. ", kept_out.words)
        return replace(present, rule=kept_out.rule, words=still, changes_at=hold.until, changes_to="leaves")
    if kept_out is not None:
        late, why, when = _late(facts, section)
        still = words("Still in the feed, which has not been regenerated yet. ", kept_out.words, " ", why)
        leaves: Transition | None = "leaves" if when else None
        return replace(present, rule=kept_out.rule, words=still, changes_at=when, changes_to=leaves, late=late)
    until = _leaves_at(facts.article, section, facts.newer.get(section.slug, 0) + 1) if facts.article else None
    if facts.noticed or _pending(facts, section):
        late, why, _ = _late(facts, section)
        present = replace(
            present, words=words(present.words, " A change is waiting to be regenerated. ", why), late=late
        )
    elif (failing := _failing(facts, section)) is not None:
        present = replace(present, words=words(present.words, " ", failing), late="failing")
    return replace(present, changes_at=until, changes_to="leaves" if until else None)


DATE_WORDS: Mapping[str, str] = {
    "correction": "date moved: correction",
    "date": "date moved",
    "same-date": "published, date unchanged",
}
"""What a change of an entry did to its date, by the reason in its history."""


def _date(standing: EntryPosition) -> str:
    words = DATE_WORDS.get(standing.date or "")
    return f" Last changed in version {standing.version}: {words}." if words else ""


Reason = tuple[Rule, Words, datetime | None]
"""A rule, its sentence, and when the article appears automatically."""


def _excluded(facts: TraceFacts, section: Section) -> Verdict | None:
    """Returns the rule that keeps the article out of this feed; None if it belongs in it."""
    found = _by_withdrawal(facts)
    if found is None and facts.concealed:
        found = "draft", words("It is not public."), None
    elif found is None and facts.article is not None:
        article = facts.article
        found = _by_selection(section, facts) or _by_time(article, facts) or _by_position(article, section, facts)
    if found is None:
        return None
    rule, sentence, appears = found
    return Verdict(section.slug, False, rule, sentence, changes_at=appears, changes_to="appears" if appears else None)


def _by_withdrawal(facts: TraceFacts) -> Reason | None:
    gone = facts.withdrawal
    by = f" by {gone.by}" if gone and gone.by else ""
    withdrawn = words(f"withdrawn{by} at ", gone.at) if gone else ()
    if facts.article is None:
        deleted = words("It was deleted at ", facts.deleted_at) if facts.deleted_at else words("It was deleted")
        stays = words(", and ", withdrawn, f": it stays out until {_until(gone)}.")
        return "deleted", words(deleted, stays if gone else ". Write it again to publish it."), None
    if gone is None:
        return None
    return "withdrawn", words("It was ", withdrawn, f" and stays out until {_until(gone)}."), None


def _until(gone: Withdrawal | None) -> str:
    """Returns what ends a withdrawal: only that of another system is ended by what it sends."""
    if gone is not None and gone.is_automatic:
        return f"{gone.by} publishes a newer version, or someone restores it"
    return "someone restores it"


def _by_selection(section: Section, facts: TraceFacts) -> Reason | None:
    if section.slug in facts.selected:
        return None
    if section.selection is None:
        return "not-filed", words("It is not in this section."), None
    return "not-filed", words("Its sections, tags, authors and language do not match this feed's selection."), None


def _by_time(article: ArticleOutline, facts: TraceFacts) -> Reason | None:
    if article.status == "draft" or article.published_at is None:
        return "draft", words("It is a draft. Publish it to add it to the feed."), None
    if article.expires_at is not None and article.expires_at <= max(article.published_at, facts.now):
        early = ", before it is published" if article.expires_at <= article.published_at else ""
        tense = "expired" if article.expires_at <= facts.now else "expires"
        return "expired", words(f"It {tense} at ", article.expires_at, f"{early}."), None
    if article.published_at > facts.now:
        return "embargo", words("It is under embargo until ", article.published_at, "."), article.published_at
    return None


def _by_position(article: ArticleOutline, section: Section, facts: TraceFacts) -> Reason | None:
    place = facts.newer.get(section.slug, 0) + 1
    if article.published_at is not None and not is_within_limits(section, place, article.published_at, facts.now):
        room = _room(section, article.published_at, facts.now)
        return "pushed-out", words(f"Newer articles pushed it out: it is at position {place} of {room}."), None
    reason = facts.left_out.get(section.slug)
    return ("left-out", words(f"It is left out because {reason}."), None) if reason is not None else None


def _missing(facts: TraceFacts, section: Section) -> Verdict:
    """Returns the verdict on an article that belongs in the feed and is not there yet."""
    if (held := _held_by_editor(facts, section)) is not None:
        waits = words(held_words(held), " The story waits", " until then." if held.until else ".")
        appears: Transition | None = "appears" if held.until else None
        return Verdict(section.slug, False, "held", waits, changes_at=held.until, changes_to=appears)
    late, why, when = _late(facts, section)
    return Verdict(
        section.slug, False, late, words("Waiting to be regenerated. ", why), changes_at=when,
        changes_to="appears" if when else None, late=late,
    )  # fmt: skip


def _late(facts: TraceFacts, section: Section) -> tuple[Late, Words, datetime | None]:
    """Returns why a feed is out of date, the sentence for it, and when that ends; None if nobody knows."""
    if not facts.workers:
        return "no-worker", words("No worker is running. Start one with `syndication worker`."), None
    state = facts.states.get(section.slug)
    if (failing := _failing(facts, section)) is not None:
        return "failing", failing, state.retry_at if state is not None else None
    waited = _waited(facts, section)
    if waited > SLOW:
        return "waiting", words(f"It has been waiting for {waited:.0f} s: `syndication status` shows the cause."), None
    return "waiting", words("A worker updates the feed within about a second."), facts.now


def _failing(facts: TraceFacts, section: Section) -> Words | None:
    """Returns that the section fails; None if it does not."""
    state = facts.states.get(section.slug)
    if state is None or not state.is_failing:
        return None
    again = words(" Next attempt at ", state.retry_at, ".") if state.retry_at else " Retrying now."
    return words(f"The section failed {times(state.failures)}: {state.error}.", again)


def _waited(facts: TraceFacts, section: Section) -> float:
    """Returns for how many seconds a change of the article, or one for this feed, has been waiting."""
    state = facts.states.get(section.slug)
    since = [facts.noticed_at if facts.noticed else None, state.requested_at if state and state.pending else None]
    return max(((facts.now - moment).total_seconds() for moment in since if moment is not None), default=0.0)


def _pending(facts: TraceFacts, section: Section) -> bool:
    state = facts.states.get(section.slug)
    return state is not None and state.pending


def _keeping(facts: TraceFacts, section: Section, kept_out: Verdict) -> Hold | None:
    """Returns the section's hold if it keeps the article's entry; a withdrawal, an expiry and an embargo never wait."""
    state = facts.states.get(section.slug)
    waits = kept_out.rule in KEPT_BY_HOLD and facts.withdrawal is None
    return state.hold if waits and state is not None and state.is_held else None


def _held_by_editor(facts: TraceFacts, section: Section) -> EditorHold | None:
    state = facts.states.get(section.slug)
    return state.editor_hold if state is not None else None


def held_words(hold: EditorHold) -> Words:
    """Returns who holds a feed, since when, until when and why."""
    at = f"{'Rolled back to' if hold.is_rolled_back else 'The feed is held at'} version {hold.version} by {hold.by}"
    until = words("until ", hold.until) if hold.until is not None else words("until somebody releases it")
    return words(f"{at} since ", hold.since, ", ", until, f" ({hold.reason}).")


def _leaves_at(article: ArticleOutline, section: Section, place: int) -> datetime | None:
    """Returns when it leaves the feed automatically: at its expiry, or when it is older than the section's hours."""
    moments = [article.expires_at]
    if article.published_at is not None and place > section.entries:
        moments.append(recent_until(section, article.published_at))
    return min((found for found in moments if found is not None), default=None)


def _room(section: Section, published_at: datetime, now: datetime) -> int:
    """Returns the entry limit for an article of this age."""
    return section.max_entries if is_recent(section, published_at, now) else section.entries


def _elsewhere(facts: TraceFacts, sections: Mapping[str, Section], retired: frozenset[str]) -> Iterator[Verdict]:
    known = section_slugs(sections.values())
    for slug in facts.article.sections if facts.article else ():
        if slug in retired:
            yield Verdict(slug, False, "retired", words("This section was retired and no longer has a feed."))
        elif slug not in known:
            yield Verdict(slug, False, "not-configured", words("This section has no feed. Add it to sections.toml."))
