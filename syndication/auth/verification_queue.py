"""Queue for verifying passwords: one at a time, a limited number waiting, and the rest refused at once.

A hash takes 64 MB and a tenth of a second. Verifying one at a time also counts parallel attempts as exactly as
sequential ones. Each waiting log-in holds a thread, so the queue's length and the waiting time are limited.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MAX_WAITING = 16
"""Waiting log-ins; the last of them waits about two seconds. Known devices have as many places of their own."""

MAX_WAITING_EACH = 4
"""Waiting log-ins of one network, so that one address, or one /64, cannot fill the queue."""

TIMEOUT_SECONDS = 8.0
"""The longest that a log-in waits."""

RETRY_SECONDS = 5
"""Retry-After for a refused log-in."""


@dataclass(eq=False, slots=True)
class Ticket:
    """A waiting log-in; the lowest ``rank`` is next, and within a rank the earliest.

    Known devices come first, then networks with fewer failures, then the first log-in of each network before the
    second of any.
    """

    network: str
    known: bool
    rank: tuple[bool, int, int]
    admitted: bool = False
    called: threading.Event = field(default_factory=threading.Event)

    def call(self, *, admitted: bool) -> None:
        """Ends the wait: it is this ticket's turn, or its place was given to another."""
        self.admitted = admitted
        self.called.set()


class VerificationQueue:
    """One queue for each process."""

    def __init__(
        self, waiting: int = MAX_WAITING, each: int = MAX_WAITING_EACH, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        self.waiting = waiting
        self.each = each
        self.timeout = timeout
        self._lock = threading.Lock()
        self._verifying = False
        self._tickets: list[Ticket] = []

    @contextmanager
    def turn(self, network: str, *, known: bool = False, failures: int = 0) -> Iterator[bool]:
        """Yields True while no other log-in is verified; False if the queue is full or the wait timed out.

        ``failures`` is the number of recent failures of the network. In a full queue, a new log-in replaces the last
        one if its rank is better.
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
        """Waits for the turn, leaving the queue on timeout; returns whether the turn came, even at the last moment."""
        ticket.called.wait(self.timeout)
        with self._lock:
            if ticket in self._tickets:
                self._tickets.remove(ticket)
            return ticket.admitted
