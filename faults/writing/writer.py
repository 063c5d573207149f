"""A writer: one act after the other, each tried again until it is known to be done, all of it in a journal."""

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
"""After the last fault is over, no act takes longer than this."""


class Writer(threading.Thread):
    """Works with connections of its own, on stories whose ids begin with ``name``."""

    def __init__(self, name: str, url: str, clock: Clock, rng: Random, pause: float) -> None:
        super().__init__(name=name, daemon=True)
        self.journal = Journal()
        self._clock = clock
        self._rng = rng
        self._pause = pause
        self._plain, self._own = PlainSql(url), OwnStore(url)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Until ``stop``; the act under way is finished."""
        while not self._stopped.wait(self._rng.expovariate(1 / self._pause)):
            self._act()
        self._plain.close()
        self._own.close()

    def stop(self) -> None:
        """Finish, and wait for it."""
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
                # Nobody knows whether it was committed: a second time does nothing more.
                if self._stopped.is_set() and time.monotonic() - started > GIVE_UP_SECONDS:
                    return
                time.sleep(RETRY_SECONDS)

    def _do(self, act: Act, own: bool) -> None:
        match act.name:
            case "restore":
                self._own.restore(act.story)
            case "delete":
                self._plain.delete(act.story)
            case "push what was deleted":  # The store's own functions write it only when it is restored.
                self._plain.put(act.story)
            case "withdraw":
                (self._own if own else self._plain).withdraw(act.story)
            case _:
                (self._own if own else self._plain).put(act.story)
