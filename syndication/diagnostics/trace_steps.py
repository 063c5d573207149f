"""The way of an article from the store into one feed, station by station, and where on it the article stands.

The stations stand in the order in which ``editors.trace`` asks: whatever stops an article has been passed before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from syndication.diagnostics.trace import Rule

State = Literal["passed", "waits", "stuck", "ends", "ahead", "leaving"]
"""passed; waits for its time, a worker or whoever publishes it; stuck until somebody mends what is wrong; ends here,
as it should; ahead is not reached; leaving is still there, and goes with the next regeneration."""


@dataclass(frozen=True, slots=True)
class Step:
    """One station: ``key`` for programs, its name for people, and in a word or two how it is with the article."""

    key: str
    name: str
    word: str
    state: State


class TracedVerdict(Protocol):
    """What is needed of a verdict: the trace's own, or the API's answer."""

    @property
    def rule(self) -> Rule: ...
    @property
    def in_feed(self) -> bool: ...
    @property
    def since_version(self) -> int | None: ...
    @property
    def changed_in_version(self) -> int | None: ...


STEP_NAMES: Mapping[str, str] = {
    "stored": "Stored",
    "feed": "The section has a feed",
    "not-withdrawn": "Not withdrawn",
    "filed": "Filed here",
    "published": "Published",
    "time": "Its time is now",
    "place": "Has a place",
    "renders": "Nothing is wrong with it",
    "regenerated": "Regenerated",
    "in-feed": "In the feed",
}
"""The stations in their order; behind them stands only the web process, ``served``."""

STOPPED_AT: Mapping[Rule, tuple[str, State, str]] = {
    "deleted": ("stored", "ends", "deleted"),
    "retired": ("feed", "ends", "retired"),
    "not-configured": ("feed", "stuck", "no feed"),
    "withdrawn": ("not-withdrawn", "ends", "withdrawn"),
    "not-filed": ("filed", "ends", "elsewhere"),
    "draft": ("published", "waits", "a draft"),
    "expired": ("time", "ends", "expired"),
    "embargo": ("time", "waits", "under embargo"),
    "pushed-out": ("place", "ends", "pushed out"),
    "left-out": ("renders", "stuck", "left out"),
    "no-worker": ("regenerated", "stuck", "no worker"),
    "failing": ("regenerated", "stuck", "failing"),
    "waiting": ("regenerated", "waits", "waiting"),
}
"""At which station each rule stops an article, how it stands there, and the word for it."""


def trace_steps(verdict: TracedVerdict, served: int | None = None, published: int | None = None) -> tuple[Step, ...]:
    """The stations in order.

    ``served`` is the section's version that this web process has in memory (None: not known), ``published`` the one
    that is published.
    """
    return (*_steps(verdict), _served(verdict, served, published))


def _steps(verdict: TracedVerdict) -> list[Step]:
    stop, state, word = STOPPED_AT.get(verdict.rule, (None, None, ""))
    found, reached = [], True
    for key, name in STEP_NAMES.items():
        if key == stop and state is not None:
            found.append(Step(key, name, word, state))
            reached = False
        elif key == "in-feed" and verdict.in_feed and not reached:
            found.append(Step(key, name, "still", "leaving"))
        else:
            found.append(Step(key, name, "yes" if reached else "", "passed" if reached else "ahead"))
    return found


def _served(verdict: TracedVerdict, served: int | None, published: int | None) -> Step:
    word, state = _how_served(verdict, served, published)
    return Step("served", "Served here", word, state)


def _how_served(verdict: TracedVerdict, served: int | None, published: int | None) -> tuple[str, State]:
    if served is None:
        return "", "ahead"
    version = f"version {served}"
    if not verdict.in_feed:
        # The one that is published has it no more: an older one may still show it.
        return (f"still {version}", "leaving") if served < (published or 0) else ("", "ahead")
    if served < (verdict.since_version or 0):
        return f"not yet: {version}", "waits"
    if served < (verdict.changed_in_version or 0):
        return f"as it was: {version}", "waits"
    return version, "passed" if verdict.rule == "in-feed" else "leaving"
