"""What this process has counted of each section and what is not in the database yet."""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from syndication.serve.catalogue import CountedAs, parse
from syndication.serve.poll_counter import DOCUMENT, Tally, added
from syndication.serve.respond import OK
from syndication.store.processes.poll_counts import NONE, Polls, slot

Counted = Mapping[tuple[str, datetime], Polls]
"""Polls by section and slot."""

LONGEST = timedelta(days=1)
"""How long polls are remembered while the database takes none: memory has an end."""


class Pending:
    """Takes what a tally has counted, each time into the slot of that moment, until somebody writes it."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._polls_seen: dict[CountedAs, int] = {}
        self._sent_seen: dict[str, int] = {}
        self._counted: dict[tuple[str, datetime], Polls] = {}
        self._lock = threading.Lock()

    def take(self, now: datetime) -> None:
        """Take what was counted since the last time."""
        with self._lock:
            polls, sent = dict(self._tally.polls), dict(self._tally.sent)
            for (path, status, _), number in added(polls, self._polls_seen).items():
                if status in DOCUMENT:
                    self._add(path, Polls(full=number) if status == OK else Polls(not_modified=number), now)
            for path, size in added(sent, self._sent_seen).items():
                self._add(path, Polls(bytes=size), now)
            self._polls_seen, self._sent_seen = polls, sent
            self._forget(now)

    def hand_out(self) -> Counted:
        """All that waits, to be written: who cannot write it gives it back."""
        with self._lock:
            counted, self._counted = self._counted, {}
        return counted

    def give_back(self, counted: Counted) -> None:
        """Keep what could not be written, for the next time."""
        with self._lock:
            for key, polls in counted.items():
                self._counted[key] = self._counted.get(key, NONE) + polls

    def _add(self, path: str, polls: Polls, now: datetime) -> None:
        named = parse(path)
        if named is not None:  # Bytes that are no document's have a format for a path.
            key = named[0], slot(now)
            self._counted[key] = self._counted.get(key, NONE) + polls

    def _forget(self, now: datetime) -> None:
        for key in [key for key in self._counted if key[1] < now - LONGEST]:
            del self._counted[key]
