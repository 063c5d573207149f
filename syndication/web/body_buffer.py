"""Receives the bodies of editors' requests, within limits of time, number and size, before a request takes a place.

Short bodies stay in memory, longer ones go to a temporary file. Bodies and bytes are counted for each party, and for
all unknown parties together, so that unauthenticated clients leave room for known ones. Each lane has its own buffer:
a flood of webhooks cannot block log-ins.
"""

import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from typing import IO, Any

from syndication.logs import get_logger
from syndication.web.admission import Busy, Rank

log = get_logger(__name__)

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

GRACE_SECONDS = 10.0
"""The time that every body has, for small bodies over bad connections."""

LEAST_RATE = 50_000
"""The average rate that a longer body must keep, in bytes a second: 3G does."""

LONGEST_SECONDS = 300.0
"""The longest time for any body: the largest batch at a little over twice that rate."""

IN_MEMORY = 256 * 1024
"""The largest body that stays in memory, in bytes; a larger one goes to a temporary file."""

BODIES = {"known": 256, "unknown": 128}
"""The most bodies of one lane that arrive at once."""

BODIES_EACH = 8
"""The most of one party. A body that is sent without pauses arrives in a moment."""

BYTES = {"known": 192 * 1024 * 1024, "unknown": 96 * 1024 * 1024}
"""The most bytes of all bodies of one lane, mostly in files; in a container those may be memory too."""

BYTES_EACH = 48 * 1024 * 1024
"""The most bytes of one party: the largest batch and, at the same time, the largest article."""


class BodyRefused(Exception):  # noqa: N818  # a response, not a fault
    """A body that is too long or too slow."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class ClientGone(Exception):  # noqa: N818  # no client is left to receive an error
    """The connection ended in the middle of the body."""


@dataclass(slots=True)
class Body:
    """A complete body; ``file`` is at its beginning."""

    length: int
    file: IO[bytes]


@dataclass(slots=True)
class _Sums:
    bodies: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)


class _Held:
    """The bytes that one body has received, whatever length was declared, counted for its party and rank."""

    def __init__(self, sums: _Sums, party: str, rank: Rank) -> None:
        self._sums, self._party, self._rank = sums, party, rank
        self._length = 0

    def add(self, length: int) -> None:
        """Reserves ``length`` more bytes; raises Busy."""
        here = self._sums.bytes
        if here.total() + length > BYTES[self._rank] or here[self._party] + length > BYTES_EACH:
            raise Busy
        here[self._party] += length
        self._length += length

    def give_back(self) -> None:
        """Releases the body and its bytes."""
        self._sums.bytes[self._party] -= self._length
        self._sums.bodies[self._party] -= 1
        # Drops parties that hold nothing.
        self._sums.bodies += Counter()
        self._sums.bytes += Counter()


class BodyBuffer:
    """The bodies of one lane of a front. It runs in the event loop's thread only and needs no lock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, grace: float = GRACE_SECONDS) -> None:
        self._clock = clock
        self._grace = grace
        self._here: dict[Rank, _Sums] = {"known": _Sums(), "unknown": _Sums()}

    @contextlib.asynccontextmanager
    async def read(
        self, receive: Receive, declared: int | None, largest: int, party: str, rank: Rank
    ) -> AsyncIterator[Body]:
        """Yields the whole body; raises BodyRefused, Busy or ClientGone."""
        if declared is not None and declared > largest:
            raise BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if declared == 0:
            yield Body(0, BytesIO())
            return
        sums = self._here[rank]
        if sums.bodies.total() >= BODIES[rank] or sums.bodies[party] >= BODIES_EACH:
            raise Busy
        sums.bodies[party] += 1
        held = _Held(sums, party, rank)
        try:
            with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
                yield Body(await self._receive(receive, file, largest, held), file)
        finally:
            held.give_back()

    @property
    def bodies(self) -> int:
        """The number of bodies that are arriving or held."""
        return sum(sums.bodies.total() for sums in self._here.values())

    async def _receive(self, receive: Receive, file: IO[bytes], largest: int, held: "_Held") -> int:
        began, length, more = self._clock(), 0, True
        while more:
            left = began + seconds_for(length, self._grace) - self._clock()
            message = await _next(receive, left)
            if message["type"] != "http.request":
                raise ClientGone
            part = message.get("body", b"")
            length += len(part)
            if length > largest:
                raise BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            held.add(len(part))
            _store(file, part)
            more = message.get("more_body", False)
        file.seek(0)
        return length


def _store(file: IO[bytes], part: bytes) -> None:
    try:
        file.write(part)
    except OSError as error:  # The disk for temporary files is full; other bodies may end soon.
        log.warning("body_not_stored", error=error.strerror or type(error).__name__)
        raise Busy from error


async def _next(receive: Receive, seconds: float) -> MutableMapping[str, Any]:
    # asyncio.timeout does not interrupt data that has arrived already, so a slow drip would never end.
    if seconds > 0:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await receive()
    raise BodyRefused(HTTPStatus.REQUEST_TIMEOUT)


def seconds_for(received: int, grace: float = GRACE_SECONDS) -> float:
    """Returns the deadline for the next part of a body, in seconds after its beginning."""
    return min(grace + received / LEAST_RATE, LONGEST_SECONDS)
