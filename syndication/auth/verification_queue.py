"""The queue in front of the hashing of passwords: one at a time, some wait, and the others are refused at once.

A hash takes 64 MB and a tenth of a second. So one is made at a time, and who sends many at once is counted as exactly
as one who waits. Those who wait hold a thread each, so that there is an end to the queue and to the waiting.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MAX_WAITING = 16
"""Log-ins that wait for their turn: the last of them for about two seconds. As many again of known devices."""

MAX_WAITING_EACH = 4
"""Of them those of one network: one address, or one /64, cannot fill the queue."""

TIMEOUT_SECONDS = 8.0
"""Seconds that a log-in waits."""

RETRY_SECONDS = 5
"""When to come back."""


@dataclass(eq=False, slots=True)
class Ticket:
    """A log-in that waits; the lowest ``rank`` is next, and of those the one that came first.

    Known devices are before all others, networks that failed less before those that guess, and the first log-in of
    each network before the second of any.
    """

    network: str
    known: bool
    rank: tuple[bool, int, int]
    admitted: bool = False
    called: threading.Event = field(default_factory=threading.Event)

    def call(self, *, admitted: bool) -> None:
        """End the waiting: it is this one's turn, or its place was given to another."""
        self.admitted = admitted
        self.called.set()


class VerificationQueue:
    """One queue for each web process."""

    def __init__(
        self, waiting: int = MAX_WAITING, each: int = MAX_WAITING_EACH, patience: float = TIMEOUT_SECONDS
    ) -> None:
        self.waiting = waiting
        self.each = each
        self.patience = patience
        self._lock = threading.Lock()
        self._verifying = False
        self._tickets: list[Ticket] = []

    @contextmanager
    def turn(self, network: str, *, known: bool = False, failures: int = 0) -> Iterator[bool]:
        """Within, nobody else verifies; False if the queue is full, or the turn did not come in time.

        ``failures`` is how often the network was wrong just now. A place in a full queue goes to the one who comes, if
        that one is before the last who waits.
        """
        ticket = self._enqueue(network, known, failures)
        if ticket is None or not self._await(ticket):
            yield False
            return
        try:
            yield True
        finally:
            self._call_next()

    def _enqueue(self, network: str, known: bool, failures: int) -> Ticket | None:
        with self._lock:
            lane = [ticket for ticket in self._tickets if ticket.known == known]
            before = sum(ticket.network == network for ticket in lane)
            ticket = Ticket(network, known, (not known, failures, before))
            if not self._verifying:
                self._verifying = True
                ticket.call(admitted=True)
                return ticket
            if before >= self.each:
                return None
            if len(lane) >= self.waiting:
                last = max(lane, key=lambda waiting: waiting.rank, default=ticket)
                if last.rank <= ticket.rank:
                    return None
                self._tickets.remove(last)
                last.call(admitted=False)
            self._tickets.append(ticket)
            return ticket

    def _call_next(self) -> None:
        with self._lock:
            if not self._tickets:
                self._verifying = False
                return
            following = min(self._tickets, key=lambda ticket: ticket.rank)
            self._tickets.remove(following)
            following.call(admitted=True)

    def _await(self, ticket: Ticket) -> bool:
        """Wait for the turn, and leave the queue if it does not come in time; whether it came, maybe just now."""
        ticket.called.wait(self.patience)
        with self._lock:
            if ticket in self._tickets:
                self._tickets.remove(ticket)
            return ticket.admitted
