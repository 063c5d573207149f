"""Admission of editors' requests: lanes with a limited number of places, and fair, bounded queues.

A party (a user, a token, or the network of an unauthenticated client) holds some of a lane's places, never all of them.
Waiting requests are admitted in rotation, one of each party, and known parties before unknown ones. Lanes share
nothing, so unauthenticated log-ins cannot take the places of the API.
"""

import asyncio
import contextlib
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal

Rank = Literal["known", "unknown"]
RANKS: tuple[Rank, ...] = ("known", "unknown")

TIMEOUT_SECONDS = 5.0
"""How long a request waits for a place. Its body has arrived already, so waiting costs memory but no thread."""

KNOWN_SECONDS = 900.0
"""How long an accepted credential counts as known and takes precedence."""

REMEMBERED = 10_000
"""The most credentials that are remembered: far more than a newsroom has."""


class Busy(Exception):  # noqa: N818  # a response, not a fault
    """No place is free, and none became free in time."""


@dataclass(frozen=True, slots=True)
class LaneSize:
    """How many requests a lane answers at once and how many wait: in total, and for each party."""

    places: int
    each: int
    unknown: int
    """Places that all unknown parties together may hold."""
    queue: int
    queue_each: int


class Lane:
    """One lane of a front. It runs in the event loop's thread only and needs no lock."""

    def __init__(self, size: LaneSize, timeout: float = TIMEOUT_SECONDS) -> None:
        self.size = size
        self._timeout = timeout
        self._held: Counter[str] = Counter()
        self._unknown = 0
        self._waiting: dict[Rank, OrderedDict[str, deque[asyncio.Future[None]]]] = {
            rank: OrderedDict() for rank in RANKS
        }

    @contextlib.asynccontextmanager
    async def place(self, party: str, rank: Rank) -> AsyncIterator[None]:
        """Holds a place for a request of this party; raises Busy if none becomes free in time."""
        await self._enter(party, rank)
        try:
            yield
        finally:
            self._leave(party, rank)

    @property
    def waiting(self) -> int:
        """The number of waiting requests."""
        return sum(len(queue) for queues in self._waiting.values() for queue in queues.values())

    async def _enter(self, party: str, rank: Rank) -> None:
        # No admissible request waits while there is room, so a new one cannot overtake it.
        if self._has_room(party, rank):
            self._take(party, rank)
            return
        turn = self._join(party, rank)
        try:
            async with asyncio.timeout(self._timeout):
                await turn
        except TimeoutError:
            if turn.done() and not turn.cancelled():
                return
            raise Busy from None
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(party, rank)
            raise
        finally:
            self._drop_turn(party, rank, turn)

    def _has_room(self, party: str, rank: Rank) -> bool:
        full = self._held.total() >= self.size.places or self._held[party] >= self.size.each
        return not full and (rank == "known" or self._unknown < self.size.unknown)

    def _take(self, party: str, rank: Rank) -> None:
        self._held[party] += 1
        self._unknown += rank == "unknown"

    def _join(self, party: str, rank: Rank) -> "asyncio.Future[None]":
        queues = self._waiting[rank]
        # Each rank has its own queue: unknown parties cannot fill that of known ones.
        if sum(map(len, queues.values())) >= self.size.queue or len(queues.get(party, ())) >= self.size.queue_each:
            raise Busy
        turn = asyncio.get_running_loop().create_future()
        queues.setdefault(party, deque()).append(turn)
        return turn

    def _drop_turn(self, party: str, rank: Rank, turn: "asyncio.Future[None]") -> None:
        queue = self._waiting[rank].get(party)
        if queue is not None:
            with contextlib.suppress(ValueError):
                queue.remove(turn)
            if not queue:
                del self._waiting[rank][party]

    def _leave(self, party: str, rank: Rank) -> None:
        self._held[party] -= 1
        self._held += Counter()  # Drops parties that hold nothing.
        self._unknown -= rank == "unknown"
        self._admit()

    def _admit(self) -> None:
        """Gives free places to waiting requests, one of each party in rotation."""
        for rank in RANKS:
            queues = self._waiting[rank]
            for party in list(queues):
                queue = queues[party]
                while queue and queue[0].done():
                    queue.popleft()
                if queue and self._has_room(party, rank):
                    self._take(party, rank)
                    queues.move_to_end(party)
                    queue.popleft().set_result(None)


class KnownCredentials:
    """The credentials that the editors process has accepted recently, with their owners."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._found: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def owner(self, credential: str | None) -> str | None:
        """Returns the owner, a user or a token; None if the credential was not accepted recently."""
        owner, until = self._found.get(credential or "", ("", 0.0))
        return owner if owner and self._clock() < until else None

    def accept(self, credential: str, owner: str) -> None:
        """Records that the credential was accepted now."""
        self._found[credential] = owner, self._clock() + KNOWN_SECONDS
        self._found.move_to_end(credential)
        while len(self._found) > REMEMBERED:
            self._found.popitem(last=False)

    def refuse(self, credential: str) -> None:
        """Forgets a credential that is no longer accepted."""
        self._found.pop(credential, None)
