"""How far a withdrawal has come: it is only called served when every web process serves it."""

from dataclasses import replace

import pytest

from syndication.diagnostics.delivery import WebFacts, delivery
from syndication.diagnostics.trace import trace
from syndication.store.articles.trace_facts import Departure, EntryPosition, TraceFacts
from syndication.store.articles.withdrawals import Withdrawal
from syndication.store.processes.purge_queue import Purge
from syndication.store.processes.web_processes import WebProcess
from syndication.store.publishing.section_state import SectionState
from tests.support.newsroom import NOON, article, at, section

SECTIONS = {"taiwan": section("taiwan")}


def web(publication: int, pid: int = 7) -> WebProcess:
    return WebProcess(f"w{pid}", "here", pid, NOON, NOON, NOON, {}, publication)


def facts(*, still: bool, withdrawn: bool = True, workers: int = 1, **state) -> TraceFacts:
    """Returns the facts of an article that was withdrawn 2 s ago; ``still``: it is in the feed."""
    values = dict.fromkeys(SectionState.__slots__) | {
        "section": "taiwan", "version": 3, "entries": 5, "left_out": 0, "failures": 0, "requested_generation": 2,
        "completed_generation": 1 if still else 2, "attempted_generation": 1, "requested_at": at(seconds=-2),
    }  # fmt: skip
    return TraceFacts(
        article_id="a1",
        article=article(sections=("taiwan",), status="withdrawn" if withdrawn else "published"),
        withdrawal=Withdrawal(at(seconds=-2), "lin") if withdrawn else None,
        deleted_at=None,
        now=NOON,
        noticed=False,
        workers=workers,
        states={"taiwan": SectionState(**values | state)},
        positions={"taiwan": EntryPosition(0, 1, 1)} if still is withdrawn else {},
        departures={} if still else {"taiwan": Departure(4, "withdrawn", NOON)},
        left_out={},
        newer={"taiwan": 0},
        selected=frozenset({"taiwan"}),
    )


def found(facts: TraceFacts, *running: WebProcess, silent=(), publication: int = 5, since=None, purges=()):
    return delivery(facts, trace(facts, SECTIONS, frozenset()), WebFacts(running, silent, publication, purges), since)


def purge(section: str = "taiwan", since=NOON, error: str | None = None, given_up_at=None) -> Purge:
    return Purge(section, 9, since, since, 1 if error else 0, error, given_up_at)


@pytest.mark.parametrize(
    ("given", "running", "silent", "stage", "words"),
    [
        (facts(still=True, workers=0), [web(5)], [], "no-worker",
         "Withdrawn. Waiting for a worker: none is running, and the article is still in taiwan. Start one with"
         " `syndication worker`."),
        (facts(still=True, failures=2, error="KeyError"), [web(5)], [], "failing",
         "Withdrawn, but taiwan is failing: KeyError. The article is still in taiwan."),
        (facts(still=True, error="KeyError"), [web(5)], [], "failing",
         "Withdrawn, but taiwan is failing: KeyError. The article is still in taiwan."),
        (facts(still=True), [web(5)], [], "updating", "Withdrawn. Updating taiwan."),
        (facts(still=True, requested_at=at(seconds=-11)), [web(5)], [], "stuck",
         "Withdrawn, but still in taiwan: the change has been waiting for 11 s. `syndication status` shows the cause."),
        (facts(still=False), [web(5), web(4, 8)], [], "loading",
         "Withdrawn. Waiting for 1 of 2 web processes to load it."),
        (facts(still=False), [web(5)], [web(4, 8)], "silent",
         "Withdrawn, but web process 8 on here does not answer: it may still serve the previous version. Restart it."),
        (facts(still=False), [web(5)], [web(4, 8), web(3, 9)], "silent",
         "Withdrawn, but web processes 8 on here, 9 on here do not answer: they may still serve the previous version."
         " Restart them."),
        (facts(still=False), [], [], "no-web",
         "Withdrawn, but no web process is running to serve that. Start one with `syndication web`."),
        (facts(still=False), [web(5), web(6, 8)], [], "served",
         "Withdrawn: every web process serves the feeds without it."),
        (facts(still=True, withdrawn=False, workers=0), [web(5)], [], "no-worker",
         "Restored. Waiting for a worker: none is running, and the article is not back in taiwan. Start one with"
         " `syndication worker`."),
        (facts(still=False, withdrawn=False), [web(5)], [], "served", "Restored: every web process serves it."),
    ],
)  # fmt: skip
def test_each_stage_says_what_is_true_and_what_to_do(given, running, silent, stage, words):
    done = found(given, *running, silent=silent)
    assert (done.stage, done.words, done.is_served) == (stage, words, stage == "served")
    assert done.is_blocked == (stage not in ("updating", "loading", "served"))


@pytest.mark.parametrize(
    ("waiting", "stage", "words"),
    [
        (purge(), "purging", "Withdrawn. Waiting for the cache to be purged for taiwan."),
        (purge(error="it answered 503"), "not-purged",
         "Withdrawn, but the cache was not purged for taiwan: it answered 503. Retrying."),
        (purge(error="it answered 403", given_up_at=NOON), "not-purged",
         "Withdrawn, but the cache was not purged for taiwan: it answered 403. It shows the article until its copy"
         " expires."),
        (purge(since=at(seconds=0.9)), "purging",  # The version's time is in whole seconds, and this may be its purge.
         "Withdrawn. Waiting for the cache to be purged for taiwan."),
        (purge(since=at(seconds=1)), "served", "Withdrawn: every web process serves the feeds without it."),
        (purge("china", error="it answered 503"), "served",
         "Withdrawn: every web process serves the feeds without it."),
    ],
)  # fmt: skip
def test_a_withdrawal_is_followed_into_the_cache(waiting, stage, words):
    done = found(facts(still=False), web(5), purges=[waiting])
    assert (done.stage, done.words, done.is_blocked) == (stage, words, stage == "not-purged")


def test_a_restoration_waits_for_no_cache():
    assert found(facts(still=False, withdrawn=False), web(5), purges=[purge(error="x")]).stage == "served"


def test_sitemaps_that_still_list_a_withdrawn_story_are_named():
    listed = replace(facts(still=False), in_sitemaps=True)
    assert found(listed, web(5)).words == (
        "Withdrawn: every web process serves the feeds without it. The sitemaps follow within a minute."
    )


def test_later_publications_of_other_stories_are_not_waited_for():
    first = found(facts(still=False), web(4), publication=5)
    assert (first.stage, first.publication) == ("loading", 5)
    busy = found(facts(still=False), web(5), publication=9, since=first.publication)
    assert (busy.stage, busy.publication) == ("served", 5)


def test_a_publication_before_the_article_left_is_no_proof():
    before = found(facts(still=True), web(5), publication=5)
    after = found(facts(still=False), web(5), publication=6, since=before.publication)
    assert before.publication is None and (after.stage, after.publication) == ("loading", 6)


def test_an_article_that_was_in_no_feed_waits_for_nobody():
    draft = replace(facts(still=False), departures={})
    assert found(draft).stage == "served"
