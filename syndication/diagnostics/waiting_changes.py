"""Why a change has not reached the readers yet, and what to do: the same words on every surface. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from syndication.diagnostics.delivery import WebFacts
from syndication.diagnostics.health import LOCKED, SLOW
from syndication.diagnostics.words import Words, words
from syndication.store.articles.delivery_list import ChangeDelivery, FeedDelivery
from syndication.store.processes.purge_queue import Purge
from syndication.store.publishing.section_state import SectionState

WaitStage = Literal[
    "locked", "no-worker", "failing", "stuck", "silent", "no-web", "held", "purge-given-up", "purge-retry",
    "queued", "updating", "loading", "purging", "embargo",
]  # fmt: skip
"""What a change waits for, the gravest first."""

STAGES: Sequence[WaitStage] = get_args(WaitStage)

BLOCKED: Collection[WaitStage] = ("locked", "no-worker", "failing", "stuck", "silent", "no-web")
"""The stages that last until somebody does something."""

DELAYED: Collection[WaitStage] = ("held", "purge-given-up", "purge-retry")
"""The stages that end by themselves, late."""


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """The state of the service at ``now``.

    ``states`` and ``purges`` are by section; ``titles`` are what sentences call sections, ``configured`` their slugs.
    """

    now: datetime
    workers: int
    web: WebFacts
    states: Mapping[str, SectionState]
    purges: Mapping[str, Purge]
    configured: Collection[str]
    titles: Mapping[str, str] = field(default_factory=dict)
    locked: bool = False

    def title(self, slug: str) -> str:
        """Returns the section's title, or its slug."""
        return self.titles.get(slug, slug)


@dataclass(frozen=True, slots=True)
class Wait:
    """What a change waits for; ``sections`` are the feeds that do not show it yet, or whose caches keep the old one."""

    stage: WaitStage
    words: Words
    sections: tuple[str, ...] = ()

    @property
    def is_blocked(self) -> bool:
        """Whether somebody has to do something."""
        return self.stage in BLOCKED


@dataclass(frozen=True, slots=True)
class Cause:
    """Changes that wait for the same; ``sections`` are all their feeds, ``since`` is when the first was written."""

    wait: Wait
    changes: int
    since: datetime
    sections: tuple[str, ...]


def find_wait(change: ChangeDelivery, facts: DeliveryFacts) -> Wait | None:
    """Returns what the change waits for: of several feeds, the gravest; None if it has arrived everywhere."""
    if change.embargo_until is not None and change.seq is not None and not _unfinished(change, facts):
        return Wait("embargo", words("Under embargo until ", change.embargo_until, "."))
    if change.seq is None:
        return _unpublished(change, (), facts)
    found = [wait for feed in change.feeds if (wait := _of_feed(change, feed, facts)) is not None]
    if not found:
        return None
    gravest = min(found, key=lambda wait: STAGES.index(wait.stage))
    same = [wait for wait in found if wait.stage == gravest.stage and wait.words == gravest.words]
    return Wait(gravest.stage, gravest.words, tuple(slug for wait in same for slug in wait.sections))


def group_by_cause(changes: Collection[ChangeDelivery], facts: DeliveryFacts) -> list[Cause]:
    """Returns what changes wait for, the gravest first, then what has lasted longest."""
    found: dict[tuple[WaitStage, Words], list[tuple[ChangeDelivery, Wait]]] = {}
    for change in changes:
        if (wait := find_wait(change, facts)) is not None:
            found.setdefault((wait.stage, _without_times(wait.words)), []).append((change, wait))
    causes = [
        Cause(
            wait=max(items, key=lambda item: facts.now - item[0].written_at)[1],
            changes=sum(max(change.articles, 1) for change, _ in items),
            since=min(change.written_at for change, _ in items),
            sections=tuple(dict.fromkeys(slug for _, wait in items for slug in wait.sections)),
        )
        for items in found.values()
    ]
    return sorted(causes, key=lambda cause: (STAGES.index(cause.wait.stage), cause.since))


def _without_times(sentence: Words) -> Words:
    return tuple(part for part in sentence if isinstance(part, str))


def _unfinished(change: ChangeDelivery, facts: DeliveryFacts) -> bool:
    return any(feed.served_at is None and feed.section in facts.configured for feed in change.feeds)


def _of_feed(change: ChangeDelivery, feed: FeedDelivery, facts: DeliveryFacts) -> Wait | None:
    slug = (feed.section,)
    if feed.section not in facts.configured:
        return None
    if feed.published_at is None:
        return _unpublished(change, slug, facts)
    if feed.served_at is None:
        # Without a number, it is among those of the last publication.
        publication = feed.publication if feed.publication is not None else facts.web.publication
        stage = facts.web.stage(publication)
        if stage != "served":  # What is served may not be recorded yet.
            return Wait(stage, words(facts.web.words(publication)), slug)
    return _unpurged(feed, facts)


def _unpublished(change: ChangeDelivery, slugs: tuple[str, ...], facts: DeliveryFacts) -> Wait:
    if facts.locked:
        return Wait("locked", words(LOCKED), slugs)
    if not facts.workers:
        return Wait("no-worker", words("No worker is running. Start one with `syndication worker`."), slugs)
    if (wait := _of_state(slugs, facts)) is not None:
        return wait
    if (facts.now - max(change.written_at, change.noticed_at or change.written_at)).total_seconds() > SLOW:
        cause = "A worker is running, but has not published it. `syndication status` shows more."
        return Wait("stuck", words(cause), slugs)
    if not slugs:
        return Wait("queued", words("Waiting for a worker to read it."))
    return Wait("updating", words(f"Updating {', '.join(map(facts.title, slugs))}."), slugs)


def _of_state(slugs: tuple[str, ...], facts: DeliveryFacts) -> Wait | None:
    """Returns what the feed's own state says."""
    for slug in slugs:
        state = facts.states.get(slug)
        if state is not None and state.is_failing:
            return Wait("failing", words(f"{facts.title(slug)} is failing: {state.error}"), slugs)
        if state is not None and (by_editor := state.editor_hold) is not None:
            held = words(f"{facts.title(slug)} is held by {by_editor.by} ({by_editor.reason}), until ")
            return Wait("held", words(held, by_editor.until or "an editor releases it", "."), slugs)
        if state is not None and state.hold is not None and state.is_held:
            until = words(f"{facts.title(slug)} is held: {state.hold.words}. It keeps them until ", state.hold.until)
            return Wait("held", words(until, " at most, or until an editor releases it."), slugs)
    return None


def _unpurged(feed: FeedDelivery, facts: DeliveryFacts) -> Wait | None:
    purge, title = facts.purges.get(feed.section), facts.title(feed.section)
    slugs = (feed.section,)
    if feed.purge not in ("waiting", "given-up") or purge is None:  # After a day, copies have expired.
        return None
    if purge.given_up_at is not None:
        sentence = f"The cache was not purged for {title}, and retries have stopped: {purge.error}."
        return Wait("purge-given-up", words(f"{sentence} It serves the previous version until that expires."), slugs)
    if purge.error is not None:
        sentence = f"The cache has not been purged for {title}: {purge.error}. Retrying automatically."
        return Wait("purge-retry", words(sentence), slugs)
    return Wait("purging", words(f"Waiting for the cache of {title} to be purged."), slugs)
