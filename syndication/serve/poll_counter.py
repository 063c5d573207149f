"""Counts polls at the cost of an addition; other threads carry the sums to Prometheus and to the database."""

from collections.abc import Mapping
from typing import TypeVar

from syndication.serve.catalogue import CountKey, format_of
from syndication.serve.respond import NOT_MODIFIED, OK

DOCUMENT = (OK, NOT_MODIFIED)
"""The statuses that only documents have. Their paths come from the catalogue, so their number is bounded."""

K = TypeVar("K")


class PollCounter:
    """Sums that only grow: polls by count key, bytes by path or format.

    Adding to a dict's value never lets another thread run, so no lock is needed.
    """

    def __init__(self) -> None:
        self.polls: dict[CountKey, int] = {}
        self.sent: dict[str, int] = {}
        self._reported: tuple[dict[CountKey, int], int] = {}, 0

    def count(self, key: CountKey, size: int) -> None:
        """Counts one poll. HEAD requests count by their status and send no bytes."""
        try:
            self.polls[key] += 1
        except KeyError:
            # Create first and then add, so that a concurrent addition is not lost.
            self.sent.setdefault(key[0], 0)
            self.polls.setdefault(key, 0)
            self.polls[key] += 1
        if size:
            self.sent[key[0]] += size

    def take_increments(self) -> tuple[dict[CountKey, int], int]:
        """Returns the additions since the last call: polls by format, three-digit status and encoding; and bytes."""
        by_format: dict[CountKey, int] = {}
        for (path, status, coding), number in dict(self.polls).items():
            key = (format_of(path) if path.startswith("/") else path, status[:3], coding)
            by_format[key] = by_format.get(key, 0) + number
        sent = sum(dict(self.sent).values())
        (reported_polls, reported_sent), self._reported = self._reported, (by_format, sent)
        return increments(by_format, reported_polls), sent - reported_sent


def increments(now: Mapping[K, int], before: Mapping[K, int]) -> dict[K, int]:
    """Returns by how much each sum has grown, without those that have not."""
    return {key: value - before.get(key, 0) for key, value in now.items() if value != before.get(key, 0)}
