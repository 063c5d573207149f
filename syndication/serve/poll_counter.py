"""Counting polls at the cost of an addition; other threads carry the sums to Prometheus and to the database."""

from collections.abc import Mapping
from typing import TypeVar

from syndication.serve.catalogue import CountKey, format_of
from syndication.serve.respond import NOT_MODIFIED, OK

DOCUMENT = (OK, NOT_MODIFIED)
"""The answers that only a document gives: their paths are the catalogue's, and so there are only so many."""

K = TypeVar("K")


class PollCounter:
    """Sums that only grow: polls by what they are counted as, bytes by what was asked for.

    An addition to a dict's value calls nothing that lets another thread run, so that no lock is needed.
    """

    def __init__(self) -> None:
        self.polls: dict[CountKey, int] = {}
        self.sent: dict[str, int] = {}
        self._told: tuple[dict[CountKey, int], int] = {}, 0

    def count(self, key: CountKey, size: int) -> None:
        """Count one poll. A HEAD is a poll as any other, by what it is answered with; it sends no bytes."""
        try:
            self.polls[key] += 1
        except KeyError:
            # Made first and then added to: what another thread does meanwhile is not undone.
            self.sent.setdefault(key[0], 0)
            self.polls.setdefault(key, 0)
            self.polls[key] += 1
        if size:
            self.sent[key[0]] += size

    def take_increments(self) -> tuple[dict[CountKey, int], int]:
        """What was added since the last call: polls by format, three digits and coding, and bytes."""
        by_format: dict[CountKey, int] = {}
        for (path, status, coding), number in dict(self.polls).items():
            key = (format_of(path) if path.startswith("/") else path, status[:3], coding)
            by_format[key] = by_format.get(key, 0) + number
        sent = sum(dict(self.sent).values())
        (polls_told, sent_told), self._told = self._told, (by_format, sent)
        return increments(by_format, polls_told), sent - sent_told


def increments(now: Mapping[K, int], before: Mapping[K, int]) -> dict[K, int]:
    """By how much sums have grown; those that have not are left out."""
    return {key: value - before.get(key, 0) for key, value in now.items() if value != before.get(key, 0)}
