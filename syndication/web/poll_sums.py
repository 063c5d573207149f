"""The poll counts of this process that are not in the database yet."""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from syndication.serve.catalogue import CountKey, parse
from syndication.serve.poll_counter import DOCUMENT, PollCounter, increments
from syndication.serve.respond import OK
from syndication.store.processes.poll_counts import NONE, PollSums, slot_of

SlotCounts = Mapping[tuple[str, datetime], PollSums]
"""Polls by section and slot."""

MAX_AGE = timedelta(days=1)
"""How long poll counts are kept while the database is down, to bound the memory."""


class UnwrittenPolls:
    """Collects the increments of a PollCounter, each in its time slot, until they are written."""

    def __init__(self, counter: PollCounter) -> None:
        self._counter = counter
        self._polls_seen: dict[CountKey, int] = {}
        self._sent_seen: dict[str, int] = {}
        self._counted: dict[tuple[str, datetime], PollSums] = {}
        self._lock = threading.Lock()

    def collect(self, now: datetime) -> None:
        """Adds what was counted since the last call to the current slot."""
        with self._lock:
            polls, sent = dict(self._counter.polls), dict(self._counter.sent)
            for (path, status, _), number in increments(polls, self._polls_seen).items():
                if status in DOCUMENT:
                    self._add(path, PollSums(full=number) if status == OK else PollSums(not_modified=number), now)
            for path, size in increments(sent, self._sent_seen).items():
                self._add(path, PollSums(bytes=size), now)
            self._polls_seen, self._sent_seen = polls, sent
            self._prune(now)

    def take_all(self) -> SlotCounts:
        """Removes and returns all counts; the caller gives back what it could not write."""
        with self._lock:
            counted, self._counted = self._counted, {}
        return counted

    def give_back(self, counted: SlotCounts) -> None:
        """Keeps counts that could not be written for the next attempt."""
        with self._lock:
            for key, polls in counted.items():
                self._counted[key] = self._counted.get(key, NONE) + polls

    def _add(self, path: str, polls: PollSums, now: datetime) -> None:
        named = parse(path)
        if named is not None:  # Bytes of other responses are counted by format, not by path.
            key = named[0], slot_of(now)
            self._counted[key] = self._counted.get(key, NONE) + polls

    def _prune(self, now: datetime) -> None:
        for key in [key for key in self._counted if key[1] < now - MAX_AGE]:
            del self._counted[key]
