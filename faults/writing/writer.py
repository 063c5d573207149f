"""A writer: does one act after another, retries each until it is acknowledged, and records all in a journal."""

import threading
import time
from random import Random

from sqlalchemy.exc import SQLAlchemyError

from faults.stage.clocks import Clock
from faults.stage.waiting import now
from faults.writing.acts import choose
from faults.writing.hands import OwnStore, PlainSql
from faults.writing.journal import Act, Journal
from syndication.errors import StoreError

RETRY_SECONDS = 0.1
GIVE_UP_SECONDS = 90
"""The longest that an act takes after the last fault."""


class Writer(threading.Thread):
    """Writes with its own connections, to stories whose IDs begin with ``name``."""

    def __init__(self, name: str, url: str, clock: Clock, rng: Random, pause: float) -> None:
        super().__init__(name=name, daemon=True)
        self.journal = Journal()
        self._clock = clock
        self._rng = rng
        self._pause = pause
        self._plain, self._own = PlainSql(url), OwnStore(url)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Writes until ``stop``, and finishes the current act."""
        while not self._stopped.wait(self._rng.expovariate(1 / self._pause)):
            self._act()
        self._plain.close()
        self._own.close()

    def stop(self) -> None:
        """Stops the writer and waits for it."""
        self._stopped.set()
        self.join(GIVE_UP_SECONDS)

    def _act(self) -> None:
        stories = {id: acts[-1].story for id, acts in self.journal.acts.items()}
        name, story = choose(self._rng, stories, f"{self.name}-{len(stories):04}", self._clock.now())
        act = Act(name, story, now())
        self.journal.add(act)
        own = self._rng.random() < 0.5
        started = time.monotonic()
        while act.acknowledged is None:
            act.attempts += 1
            try:
                self._do(act, own)
                act.acknowledged = now()
            except (SQLAlchemyError, StoreError, OSError):
                # It may have been committed: a retry is idempotent.
                if self._stopped.is_set() and time.monotonic() - started > GIVE_UP_SECONDS:
                    return
                time.sleep(RETRY_SECONDS)

    def _do(self, act: Act, own: bool) -> None:
        match act.name:
            case "restore":
                self._own.restore(act.story)
            case "delete":
                self._plain.delete(act.story)
            case "replace":
                self._plain.replace(act.story)
            case "withdraw":
                (self._own if own else self._plain).withdraw(act.story)
            case _:
                (self._own if own else self._plain).put(act.story)
