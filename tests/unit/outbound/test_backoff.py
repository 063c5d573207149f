"""Pauses between attempts."""

from datetime import timedelta

import pytest

from syndication.outbound.backoff import Backoff
from tests.support.newsroom import NOON


def test_pauses_double_up_to_the_longest_and_are_spread():
    backoff = Backoff(timedelta(seconds=10), timedelta(hours=1), spread=0.25)
    for attempts, whole in ((0, 10), (1, 20), (5, 320), (9, 3600), (10**6, 3600)):
        pauses = {backoff.after(attempts).total_seconds() for _ in range(200)}
        assert whole * 0.75 <= min(pauses) < max(pauses) <= whole and len(pauses) > 100


def test_without_spread_pauses_are_exact():
    backoff = Backoff(timedelta(seconds=1), timedelta(minutes=1), spread=0)
    assert [backoff.after(attempts).total_seconds() for attempts in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize(("failing_for", "again"), [(None, True), (0, True), (59, True), (60, False), (61, False)])
def test_after_so_long_no_attempt_follows(failing_for, again):
    backoff = Backoff(timedelta(seconds=1), timedelta(minutes=1), spread=0)
    since = None if failing_for is None else NOON - timedelta(seconds=failing_for)
    wanted = NOON + timedelta(seconds=8) if again else None
    assert backoff.retry_at(3, NOON, since, timedelta(seconds=60)) == wanted
