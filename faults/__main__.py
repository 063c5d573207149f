"""``python -m faults [NAMES…]``: inject these faults, or all of them, again and again."""

import argparse
import signal
import sys
import time
from types import FrameType
from typing import NoReturn

from benchmarks.table import count, show
from faults.catalogue import FAULTS, lacking
from faults.play import Pace, Played, play
from faults.stage.stage import Plan
from faults.stage.waiting import NeverHappened

COLUMNS = ["fault", "times", "acts", "articles", "documents", "polls", "right after s", "losses"]
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

MOST_TOLD = 20
"""Losses that are told for each fault: one cause makes many."""


def main(arguments: list[str] | None = None) -> int:
    """Inject what is named; 1 if anything was lost. What this machine cannot show is said, and is no loss."""
    policy, names, seed = parse(arguments)
    signal.signal(signal.SIGTERM, _end)
    print(f"The seed is {seed}.", flush=True)
    rows, losses = [], 0
    for name in names:
        why_not = lacking(FAULTS[name])
        if why_not:
            print(f"{name}: not tried, {why_not}", flush=True)
            continue
        for plan in FAULTS[name].plans:
            played = _play(name, plan, policy, seed)
            rows.append(_row(name, plan, played))
            losses += len(played.losses)
            _tell(name, plan, played, f"{name} {_length(policy)} --seed {seed}")
    show("Faults", COLUMNS, rows)
    return 1 if losses else 0


def parse(arguments: list[str] | None) -> tuple[Pace, list[str], str]:
    """The pace, the names in the order of the list, and the seed."""
    names = "\n".join(f"  {name:<20}{fault.words}" for name, fault in FAULTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m faults",
        description="Break the service on purpose while a newsroom writes and readers poll, and look for losses.",
        epilog=f"faults (all, unless some are named):\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="one of those below")
    long = parser.add_mutually_exclusive_group()
    long.add_argument("--rounds", type=int, metavar="N", help="inject each fault so many times (20) on each database")
    long.add_argument("--minutes", type=float, metavar="M", help="go on with each fault for so long instead")
    parser.add_argument("--seed", default=str(int(time.time())), help="repeats what is written, and what breaks when")
    values = parser.parse_args(arguments)
    unknown = [name for name in values.names if name not in FAULTS]
    if unknown:
        parser.error(f"there is no fault {unknown[0]!r}: there are {', '.join(FAULTS)}")
    rounds = None if values.minutes is not None else 20 if values.rounds is None else values.rounds
    if (rounds is not None and rounds < 1) or (values.minutes is not None and values.minutes <= 0):
        parser.error("--rounds should be 1 or more, and --minutes more than 0")
    return Pace(rounds=rounds, minutes=values.minutes or 0.0), values.names or list(FAULTS), values.seed


def _play(name: str, plan: Plan, policy: Pace, seed: str) -> Played:
    try:
        return play(plan, FAULTS[name].inject, policy, f"{seed}-{name}-{plan.dialect}")
    except NeverHappened as error:  # One that cannot even begin, or end, leaves the others their turn.
        return Played(losses=[str(error)])


def _length(policy: Pace) -> str:
    return f"--minutes {policy.minutes:g}" if policy.rounds is None else f"--rounds {policy.rounds}"


def _row(name: str, plan: Plan, played: Played) -> list[str]:
    numbers = (played.injected, played.acts, played.articles, played.documents, played.polls)
    told = [count(number) for number in numbers]
    return [f"{name}, {DATABASES[plan.dialect]}", *told, f"{played.settled_in:.1f}", count(len(played.losses))]


def _tell(name: str, plan: Plan, played: Played, again: str) -> None:
    """What was lost, and how to see it again."""
    print(f"{name}, {DATABASES[plan.dialect]}: {played.injected} times, {len(played.losses)} losses", flush=True)
    for loss in played.losses[:MOST_TOLD]:
        print(f"  {loss}")
    if len(played.losses) > MOST_TOLD:
        print(f"  and {len(played.losses) - MOST_TOLD} more")
    if played.losses:
        print(f"  Again: python -m faults {again}", flush=True)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(143)  # As an exception, so that processes end and folders go.


if __name__ == "__main__":
    sys.exit(main())
