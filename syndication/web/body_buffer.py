"""Bodies arrive here before they take any place of the editors: in time or not at all, and never too many of them.

Short ones stay in memory, longer ones go to a temporary file. Who sends is counted: bodies and bytes of each party, and
of all who are not known together, so that strangers leave room for those who are. Each lane has a buffer of its own:
whoever fills that of webhooks keeps nobody from logging in.
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
"""What a body may take at any rate: a small one of a client with a bad connection."""

LEAST_RATE = 50_000
"""Bytes a second that a longer body has to keep up on average: 3G does."""

LONGEST_SECONDS = 300.0
"""The largest batch at a little over twice that rate."""

IN_MEMORY = 256 * 1024
"""Bytes of one body that stay in memory; what is longer goes to a temporary file."""

BODIES = {"known": 256, "unknown": 128}
"""Bodies of one lane that arrive at once."""

BODIES_EACH = 8
"""Those of one party. One that is sent at once arrives in a moment."""

BYTES = {"known": 192 * 1024 * 1024, "unknown": 96 * 1024 * 1024}
"""Bytes of all bodies of one lane, in files for the most part: in a container those may be memory as well."""

BYTES_EACH = 48 * 1024 * 1024
"""Those of one party: the largest batch, and the largest article beside it."""


class BodyRefused(Exception):  # noqa: N818  # an answer, not a fault
    """A body that is too long or too slow."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class ClientGone(Exception):  # noqa: N818  # nobody is left to whom it would be an error
    """The connection ended in the middle of the body."""


@dataclass(slots=True)
class Body:
    """A body that has arrived, from its beginning."""

    length: int
    file: IO[bytes]


@dataclass(slots=True)
class _Sums:
    bodies: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)


class _Held:
    """What one body takes of what there is for its party and its rank: what has really come, whatever was declared."""

    def __init__(self, sums: _Sums, party: str, rank: Rank) -> None:
        self._sums, self._party, self._rank = sums, party, rank
        self._length = 0

    def add(self, length: int) -> None:
        """Take room for so many bytes more; raises Busy."""
        here = self._sums.bytes
        if here.total() + length > BYTES[self._rank] or here[self._party] + length > BYTES_EACH:
            raise Busy
        here[self._party] += length
        self._length += length

    def give_back(self) -> None:
        """It is here no longer."""
        self._sums.bytes[self._party] -= self._length
        self._sums.bodies[self._party] -= 1
        # Parties from which nothing comes are forgotten.
        self._sums.bodies += Counter()
        self._sums.bytes += Counter()


class BodyBuffer:
    """The bodies of one lane of a front. All of it happens in the event loop's thread, and needs no lock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, grace: float = GRACE_SECONDS) -> None:
        self._clock = clock
        self._grace = grace
        self._here: dict[Rank, _Sums] = {"known": _Sums(), "unknown": _Sums()}

    @contextlib.asynccontextmanager
    async def read(
        self, receive: Receive, declared: int | None, largest: int, party: str, rank: Rank
    ) -> AsyncIterator[Body]:
        """The whole body. Raises BodyRefused, Busy or ClientGone."""
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
        """How many are here or arriving."""
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
    except OSError as error:  # The place for temporary files is full: others may end soon.
        log.warning("body_not_stored", error=error.strerror or type(error).__name__)
        raise Busy from error


async def _next(receive: Receive, seconds: float) -> MutableMapping[str, Any]:
    # What is there already comes through any timeout, and would let a drip go on without end.
    if seconds > 0:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await receive()
    raise BodyRefused(HTTPStatus.REQUEST_TIMEOUT)


def seconds_for(received: int, grace: float = GRACE_SECONDS) -> float:
    """How many seconds after its beginning the next part of a body may come, when so many bytes are there."""
    return min(grace + received / LEAST_RATE, LONGEST_SECONDS)
