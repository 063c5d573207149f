"""What the engine asks of each kind of work."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeVar

from syndication.store import Connection

Result = Literal["done", "failed", "refused"]
"""``refused``: no further attempt can succeed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to: why it failed, the HTTP status of the answer, and the milliseconds that it took."""

    result: Result
    error: str | None = None
    status: int | None = None
    took_ms: float = 0.0


Job = TypeVar("Job")


class Queue(Protocol[Job]):
    """One kind of work. All methods but ``attempt`` run in a thread, in a transaction of the engine."""

    name: str
    """The label in logs and metrics: push, verify, ping, purge, notification."""
    at_once: int
    """The most attempts under way at a time in one worker."""
    look_seconds: float
    """How often work is looked for that nobody announced: retries, and the work of other workers. It may change."""

    def has_work(self, conn: Connection, now: datetime) -> bool:
        """Returns whether anything could be claimed; a read, since on SQLite each write wakes every process."""

    def claim(self, conn: Connection, now: datetime, most: int, busy: Collection[str]) -> Sequence[Job]:
        """Takes at most ``most`` jobs, with a lease; none for the parties in ``busy``, which have enough under way."""

    def party(self, job: Job) -> str:
        """Returns whom a job concerns (a host and port, a channel): no party may hold up the others."""

    async def attempt(self, job: Job) -> Outcome:
        """Attempts it once, within a time limit of its own. Whatever it raises counts as failed, and is logged."""

    def record(self, conn: Connection, now: datetime, done: Sequence[tuple[Job, Outcome]]) -> None:
        """Records what attempts came to: success, when to try again, or that no attempt follows."""

    def release(self, conn: Connection, jobs: Sequence[Job]) -> None:
        """Gives back jobs that were claimed and not attempted to the end. Otherwise, their leases end some time."""

    async def close(self) -> None:
        """Ends what attempts share, such as connections; no attempt follows."""
