"""Why an article stands in a feed or does not: one verdict a section, from facts to words, without a database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from syndication.model.values import ALL, Section
from syndication.pipeline.gather import is_recent, is_within_limits, recent_until
from syndication.store.articles.article_outlines import ArticleOutline
from syndication.store.articles.trace_facts import TraceFacts

Rule = Literal[
    "in-feed", "draft", "embargo", "withdrawn", "deleted", "expired", "not-filed", "pushed-out", "left-out",
    "waiting", "failing", "no-worker", "retired", "not-configured",
]  # fmt: skip
"""What decides whether an article stands in a feed; ``editors.way`` has a station for each."""

Transition = Literal["appears", "leaves"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an article is in a section's feed now, and the rule that decides.

    ``place`` counts from 1. ``changes_at`` is when it will change by itself, and ``changes_to`` what then
    happens, appears or leaves; both are None if nothing happens unless somebody acts.
    """

    section: str
    in_feed: bool
    rule: Rule
    words: str
    place: int | None = None
    since_version: int | None = None
    changed_in_version: int | None = None
    changes_at: datetime | None = None
    changes_to: Transition | None = None


def trace(facts: TraceFacts, sections: Mapping[str, Section], retired: frozenset[str]) -> list[Verdict]:
    """A verdict for every configured section, and for each other one under which the article is filed."""
    return [*(_verdict(facts, section) for section in sections.values()), *_elsewhere(facts, sections, retired)]


def _verdict(facts: TraceFacts, section: Section) -> Verdict:
    standing = facts.positions.get(section.slug)
    kept_out = _excluded(facts, section)
    if standing is None:
        return kept_out or _missing(facts, section)
    stands = Verdict(
        section.slug,
        True,
        "in-feed",
        f"It is in the feed, at place {standing.position + 1}, since version {standing.since_version}.",
        place=standing.position + 1,
        since_version=standing.since_version,
        changed_in_version=standing.version,
    )
    if kept_out is not None:
        late = _late(facts, section)
        words = f"It is still in the feed, which is not regenerated yet. {kept_out.words} {late[1]}"
        return replace(stands, rule=kept_out.rule, words=words, changes_at=facts.now, changes_to="leaves")
    leaves = _leaves_at(facts.article, section, facts.newer.get(section.slug, 0) + 1) if facts.article else None
    if facts.noticed or _pending(facts, section):
        stands = replace(stands, words=f"{stands.words} A change is noticed and not regenerated yet.")
    return replace(stands, changes_at=leaves, changes_to="leaves" if leaves else None)


Reason = tuple[Rule, str, datetime | None]
"""A rule, its words, and when the article appears by itself."""


def _excluded(facts: TraceFacts, section: Section) -> Verdict | None:
    """The rule by which the article does not belong into this feed; None if it does."""
    found = _by_withdrawal(facts)
    if found is None and facts.concealed:
        found = "draft", "It is not public now.", None
    elif found is None and facts.article is not None:
        article = facts.article
        found = _by_section(article, section) or _by_time(article, facts) or _by_position(article, section, facts)
    if found is None:
        return None
    rule, words, appears = found
    return Verdict(section.slug, False, rule, words, changes_at=appears, changes_to="appears" if appears else None)


def _by_withdrawal(facts: TraceFacts) -> Reason | None:
    gone = facts.withdrawal
    if facts.article is None:
        when = f" at {moment(gone.at)}" if gone else ""
        return "deleted", f"Its row was deleted{when}: restore it, and write it again.", None
    if gone is None:
        return None
    by = f" by {gone.by}" if gone.by else ""
    return "withdrawn", f"It was {gone.reason}{by} at {moment(gone.at)}: only restore brings it back.", None


def _by_section(article: ArticleOutline, section: Section) -> Reason | None:
    if section.slug == ALL or set(article.sections) & set(section.filed_under):
        return None
    return "not-filed", "It is not filed under this section.", None


def _by_time(article: ArticleOutline, facts: TraceFacts) -> Reason | None:
    if article.status == "draft" or article.published_at is None:
        return "draft", "It is a draft: publish it.", None
    if article.expires_at is not None and article.expires_at <= max(article.published_at, facts.now):
        early = ", before it is published" if article.expires_at <= article.published_at else ""
        tense = "expired" if article.expires_at <= facts.now else "expires"
        return "expired", f"It {tense} at {moment(article.expires_at)}{early}.", None
    if article.published_at > facts.now:
        return "embargo", f"It is under embargo until {moment(article.published_at)}.", article.published_at
    return None


def _by_position(article: ArticleOutline, section: Section, facts: TraceFacts) -> Reason | None:
    place = facts.newer.get(section.slug, 0) + 1
    if article.published_at is not None and not is_within_limits(section, place, article.published_at, facts.now):
        room = _room(section, article.published_at, facts.now)
        return "pushed-out", f"Newer ones pushed it out: it has place {place} of {room}.", None
    reason = facts.left_out.get(section.slug)
    return ("left-out", f"It is left out, because {reason}.", None) if reason is not None else None


def _missing(facts: TraceFacts, section: Section) -> Verdict:
    """It belongs into the feed and is not there yet."""
    rule, words = _late(facts, section)
    state = facts.states.get(section.slug)
    when = state.retry_at if state is not None and rule == "failing" else facts.now if rule == "waiting" else None
    return Verdict(
        section.slug, False, rule, f"It is noticed but not regenerated yet. {words}", changes_at=when,
        changes_to="appears" if when else None,
    )  # fmt: skip


def _late(facts: TraceFacts, section: Section) -> tuple[Rule, str]:
    """Why a feed is not what it should be: the rule and the words."""
    state = facts.states.get(section.slug)
    if not facts.workers:
        return "no-worker", "No worker is alive: start one."
    if state is not None and state.failures:
        again = f" It is tried again at {moment(state.retry_at)}." if state.retry_at else " It is tried again at once."
        return "failing", f"The section failed {state.failures} times: {state.error}.{again}"
    return "waiting", "A worker will do it within a second or so."


def _pending(facts: TraceFacts, section: Section) -> bool:
    state = facts.states.get(section.slug)
    return state is not None and state.pending


def _leaves_at(article: ArticleOutline, section: Section, place: int) -> datetime | None:
    """When it leaves the feed by itself: it expires, or is only there as one of the last hours."""
    moments = [article.expires_at]
    if article.published_at is not None and place > section.entries:
        moments.append(recent_until(section, article.published_at))
    return min((found for found in moments if found is not None), default=None)


def _room(section: Section, published_at: datetime, now: datetime) -> int:
    """How many places there are for an article of its age."""
    return section.max_entries if is_recent(section, published_at, now) else section.entries


def _elsewhere(facts: TraceFacts, sections: Mapping[str, Section], retired: frozenset[str]) -> Iterator[Verdict]:
    known = {slug for section in sections.values() for slug in section.filed_under}
    for slug in facts.article.sections if facts.article else ():
        if slug in retired:
            yield Verdict(slug, False, "retired", "This section was retired: it has no feed any more.")
        elif slug not in known:
            yield Verdict(slug, False, "not-configured", "This section has no feed: add it to sections.toml.")


def moment(value: datetime) -> str:
    """A time as it stands in a sentence."""
    return f"{value:%Y-%m-%d %H:%M:%S} UTC"
