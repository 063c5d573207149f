"""How far a withdrawal of several stories has come: each stage, in words that say what to do."""

import pytest

from syndication.diagnostics.batch_delivery import batch_delivery
from syndication.diagnostics.delivery import WebFacts
from syndication.model.reasons import plain_reason
from syndication.store.articles.batch_facts import BatchFacts
from syndication.store.processes.web_processes import WebProcess
from syndication.store.publishing.section_state import SectionState
from tests.support.newsroom import at, section

SECTIONS = {slug: section(slug) for slug in ("all", "taiwan")}


def state(slug, **changes):
    values = {"version": 3, "requested_generation": 1, "completed_generation": 1} | changes
    names = SectionState.__dataclass_fields__
    return SectionState(**{name: values.get(name, slug if name == "section" else None) for name in names})


def web(publication):
    return WebProcess("w", "host", 1, at(), at(), at(), {}, publication)


def facts(**changes):
    values = {
        "ids": ("a1", "a2"), "out": frozenset({"a1", "a2"}), "now": at(), "noticed_at": None, "workers": 1,
        "shown": {}, "departed": True, "wanted": frozenset(), "states": {slug: state(slug) for slug in SECTIONS},
    }  # fmt: skip
    return BatchFacts(**values | changes)


STILL = {"taiwan": {"a1"}}
BACK = {"out": frozenset(), "wanted": frozenset({"taiwan"})}
FAILING = {"all": state("all"), "taiwan": state("taiwan", error="ValueError", failures=1, requested_generation=2)}
PENDING = {"all": state("all"), "taiwan": state("taiwan", requested_generation=2, requested_at=at(seconds=-1))}


@pytest.mark.parametrize(
    ("given", "running", "restored", "stage", "words"),
    [
        (facts(shown=STILL, workers=0), [web(5)], False, "no-worker",
         "2 stories withdrawn. Waiting for a worker: none is running, and they are still in Taiwan."
         " Start one with `syndication worker`."),
        (facts(shown=STILL, states=FAILING), [web(5)], False, "failing",
         "2 stories withdrawn, but Taiwan is failing: ValueError. They are still in Taiwan."),
        (facts(shown=STILL), [web(5)], False, "updating", "2 stories withdrawn. Updating Taiwan."),
        (facts(shown={"tag/asked": {"a1"}}), [web(5)], False, "served",
         "2 stories withdrawn: every web process serves the feeds without them."),
        (facts(), [web(4)], False, "loading", "2 stories withdrawn. Waiting for 1 of 1 web process to load it."),
        (facts(), [], False, "no-web",
         "2 stories withdrawn, but no web process is running to serve that. Start one with `syndication web`."),
        (facts(departed=False), [], False, "served", "2 stories withdrawn. None of them is in a feed."),
        (facts(ids=("a1",), departed=False), [], False, "served", "1 story withdrawn. It is in no feed."),
        (facts(**BACK, states=PENDING), [web(5)], True, "updating", "2 stories restored. Updating Taiwan."),
        (facts(**BACK, noticed_at=at(seconds=-60)), [web(5)], True, "stuck",
         "2 stories restored, but not back in Taiwan: the change has been waiting for 60 s."
         " `syndication status` shows the cause."),
        (facts(**BACK, shown=STILL), [web(5)], True, "served",
         "2 stories restored: every web process serves them."),
        (facts(ids=(), **BACK), [web(5)], True, "served", "No stories restored."),
    ],
)  # fmt: skip
def test_each_stage_says_what_is_true_and_what_to_do(given, running, restored, stage, words):
    titles = {"taiwan": "Taiwan", "all": "All stories"}
    found = batch_delivery(given, SECTIONS, WebFacts(running, (), 5), None, titles, restored=restored)
    assert (found.stage, found.words) == (stage, words)


def test_later_publications_are_not_waited_for():
    found = batch_delivery(facts(), SECTIONS, WebFacts([web(5)], (), 9), 5)
    assert found.is_served and found.publication == 5


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Two\nlines\t\x07", "Two lines"),
        ("", None),
        ("\u200b \u2060", None),
        ("夜車 🚆", "夜車 🚆"),
        ("x" * 500, "x" * 500),
    ],
)
def test_a_reason_is_one_line_of_what_can_be_seen(given, kept):
    assert plain_reason(given) == kept


def test_a_reason_has_a_largest_length():
    with pytest.raises(ValueError, match="at most 500 characters"):
        plain_reason("x" * 501)
