"""How often readers are asked to poll, and why, in plain words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syndication.diagnostics.cache_time import about, cache_time, every
from syndication.model.freshness import LATEST, Cadence, max_age
from tests.support.newsroom import CACHE, NOON

BOUNDED = replace(CACHE, min_browser=60, max_browser=3600)
NOW = int(NOON.timestamp())
DAYS = [86400 * day for day in range(1, 30)]


def said(policy, *ago):
    cadence = Cadence.of(NOON - timedelta(seconds=seconds) for seconds in ago)
    found = cache_time(policy, cadence, NOW)
    assert found.seconds == max_age(policy, cadence, NOW)
    return found.sentence


@pytest.mark.parametrize(
    ("policy", "ago", "sentence"),
    [
        (CACHE, DAYS, "Readers are asked to poll every 5 minutes: a fixed time in the configuration."),
        (
            BOUNDED, [60],
            "Readers are asked to poll every 5 minutes: the configured time for a feed with fewer than 3 stories.",
        ),
        (
            BOUNDED, [*DAYS, 60, 400, 1000],
            "Readers are asked to poll every minute: 3 stories in the last 30 minutes"
            " (shortest time that the configuration allows).",
        ),
        (
            replace(BOUNDED, min_browser=30), [*DAYS, 60, 400, 500, 1000, 1200],
            "Readers are asked to poll every 35 seconds: 5 stories in the last 30 minutes.",
        ),
        (
            BOUNDED, [*DAYS, *range(60, 60 + 2 * LATEST)],
            "Readers are asked to poll every minute: 12 or more stories in the last 30 minutes"
            " (shortest time that the configuration allows).",
        ),
        (
            BOUNDED, range(1800, 30 * 86400, 1800),
            "Readers are asked to poll every 3 minutes: the next story is expected in about 30 minutes.",
        ),
        (
            BOUNDED, DAYS,
            "Readers are asked to poll every hour: the next story is expected in about 24 hours"
            " (longest time that the configuration allows).",
        ),
        (
            replace(CACHE, browser=0, min_browser=0, max_browser=60), [1],
            "Readers are asked to poll whenever they need the feed:"
            " the configured time for a feed with fewer than 3 stories.",
        ),
    ],
)  # fmt: skip
def test_the_sentence_says_the_time_and_the_reason_for_it(policy, ago, sentence):
    assert said(policy, *ago) == sentence


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "second"), (45, "45 seconds"), (60, "minute"), (90, "90 seconds"), (300, "5 minutes"), (3600, "hour"),
        (5400, "90 minutes"), (7200, "2 hours"), (86400, "day"),
    ],
)  # fmt: skip
def test_a_pace_is_exact(seconds, words):
    assert every(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 second"), (61, "61 seconds"), (130, "2 minutes"), (5000, "83 minutes"), (8000, "2 hours"),
        (90000, "25 hours"), (30 * 86400, "30 days"),
    ],
)  # fmt: skip
def test_an_expected_wait_is_rounded(seconds, words):
    assert about(seconds) == words
