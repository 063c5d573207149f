"""The thread that takes work from queues, attempts it, many at once, and records in batches what it came to.

No transaction is open while something is attempted. If the process is killed, the leases of what it had taken end, and
another attempts it; if it is stopped, it gives them back.
"""

import asyncio
import contextlib
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Generic, TypeVar

from syndication.logs import get_logger
from syndication.metrics.outbound import ATTEMPTS, UNDER_WAY
from syndication.outbound.queue import Job, Outcome, Queue
from syndication.outbound.threads import in_thread
from syndication.store.db.database import Database, DatabaseDown, SerializationConflict

log = get_logger(__name__)

BATCH_SECONDS, BATCH = 0.05, 500
"""How long a result waits for others to be recorded with, and how many are recorded together."""

SHARE = 4
"""No party has more than this fraction of the attempts at a time: one in four."""

WAIT_SECONDS = 5.0
"""How long work that was taken waits until its party has fewer attempts under way; then it is given back."""

REMEMBERED = 1_000
"""How many parties are remembered to have failed lately, the last ones."""

FORGET_SECONDS = 600.0
"""After this time, a party that failed is tried like any other."""

OUTAGE_SECONDS = 1.0
"""The pause after the database could not be reached."""

STOP_SECONDS = 1.0
"""How long the thread may delay the end of its process."""

Value = TypeVar("Value")


class Engine:
    """Serves queues in a thread of its own, with an event loop of its own. All their state is in the database."""

    def __init__(self, database: Database, queues: Sequence[Queue[Any]]) -> None:
        self.database = database
        self._lanes = {queue.name: _Lane(queue, self) for queue in queues}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="outbound", daemon=True)

    def start(self) -> None:
        """Starts the thread, if there is any queue."""
        if self._lanes:
            self._thread.start()

    def notify(self, name: str) -> None:
        """Makes the thread look for work of this queue now; without such a queue, nothing happens. Never waits."""
        lane = self._lanes.get(name)
        if lane is not None:
            self._call(lane.look_now)

    def stop(self) -> None:
        """Ends the attempts, records what has ended, gives back the rest, and waits a moment for that."""
        self._stopped.set()
        if not self._thread.is_alive():
            return
        for lane in self._lanes.values():
            self._call(lane.stop)
        self._thread.join(timeout=STOP_SECONDS)

    @property
    def stopping(self) -> bool:
        """Whether it is to stop, or has."""
        return self._stopped.is_set()

    @property
    def is_running(self) -> bool:
        """Whether the thread is running."""
        return self._thread.is_alive()

    def _call(self, function: Callable[[], None]) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(function)
            except RuntimeError:  # It has ended in this very moment.
                return

    def _run(self) -> None:
        # Before anything is under way: it takes a quarter of a second, in which the loop would do nothing else.
        from syndication.outbound import exchange  # noqa: F401

        try:
            asyncio.run(self._serve())
        except Exception:
            log.exception("outbound_ended")

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await asyncio.gather(*(lane.serve(self._stopped) for lane in self._lanes.values()))

    async def transact(self, step: Callable[[], Value]) -> Value:
        """Returns what ``step`` returns; of one process, one at a time, since they would only wait for each other."""

        def alone() -> Value:
            with self._one_at_a_time:
                return step()

        return await in_thread(alone, "outbound-step")


