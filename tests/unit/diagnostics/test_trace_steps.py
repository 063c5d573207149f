"""The steps of a trace: every rule stops an article at one step, in the order of the rules."""

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from syndication.diagnostics.trace import Rule, Verdict, trace
from syndication.diagnostics.trace_steps import STEP_NAMES, STOPPED_AT, trace_steps
from syndication.store.articles.trace_facts import TraceFacts
from syndication.store.articles.withdrawals import Withdrawal
from syndication.store.publishing.section_state import SectionState
from tests.support.newsroom import NOON, article, at, section

RULES = get_args(Rule)


def verdict(rule: Rule, in_feed: bool = False, **more) -> Verdict:
    return Verdict("taiwan", in_feed, rule, "Words.", **more)


def states(found):
    return [step.state for step in found]


def test_every_rule_has_a_step():
    assert STOPPED_AT.keys() | {"in-feed"} == set(RULES)
    assert {key for key, _, _ in STOPPED_AT.values()} == STEP_NAMES.keys() - {"in-feed"}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "in-feed"])
def test_every_rule_stops_at_exactly_one_step(rule):
    found = trace_steps(verdict(rule))
    stops = [n for n, step in enumerate(found) if step.state not in ("passed", "ahead")]
    assert len(stops) == 1 and found[stops[0]].key == STOPPED_AT[rule][0] and found[stops[0]].word
    assert states(found) == [
        *["passed"] * stops[0], found[stops[0]].state, *["ahead"] * (len(found) - stops[0] - 1)
    ]  # fmt: skip


@pytest.mark.parametrize("rule", ["withdrawn", "deleted", "expired", "draft", "not-filed", "pushed-out", "left-out"])
def test_an_article_that_should_leave_is_shown_as_still_in_the_feed(rule):
    found = trace_steps(verdict(rule, True, since_version=2, changed_in_version=3), served=3, published=3)
    assert [(one.key, one.word) for one in found if one.state == "leaving"] == [
        ("in-feed", "still"), ("served", "version 3"),
    ]  # fmt: skip
    assert [one.key for one in found if one.state in ("ends", "stuck", "waits")] == [STOPPED_AT[rule][0]]


@pytest.mark.parametrize(
    ("served", "word", "state"),
    [
        (None, "", "ahead"),
        (0, "not yet: version 0", "waits"),
        (4, "not yet: version 4", "waits"),
        (5, "update pending: version 5", "waits"),
        (7, "version 7", "passed"),
        (9, "version 9", "passed"),
    ],
)
def test_the_last_step_shows_whether_this_process_serves_the_current_version(served, word, state):
    found = trace_steps(verdict("in-feed", True, since_version=5, changed_in_version=7), served, published=9)
    assert states(found) == [*["passed"] * len(STEP_NAMES), state]
    assert found[-1].word == word


def test_a_process_that_still_serves_a_removed_article_is_shown():
    assert trace_steps(verdict("withdrawn"), served=3, published=4)[-1].word == "still version 3"
    assert trace_steps(verdict("withdrawn"), served=4, published=4)[-1].state == "ahead"


FAULTS = ("withdrawn", "not-filed", "draft", "expired", "embargo", "pushed-out", "left-out")
LATE = ("no-worker", "failing", "waiting")


def facts(faults: set[str], late: str) -> TraceFacts:
    """Returns facts with these faults, in a section that is late for this reason."""
    story = article(sections=("china",) if "not-filed" in faults else ("taiwan",))
    if "draft" in faults:
        story = replace(story, status="draft")
    if "embargo" in faults:
        story = replace(story, published_at=at(hours=2))
    if "expired" in faults:
        story = replace(story, expires_at=at(minutes=-1))
    state = SectionState("taiwan", 1, 0, 0, None, None, None, int(late == "failing"), None, "", 2, 1, 1, None)
    return TraceFacts(
        article_id=story.id,
        article=story,
        withdrawal=Withdrawal(NOON, None) if "withdrawn" in faults else None,
        deleted_at=None,
        now=NOON,
        noticed=False,
        workers=0 if late == "no-worker" else 1,
        states={"taiwan": state},
        positions={},
        departures={},
        left_out={"taiwan": "of its title"} if "left-out" in faults else {},
        newer={"taiwan": 99 if "pushed-out" in faults else 0},
        selected=() if "not-filed" in faults else ("taiwan",),
    )


def test_of_several_reasons_the_trace_reports_the_first_step():
    order = list(STEP_NAMES)
    for chosen, late in product(product([False, True], repeat=len(FAULTS)), LATE):
        faults = {fault for fault, there in zip(FAULTS, chosen, strict=True) if there}
        found, *_ = trace(facts(faults, late), {"taiwan": section("taiwan")}, frozenset())
        first = min(order.index(STOPPED_AT[rule][0]) for rule in (*faults, late))
        assert order.index(STOPPED_AT[found.rule][0]) == first, (faults, late, found)


def test_a_section_without_a_feed_stops_before_a_withdrawal():
    out = replace(facts({"withdrawn", "draft"}, "waiting"), article=article(sections=("gone", "typo"), status="draft"))
    found = trace(out, {}, frozenset({"gone"}))
    assert [one.rule for one in found] == ["retired", "not-configured"]
    assert all(
        list(STEP_NAMES).index(STOPPED_AT[one.rule][0]) < list(STEP_NAMES).index("not-withdrawn") for one in found
    )
