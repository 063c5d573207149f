"""Acts in the CMS that change what the public sees: how many are in our feeds two seconds later, as the CMS shows them.

The whole service runs: a worker with its look a second, and a web process that readers poll. After each act the feeds
are compared with what the CMS itself shows: addresses, titles, words, authors, sections, tags, pictures, files and
dates. Beside that, whether the change time of any story moved: a poll for changed rows can know nothing else.
"""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from benchmarks.databases import folder, urls
from benchmarks.processes import wait_until_served
from benchmarks.sources.service import following
from benchmarks.sources.watcher import Story, Watcher
from benchmarks.table import count, median, ms

COLUMNS = ["", "acts", "served within 2 s", "p50 ms", "max ms", "a change time moved", "share"]

PROMISED_SECONDS = 2.0


class Acts(Protocol):
    """The acts that a CMS can do; ``sections`` are the feeds beside that of everything."""

    sections: Sequence[str]

    def names(self) -> Sequence[str]:
        """Returns the names of the acts, in their order."""

    def source(self) -> str:
        """Returns the [[source]] for the configuration."""

    def prepare(self, name: str) -> None:
        """Does what comes before the act."""

    def do(self, name: str) -> None:
        """Does the act."""

    def shown(self) -> Mapping[str, Story]:
        """Returns what the CMS shows anybody now, by the id that readers know."""

    def change_times(self) -> Mapping[str, str]:
        """Returns the change time of each story, public or not."""


class Done(NamedTuple):
    """One act: seconds until it was served, and whether a change time moved."""

    name: str
    seconds: float
    moved: bool


def measure(name: str, acts: Acts) -> list[str]:
    """Does all acts and returns the row of the table; raises if one does not come to the feeds."""
    more = "entries = 200\n" + "".join(
        f'[[section]]\nslug = "{slug}"\ntitle = "{slug.title()}"\n' for slug in acts.sections
    )
    with (
        folder() as where,
        urls("sqlite") as (url,),
        following(where, url, acts.source(), more=more) as port,
    ):
        for slug in ("all", *acts.sections):
            wait_until_served(port, f"/feeds/{slug}.json")
        with Watcher(port, acts.sections) as watcher:
            done = [_named(acts, act, watcher) for act in acts.names()]
    late = [act for act in done if act.seconds > PROMISED_SECONDS]
    for act in late:
        print(f"  {name}: {act.name!r} was served after {act.seconds:.1f} s")
    seconds, moved = [act.seconds for act in done], sum(act.moved for act in done)
    return [
        name,
        count(len(done)),
        count(len(done) - len(late)),
        ms(median(seconds)),
        ms(max(seconds)),
        count(moved),
        f"{moved / len(done):.2f}",
    ]


def _named(acts: Acts, name: str, watcher: Watcher) -> Done:
    try:
        return _do(acts, name, watcher)
    except RuntimeError as error:
        raise RuntimeError(f"after {name!r}: {error}") from error


def _do(acts: Acts, name: str, watcher: Watcher) -> Done:
    acts.prepare(name)
    watcher.wait(acts.shown())
    times = acts.change_times()
    before = time.perf_counter()
    acts.do(name)
    began = time.perf_counter()
    served = watcher.wait(acts.shown(), before)
    moved = any(times.get(id) != moment for id, moment in acts.change_times().items())
    return Done(name, max(0.0, served - began), moved)
