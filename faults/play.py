"""One run of a fault: a newsroom writes, readers poll, the fault is injected repeatedly; then all is compared."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

import psycopg

from faults.checker.at_the_end import differences, kept, should_hold
from faults.checker.logs import wrong_in_logs
from faults.checker.rows import Stored, stored
from faults.checker.verdict import losses_on_the_way
from faults.reading.documents import read
from faults.reading.history import History
from faults.reading.poller import Poller
from faults.stage.newsroom import PATHS
from faults.stage.processes import Web
from faults.stage.stage import Plan, Stage, staged
from faults.stage.waiting import NeverHappened, until
from faults.writing.journal import Journal
from faults.writing.writer import Writer

SETTLED_SECONDS = 45
"""Seconds after the last fault within which everything must be correct: the safety net runs every 30."""

ACTS_SECONDS = 90

Inject = Callable[[Stage, Random], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a run lasts, and how busy it is: ``acts`` is a minimum, pauses are average seconds."""

    rounds: int | None = None
    minutes: float = 1.0
    acts: int = 300
    between_acts: float = 0.05
    between_polls: float = 0.01
    between_faults: float = 1.0


@dataclass(slots=True)
class Played:
    """The result of a run."""

    injected: int = 0
    acts: int = 0
    articles: int = 0
    documents: int = 0
    polls: int = 0
    settled_in: float = 0.0
    losses: list[str] = field(default_factory=list)


def play(plan: Plan, faults: Sequence[Inject], policy: Pace, seed: str) -> Played:
    """Runs faults on a new stage. The seed determines the writes and the faults; the rest depends on the processes."""
    rng = Random(seed)
    with staged(plan) as stage:
        writers = [
            Writer(f"w{n}", stage.url, stage.clock, Random(f"{seed}-{n}"), policy.between_acts)
            for n in range(1, plan.writers + 1)
        ]
        pollers = [Poller(web, policy.between_polls) for web in stage.webs]
        for thread in (*writers, *pollers):
            thread.start()
        played = Played()
        try:
            played.injected = _break(stage, faults, policy, rng)
            until(
                lambda: sum(len(writer.journal) for writer in writers) >= policy.acts, ACTS_SECONDS, "enough is written"
            )
            for writer in writers:
                writer.stop()
            played.losses += stage.claims
            started = time.monotonic()
            journal = Journal.of_all([writer.journal for writer in writers])
            played.losses += settle(stage, journal)
            played.settled_in = time.monotonic() - started
        finally:
            history = History.of_all([poller.stop() for poller in pollers])
        played.losses += losses_on_the_way(history, journal, stage.clock)
        played.losses += [
            f"{web.name} exited unexpectedly with {code}" for web in stage.webs for code in web.ended_by_itself
        ]
        played.losses += wrong_in_logs({program.name: program.log.read_text() for program in stage.programs})
        _count(played, journal, history)
        return played


def _break(stage: Stage, faults: Sequence[Inject], policy: Pace, rng: Random) -> int:
    """Injects one fault after another, at random moments, and returns their number."""
    deadline = time.monotonic() + policy.minutes * 60
    injected = 0
    while injected < policy.rounds * len(faults) if policy.rounds is not None else time.monotonic() < deadline:
        time.sleep(rng.uniform(0.3, 1.7) * policy.between_faults)
        fault = faults[injected % len(faults)]
        try:
            fault(stage, rng)
        except NeverHappened as error:
            stage.claims.append(str(error))
        injected += 1
    time.sleep(rng.uniform(0.3, 1.7) * policy.between_faults)
    return injected


def settle(stage: Stage, journal: Journal) -> list[str]:
    """Waits until every web process serves the expected feeds, and returns what is still wrong after the timeout."""
    losses: list[str] = []

    def right() -> bool:
        losses[:] = _wrong_now(stage, journal)
        return not losses

    try:
        until(right, SETTLED_SECONDS, "everything is correct", pause=0.2)
    except NeverHappened:
        return [f"{loss} (still, after {SETTLED_SECONDS} seconds)" for loss in losses]
    return []


def _wrong_now(stage: Stage, journal: Journal) -> list[str]:
    try:
        before, found = stage.clock.now(), stored(stage.url)
    except (OSError, psycopg.Error, sqlite3.Error) as error:
        return [f"the database cannot be read ({type(error).__name__})"]
    losses = kept(journal, found.articles) + _unfinished(found)
    for web in stage.webs:
        losses += _wrong_of(web, found, before)
    return losses


def _wrong_of(web: Web, found: Stored, moment: datetime) -> list[str]:
    losses = []
    for path in PATHS:
        status, body = web.get(path)
        if status != 200:
            losses.append(f"{path} of {web.name} has the status {status}")
            continue
        document = read(path, "identity", body)
        rows = should_hold(found.articles.values(), document.section, moment)
        losses += [f"{web.name}: {words}" for words in differences(document, rows, moment)]
    return losses


def _unfinished(found: Stored) -> list[str]:
    numbers = {"changes waiting": found.changes, "feeds pending": found.pending, "feeds failing": found.failing}
    return [f"{number} {words}" for words, number in numbers.items() if number]


def _count(played: Played, journal: Journal, history: History) -> None:
    played.acts = len(journal)
    played.articles = len(journal.acts)
    played.documents = len({(s.web, s.document.path, s.etag) for s in history.sightings})
    played.polls = len(history.polls)
