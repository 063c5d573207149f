"""What this process has counted of each section and what is not in the database yet."""

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
"""How long polls are remembered while the database takes none: memory has an end."""


class UnwrittenPolls:
    """Takes what a tally has counted, each time into the slot of that moment, until somebody writes it."""

    def __init__(self, counter: PollCounter) -> None:
        self._counter = counter
        self._polls_seen: dict[CountKey, int] = {}
        self._sent_seen: dict[str, int] = {}
        self._counted: dict[tuple[str, datetime], PollSums] = {}
        self._lock = threading.Lock()

    def collect(self, now: datetime) -> None:
        """Take what was counted since the last time."""
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
        """All that waits, to be written: who cannot write it gives it back."""
        with self._lock:
            counted, self._counted = self._counted, {}
        return counted

    def give_back(self, counted: SlotCounts) -> None:
        """Keep what could not be written, for the next time."""
        with self._lock:
            for key, polls in counted.items():
                self._counted[key] = self._counted.get(key, NONE) + polls

    def _add(self, path: str, polls: PollSums, now: datetime) -> None:
        named = parse(path)
        if named is not None:  # Bytes that are no document's have a format for a path.
            key = named[0], slot_of(now)
            self._counted[key] = self._counted.get(key, NONE) + polls

    def _prune(self, now: datetime) -> None:
        for key in [key for key in self._counted if key[1] < now - MAX_AGE]:
            del self._counted[key]