class _Lane(Generic[Job]):
    """One queue: what is under way and what waits to be recorded. Everything but ``_step`` runs in the loop."""

    def __init__(self, queue: Queue[Job], engine: Engine) -> None:
        self.queue = queue
        self._engine = engine
        self._tasks: dict[asyncio.Task[None], Job] = {}
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[tuple[float, Job]]] = {}
        self._done: list[tuple[Job, Outcome]] = []
        self._done_since = 0.0
        self._troubled = _Troubled()
        self._look_at = 0.0
        self._more = False
        self._failing = False
        self._woken = asyncio.Event()

    def look_now(self) -> None:
        """Looks for work at once."""
        self._look_at = 0.0
        self._woken.set()

    def stop(self) -> None:
        """Ends the attempts under way."""
        for task in self._tasks:
            task.cancel()
        self._woken.set()

    async def serve(self, stopped: threading.Event) -> None:
        """Works until ``stopped``."""
        while not stopped.is_set():
            self._woken.clear()
            pause = self._pause(time.monotonic())
            if pause > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), pause)
                continue
            try:
                await self._turn()
                self._failing = False
            except (
                DatabaseDown,
                SerializationConflict,
            ) as error:  # Without the driver's message, which may quote a row.
                if not self._failing:
                    log.warning("outbound_waits", queue=self.queue.name, error=type(error).__name__)
                self._failing = True
                await self._rest(stopped)
            except Exception:  # If it ended silently, nothing would be sent any more.
                log.exception("outbound_failed", queue=self.queue.name)
                # What could not be recorded is dropped: its leases end. Kept, it would hold up everything.
                await self._rest(stopped)
        await self._end()

    async def _rest(self, stopped: threading.Event) -> None:
        ends = time.monotonic() + OUTAGE_SECONDS
        while not stopped.is_set() and (left := ends - time.monotonic()) > 0:
            self._woken.clear()
            try:
                await asyncio.wait_for(self._woken.wait(), left)
            except TimeoutError:
                return

    def _pause(self, now: float) -> float:
        """Returns the seconds until there is something to do in the database."""
        pauses = [self._look_at - now if self._free() else self.queue.look_seconds]
        if self._done:
            enough = min(BATCH, max(self.queue.at_once // 2, 1))
            pauses.append(0.0 if len(self._done) >= enough else self._done_since + BATCH_SECONDS - now)
        pauses += [line[0][0] + self._patience(party) - now for party, line in self._waiting.items() if line]
        return min(pauses)

    def _free(self) -> int:
        return self.queue.at_once - len(self._tasks)

    async def _turn(self) -> None:
        """Records what has ended, and takes what can be attempted next, in one transaction."""
        done, late = self._done, self._too_late(time.monotonic())
        self._done = []
        looks = self._free() > 0 and (self._more or time.monotonic() >= self._look_at)
        most, busy = (self._free(), self._busy()) if looks else (0, ())
        if looks:
            self._look_at = float("inf")  # Unless it is asked for meanwhile.
        try:
            jobs = await self._engine.transact(lambda: self._step(done, late, most, busy))
        except (DatabaseDown, SerializationConflict):
            self._done = done + self._done
            for job in late:
                self._wait(job)
            self._more = self._more or looks
            raise
        finally:
            if looks:
                self._look_at = min(self._look_at, time.monotonic() + self.queue.look_seconds)
        if looks:
            self._more = bool(jobs)
        for job in jobs:
            self._wait(job)
        for party in {self.queue.party(job) for job in jobs}:
            self._begin(party)
        if jobs and self._free() > 0:
            self._look_at = 0.0

    def _step(
        self, done: Sequence[tuple[Job, Outcome]], late: Sequence[Job], most: int, busy: Collection[str]
    ) -> Sequence[Job]:
        database, queue = self._engine.database, self.queue
        if not done and not late:
            with database.read() as conn:
                if not queue.has_work(conn, database.now(conn)):
                    return ()
        with database.write() as conn:
            now = database.now(conn)
            if done:
                queue.record(conn, now, done)
            if late:
                queue.release(conn, late)
            return queue.claim(conn, now, most, busy) if most else ()

    def _busy(self) -> set[str]:
        """Returns the parties that have as many attempts under way as they may, or work waiting here."""
        full = {party for party, number in self._running.items() if number >= self._most(party)}
        if sum(self._running[party] for party in self._troubled) >= max(self.queue.at_once // 2, 1):
            full.update(self._troubled)
        return full | self._waiting.keys()

    def _most(self, party: str) -> int:
        """Returns how many attempts a party may have at a time: fewer, the more failed lately."""
        return max((self.queue.at_once // SHARE) >> min(self._troubled.failures(party), 10), 1)

    def _patience(self, party: str) -> float:
        """Returns how long work waits here for its party; not at all for one that has failed, so that little waits."""
        return 0.0 if self._troubled.failures(party) else WAIT_SECONDS

    def _wait(self, job: Job) -> None:
        self._waiting.setdefault(self.queue.party(job), deque()).append((time.monotonic(), job))

    def _too_late(self, now: float) -> list[Job]:
        """Returns what has waited here for too long, and forgets it."""
        late = []
        for party, line in list(self._waiting.items()):
            while line and line[0][0] + self._patience(party) <= now:
                late.append(line.popleft()[1])
            if not line:
                del self._waiting[party]
        return late

    def _begin(self, party: str) -> None:
        """Begins what waits of a party, as far as it may."""
        line = self._waiting.get(party)
        while line and self._running[party] < self._most(party) and self._free() > 0:
            _, job = line.popleft()
            self._running[party] += 1
            task = asyncio.create_task(self._attempt(job, party))
            self._tasks[task] = job
            UNDER_WAY.labels(self.queue.name).inc()
            task.add_done_callback(lambda task: self._ended(task, party))
        if line is not None and not line:
            del self._waiting[party]

    async def _attempt(self, job: Job, party: str) -> None:
        started = time.monotonic()
        try:
            outcome = await self.queue.attempt(job)
        except Exception as error:
            # Without the exception's own words, which may quote an address or a password.
            log.exception("attempt_failed", queue=self.queue.name)
            took = 1000 * (time.monotonic() - started)
            outcome = Outcome("failed", f"an unexpected error ({type(error).__name__})", None, took)
        self._troubled.note(party, failed=outcome.result == "failed")
        ATTEMPTS.labels(self.queue.name, outcome.result).inc()
        if not self._done:
            self._done_since = time.monotonic()
        self._done.append((job, outcome))

    def _ended(self, task: asyncio.Task[None], party: str) -> None:
        job = self._tasks.pop(task)
        UNDER_WAY.labels(self.queue.name).dec()
        self._running[party] -= 1
        if not self._running[party]:
            del self._running[party]
        if task.cancelled():
            self._wait(job)  # It is given back.
        elif not self._engine.stopping:
            self._begin(party)
            self._more = True
        self._woken.set()

    async def _end(self) -> None:
        """Records what has ended and gives back the rest, in one transaction."""
        self.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # The callbacks of the tasks.
        left = [job for line in self._waiting.values() for _, job in line]
        self._waiting.clear()
        done, self._done = self._done, []
        if (done or left) and not self._engine.database.is_given_up:
            try:
                await self._engine.transact(lambda: self._step(done, left, 0, ()))
            except (DatabaseDown, SerializationConflict) as error:
                log.warning("outbound_not_recorded", queue=self.queue.name, error=type(error).__name__)
            except Exception:
                log.exception("outbound_failed", queue=self.queue.name)
        await self.queue.close()


class _Troubled:
    """The parties whose last attempt failed, and how many in a row."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __iter__(self) -> Iterator[str]:
        return iter(self._failures)

    def failures(self, party: str) -> int:
        """Returns how many attempts failed in a row."""
        number, at = self._failures.get(party, (0, 0.0))
        return number if at + FORGET_SECONDS > time.monotonic() else 0

    def note(self, party: str, *, failed: bool) -> None:
        """Notes what an attempt came to."""
        number = self.failures(party) + 1
        self._failures.pop(party, None)
        if failed:
            self._failures[party] = number, time.monotonic()
            if len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)
