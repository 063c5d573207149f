"""Counts polls at the cost of an addition; other threads carry the sums to Prometheus and to the database.

What they do costs what was polled since, however many feeds there are.
"""

import threading

from syndication.serve.catalogue import CountKey, format_of
from syndication.serve.respond import NOT_MODIFIED, OK

DOCUMENT = (OK, NOT_MODIFIED)
"""The statuses that only documents have. Their paths come from the catalogue, so their number is bounded."""


class PollCounter:
    """Counts since they were last taken: polls by count key, bytes by path or format.

    Adding to a dict's value never lets another thread run, from reading the attribute on, so no lock is needed.
    """

    def __init__(self) -> None:
        self.polls: dict[CountKey, int] = {}
        self.sent: dict[str, int] = {}
        self._by_format: dict[CountKey, int] = {}
        self._bytes = 0
        self._by_path: tuple[dict[CountKey, int], dict[str, int]] = {}, {}
        self._lock = threading.Lock()

    def count(self, key: CountKey, size: int) -> None:
        """Counts one poll. HEAD requests count by their status and send no bytes."""
        while True:
            try:
                self.polls[key] += 1
                break
            except KeyError:  # Also if the counts are taken between these two.
                self.polls.setdefault(key, 0)
        while size:
            try:
                self.sent[key[0]] += size
                break
            except KeyError:
                self.sent.setdefault(key[0], 0)

    def take_increments(self) -> tuple[dict[CountKey, int], int]:
        """Returns the additions since the last call: polls by format, three-digit status and encoding; and bytes."""
        with self._lock:
            self._take()
            taken, self._by_format = self._by_format, {}
            sent, self._bytes = self._bytes, 0
        return taken, sent

    def take_counts(self) -> tuple[dict[CountKey, int], dict[str, int]]:
        """Returns the same by path: polls by count key, and bytes by path or format."""
        with self._lock:
            self._take()
            taken, self._by_path = self._by_path, ({}, {})
        return taken

    def _take(self) -> None:
        polls, self.polls = self.polls, {}
        sent, self.sent = self.sent, {}
        all_polls, all_sent = self._by_path
        for (path, status, coding), number in polls.items():
            key = (format_of(path) if path.startswith("/") else path, status[:3], coding)
            self._by_format[key] = self._by_format.get(key, 0) + number
            all_polls[path, status, coding] = all_polls.get((path, status, coding), 0) + number
        for path, size in sent.items():
            self._bytes += size
            all_sent[path] = all_sent.get(path, 0) + size
