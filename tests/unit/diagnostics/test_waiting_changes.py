"""What a change waits for: the gravest reason, by name, and the same causes counted together."""

from dataclasses import replace

import pytest

from syndication.diagnostics.delivery import WebFacts
from syndication.diagnostics.waiting_changes import DeliveryFacts, find_wait, group_by_cause
from syndication.diagnostics.words import utc, write
from syndication.store.articles.delivery_list import ChangeDelivery, FeedDelivery
from syndication.store.processes.purge_queue import Purge
from syndication.store.processes.web_processes import WebProcess
from syndication.store.publishing.holds import EditorHold, Hold
from syndication.store.publishing.section_state import SectionState
from tests.support.newsroom import NOON, at

PUBLISHED = FeedDelivery("taiwan", "added", None, 4, NOON, 5)
SERVED = replace(PUBLISHED, served_at=NOON, purge="waiting")


def web(publication: int, pid: int = 7) -> WebProcess:
    return WebProcess(f"w{pid}", "here", pid, NOON, NOON, NOON, {}, publication)


def state(**changes) -> SectionState:
    values = dict.fromkeys(SectionState.__slots__) | {"section": "taiwan", "failures": 0, "requested_generation": 2}
    return SectionState(**values | changes)


def facts(**changes) -> DeliveryFacts:
    values = {
        "now": NOON, "workers": 1, "web": WebFacts([web(5)], [], 5), "states": {}, "purges": {},
        "configured": {"taiwan", "china"}, "titles": {"taiwan": "Taiwan"},
    }  # fmt: skip
    return DeliveryFacts(**values | changes)


def purge(**changes) -> Purge:
    return Purge(**{"section": "taiwan", "version": 4, "created_at": NOON, "since": NOON, "attempts": 1, "error": None,
                    "given_up_at": None} | changes)  # fmt: skip


def change(*feeds: FeedDelivery, seq: int | None = 1, **changes) -> ChangeDelivery:
    values = {"article_id": "a1", "articles": 1, "kind": "published", "written_at": at(seconds=-1)}
    return ChangeDelivery(seq, **values | changes, feeds=feeds)


UNPUBLISHED = FeedDelivery("taiwan")
FAILING = {"taiwan": state(error="KeyError")}
BY_EDITOR = {"taiwan": state(editor_hold=EditorHold("taiwan", 1, 4, 4, NOON, None, "user mei", "test pages"))}
HELD = {"taiwan": state(hold=Hold("taiwan", NOON, at(minutes=1), 9, 8))}


@pytest.mark.parametrize(
    ("given", "known", "stage", "words"),
    [
        (change(UNPUBLISHED), facts(locked=True, workers=0), "locked", "The database is locked"),
        (change(UNPUBLISHED), facts(workers=0), "no-worker", "No worker is running. Start one with"),
        (change(seq=None), facts(workers=0), "no-worker", "No worker is running"),
        (change(seq=None), facts(), "queued", "Waiting for a worker to read it."),
        (change(seq=None, written_at=at(seconds=-11)), facts(), "stuck", "A worker is running, but"),
        (change(UNPUBLISHED), facts(states=FAILING), "failing", "Taiwan is failing: KeyError"),
        (
            change(UNPUBLISHED), facts(states=BY_EDITOR), "held",
            "Taiwan is held by user mei (test pages), until an editor releases it.",
        ),
        (change(UNPUBLISHED), facts(states=HELD), "held",
         "Taiwan is held: 8 of 9 entries vanished. It keeps them until 2026-03-14 12:01:00 UTC"),
        (change(UNPUBLISHED), facts(), "updating", "Updating Taiwan."),
        (change(PUBLISHED), facts(web=WebFacts([], [], 5)), "no-web", "No web process is running to serve it."),
        (change(PUBLISHED), facts(web=WebFacts([web(5)], [web(4, 8)], 5)), "silent", "process 8 on here does not"),
        (change(PUBLISHED), facts(web=WebFacts([web(5), web(4, 8)], [], 5)), "loading", "process 8 on here to"),
        (change(SERVED), facts(purges={"taiwan": purge()}), "purging", "Waiting for the cache of Taiwan"),
        (change(SERVED), facts(purges={"taiwan": purge(error="503")}), "purge-retry", "not been purged for Taiwan"),
        (change(replace(SERVED, purge="given-up")), facts(purges={"taiwan": purge(error="503", given_up_at=NOON)}),
         "purge-given-up", "retries have stopped: 503."),
        (change(kind="scheduled", embargo_until=at(hours=1)), facts(), "embargo", "until 2026-03-14 13:00:00 UTC"),
    ],
)  # fmt: skip
def test_a_change_that_has_not_arrived_names_its_cause(given, known, stage, words):
    wait = find_wait(given, known)
    assert wait is not None and wait.stage == stage and words in write(wait.words, utc)


@pytest.mark.parametrize(
    "given",
    [change(), change(PUBLISHED), change(replace(SERVED, purge="done")), change(replace(SERVED, purge=None)),
     change(FeedDelivery("retired")), change(replace(SERVED, purge="given-up"))],
)  # fmt: skip
def test_a_change_that_has_arrived_waits_for_nothing(given):
    assert find_wait(given, facts()) is None


def test_of_several_feeds_the_gravest_counts():
    known = facts(states=FAILING)
    wait = find_wait(change(FeedDelivery("china"), UNPUBLISHED), known)
    assert wait is not None and (wait.stage, wait.sections) == ("failing", ("taiwan",))


def test_equal_causes_are_counted_together_and_the_gravest_is_first():
    known = facts(states=FAILING)
    waiting = [
        change(FeedDelivery("china")),
        change(UNPUBLISHED, written_at=at(seconds=-9)),
        change(UNPUBLISHED, written_at=at(seconds=-5), articles=12),
        change(kind="scheduled", embargo_until=at(hours=1)),
        change(kind="scheduled", embargo_until=at(hours=2)),
        change(PUBLISHED),
    ]
    found = [(cause.wait.stage, cause.changes, cause.since) for cause in group_by_cause(waiting, known)]
    assert found == [
        ("failing", 13, at(seconds=-9)), ("updating", 1, at(seconds=-1)), ("embargo", 2, at(seconds=-1)),
    ]  # fmt: skip
