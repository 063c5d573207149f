"""The status of a source and its words, and what the health of the service makes of it."""

from typing import Any

import pytest

from syndication.diagnostics.health import HealthFacts, examine, headline
from syndication.diagnostics.source_words import STATUS_LABELS, SourceFacts, source_advice, source_facts, source_words
from syndication.diagnostics.words import utc, write
from syndication.store.sources.source_states import SourceState
from tests.support.newsroom import NOON, at


def facts(*, every: float = 1.0, **changes: Any) -> SourceFacts:
    """Returns a source that was read a second ago, with changes."""
    values = dict.fromkeys(SourceState.__slots__) | {
        "source": "cms", "kind": "sql", "bookmark": "", "failures": 0, "window": 50, "articles": 1_500, "refused": 0,
        "looked_at": at(seconds=-1), "swept_at": at(hours=-3), "sweep_began_at": at(hours=-3), "error": "no answer",
    }  # fmt: skip
    return SourceFacts("cms", every, SourceState(**values | changes), NOON)


NEVER = SourceFacts("cms", 1.0, None, NOON)
CLAIMED = facts(looked_at=None, lease_until=at(seconds=20))
LATE = facts(looked_at=at(minutes=-5))
HELD = facts(held_since=at(minutes=-5), held_vanished=12)
FAILING = facts(failures=3, failing_since=at(minutes=-5), retry_at=at(minutes=1))
PAUSED = facts(paused_at=at(minutes=-5), paused_by="user chief", looked_at=at(minutes=-6))
IMPORTING = facts(swept_at=None)
REFUSED = facts(refused=2)


@pytest.mark.parametrize(
    ("source", "status"),
    [
        (NEVER, "waiting"), (CLAIMED, "waiting"), (facts(), "current"), (LATE, "late"), (HELD, "held"),
        (FAILING, "failing"), (PAUSED, "paused"), (IMPORTING, "importing"),
        (facts(swept_at=None, taking_over_at=at(seconds=-2)), "current"),
        (facts(looked_at=at(minutes=-5), every=300.0), "current"),
        (facts(looked_at=at(minutes=-5), held_since=at(minutes=-9)), "held"),
    ],
)  # fmt: skip
def test_status_is_what_should_be_known_first(source, status):
    assert source.status == status and status in STATUS_LABELS


@pytest.mark.parametrize(
    ("source", "sentence", "advice"),
    [
        (NEVER, "No worker has read it yet.", "Start `syndication worker`; one that runs must be restarted"),
        (CLAIMED, "It is being read for the first time.", ""),
        (facts(), "1,500 articles, last read at 2026-03-14 11:59:59 UTC.", ""),
        (facts(articles=1), "1 article, last read at", ""),
        (facts(refused=1), "1 story could not be stored.", ""),
        (LATE, "No worker has read it since 2026-03-14 11:55:00 UTC. Its articles stay", "Start `syndication worker`."),
        (HELD, "12 stories vanished there at once, at 2026-03-14 11:55:00 UTC.", "`syndication source accept cms`"),
        (FAILING, "It has failed since 2026-03-14 11:55:00 UTC: no answer. Next attempt", "source look cms"),
        (PAUSED, "user chief paused it at 2026-03-14 11:55:00 UTC.", "`syndication source resume cms`"),
        (IMPORTING, "The first import is running, the newest stories first: 1,500 articles so far.", ""),
    ],
)
def test_words_say_how_it_is_and_what_helps(source, sentence, advice):
    assert sentence in write(source_words(source), utc)
    assert advice in source_advice(source) if advice else not source_advice(source)


def headline_of(source: SourceFacts, workers: int = 1) -> str:
    """Returns the headline of a service in which only the source may be wrong."""
    findings = examine(HealthFacts(NOON, (), (), workers, None, sources=[source]))
    assert all(finding.source == "cms" for finding in findings if "ource" in finding.words)
    return headline(findings)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (NEVER, "Source cms has not been read yet. Restart the worker"),
        (LATE, "Source cms has not been read for 5 min."),
        (HELD, "Source cms is held: 12 stories vanished there at once."),
        (FAILING, "Source cms failed 3 times: no answer. Its articles stay as they are."),
        (PAUSED, "Source cms is paused by user chief: what is new or changed there is not published."),
        (REFUSED, "Stories of source cms that could not be stored: 2."),
    ],
)
def test_health_is_not_well_while_stories_of_a_source_are_missing(source, line):
    assert headline_of(source).startswith(line)


def test_all_is_well_when_a_source_is_up_to_date():
    assert headline_of(facts()) == "All is well."


@pytest.mark.parametrize("source", [IMPORTING, CLAIMED])
def test_no_problem_is_found_while_a_source_is_read(source):
    assert headline_of(source) == "No problems, 1 notice."


@pytest.mark.parametrize("source", [NEVER, LATE])
def test_without_a_worker_the_worker_is_the_finding(source):
    assert headline_of(source, workers=0).startswith("No worker is running")


def test_every_configured_source_has_its_facts():
    found = source_facts({"cms": 1.0, "wire": 900.0}, {"cms": facts().state}, NOON)
    assert [(one.name, one.status) for one in found] == [("cms", "current"), ("wire", "waiting")]
