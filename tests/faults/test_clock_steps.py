"""A clock that is set back and forward again, while nobody writes: what comes up by itself comes on its second."""

import json
import time
from datetime import timedelta

import pytest

from faults.stage import clocks
from faults.stage.clocks import STRAIGHT
from faults.stage.stage import Plan, staged
from faults.stage.waiting import now, until
from faults.writing.hands import PlainSql
from faults.writing.journal import Story

EMBARGO = timedelta(seconds=12)

LOOKS_SECONDS = 3
"""Longer than the pause between two heartbeats: the worker's timetable was looked at meanwhile."""

LATE = timedelta(seconds=3)
"""A second is promised; a machine that runs other tests meanwhile gets two more."""


@pytest.mark.thorough
@pytest.mark.skipif(bool(clocks.missing()), reason=clocks.missing() or "it is there")
def test_an_embargo_ends_on_its_second_after_the_clock_was_set_back_and_right_again():
    with staged(Plan("sqlite", webs=1, clocks=True)) as stage:
        story = Story("w1-waits", now() + EMBARGO, ("taiwan",))
        hand = PlainSql(stage.url)
        hand.put(story)
        hand.close()
        for clock in stage.clocks.values():
            clock.set(timedelta(hours=-1))
        time.sleep(LOOKS_SECONDS)
        for clock in stage.clocks.values():
            clock.set(STRAIGHT)
        assert now() < story.published_at, "the machine was too slow for this test"
        (web,) = stage.webs
        came = []

        def comes() -> bool:
            if b"w1-waits" in web.get("/feeds/taiwan.atom")[1]:
                came.append(now())
            return bool(came)

        until(comes, 30, "the story comes", pause=0.02)
        assert story.published_at <= came[0] < story.published_at + LATE
        until(lambda: json.loads(web.get("/readyz")[1])["workers"] == 1, 10, "the worker is seen alive")
