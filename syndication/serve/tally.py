"""Counting polls at the cost of an addition; other threads carry the sums to Prometheus and to the database."""

from collections.abc import Mapping
from typing import TypeVar

from syndication.serve.answer import NOT_MODIFIED, OK

Key = tuple[str, str]
"""What was asked for and the status: a feed's path with a whole status line, or a format with three digits."""

DOCUMENT = (OK, NOT_MODIFIED)
"""The answers that only a document gives: their paths are the catalogue's, and so there are only so many."""

K = TypeVar("K")


class Tally:
    """Sums that only grow: polls by what was asked for and status, bytes by what was asked for.

    An addition to a dict's value calls nothing that lets another thread run, so that no lock is needed.
    """

    def __init__(self) -> None:
        self.polls: dict[Key, int] = {}
        self.sent: dict[str, int] = {}
        self._told: tuple[dict[Key, int], int] = {}, 0

    def count(self, path: str, status: str, size: int) -> None:
        """Count one poll. What is no document's is counted by format, as strangers choose the path.

        A HEAD is a poll as any other, by what it is answered with; it sends no bytes.
        """
        if status not in DOCUMENT:
            path, status = _format(path), status[:3]
        try:
            self.polls[path, status] += 1
        except KeyError:
            # Made first and then added to: what another thread does meanwhile is not undone.
            self.sent.setdefault(path, 0)
            self.polls.setdefault((path, status), 0)
            self.polls[path, status] += 1
        if size:
            self.sent[path] += size

    def news(self) -> tuple[dict[Key, int], int]:
        """What was added since the last call: polls by format and status, and bytes."""
        by_format: dict[Key, int] = {}
        for (path, status), number in dict(self.polls).items():
            key = (_format(path) if path.startswith("/") else path, status[:3])
            by_format[key] = by_format.get(key, 0) + number
        sent = sum(dict(self.sent).values())
        (polls_told, sent_told), self._told = self._told, (by_format, sent)
        return added(by_format, polls_told), sent - sent_told


def added(now: Mapping[K, int], before: Mapping[K, int]) -> dict[K, int]:
    """By how much sums have grown; those that have not are left out."""
    return {key: value - before.get(key, 0) for key, value in now.items() if value != before.get(key, 0)}


def _format(path: str) -> str:
    ending = path[-5:]
    return "atom" if ending == ".atom" else "json" if ending == ".json" else "rss" if ending[1:] == ".rss" else "other"
