"""How far the withdrawal of several articles, or its undoing, has come. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from syndication.diagnostics.delivery import (
    NO_TITLES,
    STORIES,
    STORY,
    OnItsWay,
    Progress,
    WebFacts,
    find_stage,
    unpurged,
)
from syndication.diagnostics.trace import Late
from syndication.model.values import Section
from syndication.store.articles.batch_facts import BatchFacts


@dataclass(frozen=True, slots=True)
class BatchDelivery(Progress):
    """Where the articles are. ``still_shown`` are those that feeds still have."""

    still_shown: int


def batch_delivery(
    facts: BatchFacts,
    sections: Mapping[str, Section],
    web: WebFacts,
    since: int | None = None,
    titles: Mapping[str, str] = NO_TITLES,
    *,
    restored: bool = False,
) -> BatchDelivery:
    """Returns where the articles are on their way out of the feeds; with ``restored``, back into them."""
    number, act = len(facts.ids), "restored" if restored else "withdrawn"
    late = {section: _why(facts, section) for section in _late(facts, sections, restored=restored)}
    shown = {id for section, ids in facts.shown.items() if section in sections for id in ids}
    on_their_way = OnItsWay(
        not restored,
        late,
        facts.states,
        facts.noticed_at if restored else None,
        facts.now,
        was_shown=bool(late or facts.departed or shown),
        is_shown=bool(shown if restored else facts.departed),
        unpurged=unpurged(web.purges, {} if restored else facts.departed),
        nouns=STORY if number == 1 else STORIES,
    )
    stage, publication, behind, words = find_stage(on_their_way, web, since, titles)
    if not number:
        words = "."
    return BatchDelivery(
        stage,
        tuple(late),
        len(web.running) + len(web.behind_silent(publication)),
        behind,
        None if late else publication,
        f"{number or 'No'} {'story' if number == 1 else 'stories'} {act}{words}",
        len(shown & set(facts.out)),
    )


def _late(facts: BatchFacts, sections: Mapping[str, Section], *, restored: bool) -> Collection[str]:
    """Returns the feeds that do not show yet what they should, in the order of the configuration."""
    if not restored:
        late = {section for section, ids in facts.shown.items() if not facts.out.isdisjoint(ids)}
    elif facts.noticed_at is not None:
        late = set(facts.wanted)
    else:
        states = [facts.states[section] for section in facts.wanted if section in facts.states]
        late = {state.section for state in states if state.pending or state.is_failing}
    return [section for section in sections if section in late]


def _why(facts: BatchFacts, section: str) -> Late:
    state = facts.states.get(section)
    if not facts.workers:
        return "no-worker"
    return "failing" if state is not None and state.is_failing else "waiting"
