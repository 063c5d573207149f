"""The steps of an article from the store into one feed, and the step at which it stopped.

The steps are in the order in which ``trace`` applies its rules, so all steps before the one that stopped are passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from syndication.diagnostics.trace import Late, Rule

State = Literal["passed", "waits", "stuck", "ends", "ahead", "leaving"]
"""passed; waits: for its time, a worker or its publication; stuck: until an error is fixed; ends: here, as intended;
ahead: not reached; leaving: still there until the next regeneration."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``key`` for programs, a name for users, and the article's state in a word or two."""

    key: str
    name: str
    word: str
    state: State


class TracedVerdict(Protocol):
    """The fields needed from a verdict: the trace's own, or the API's response."""

    @property
    def rule(self) -> Rule:
        """The rule that decides."""

    @property
    def in_feed(self) -> bool:
        """Whether the article is in the feed now."""

    @property
    def late(self) -> Late | None:
        """Why the feed is out of date for the article."""

    @property
    def since_version(self) -> int | None:
        """The version that added the entry."""

    @property
    def changed_in_version(self) -> int | None:
        """The version that last changed the entry."""


STEP_NAMES: Mapping[str, str] = {
    "stored": "Stored",
    "feed": "Section has a feed",
    "not-withdrawn": "Not withdrawn",
    "filed": "In this section",
    "published": "Published",
    "time": "Publish time reached",
    "place": "Within entry limit",
    "renders": "Valid",
    "regenerated": "Regenerated",
    "in-feed": "In the feed",
}
"""The steps in order; only ``served``, the web process, follows them."""

STOPPED_AT: Mapping[Rule, tuple[str, State, str]] = {
    "deleted": ("stored", "ends", "deleted"),
    "retired": ("feed", "ends", "retired"),
    "not-configured": ("feed", "stuck", "no feed"),
    "withdrawn": ("not-withdrawn", "ends", "withdrawn"),
    "not-filed": ("filed", "ends", "not in this section"),
    "draft": ("published", "waits", "draft"),
    "expired": ("time", "ends", "expired"),
    "embargo": ("time", "waits", "under embargo"),
    "pushed-out": ("place", "ends", "pushed out"),
    "left-out": ("renders", "stuck", "left out"),
    "no-worker": ("regenerated", "stuck", "no worker"),
    "failing": ("regenerated", "stuck", "failing"),
    "held": ("regenerated", "waits", "feed held"),
    "waiting": ("regenerated", "waits", "waiting"),
}
"""The step at which each rule stops an article, the state of that step, and the word for it."""

BLOCKED: Mapping[Late | None, str] = {"no-worker": "no worker", "failing": "failing"}
"""The word for a feed that has the article and is not updated."""


def trace_steps(verdict: TracedVerdict, served: int | None = None, published: int | None = None) -> tuple[Step, ...]:
    """Returns the steps in order.

    ``served`` is the version in this web process's memory (None: unknown), ``published`` the published one.
    """
    return (*_steps(verdict), _served(verdict, served, published))


def _steps(verdict: TracedVerdict) -> list[Step]:
    stop, state, word = STOPPED_AT.get(verdict.rule, (None, None, ""))
    found, reached = [], True
    for key, name in STEP_NAMES.items():
        if key == "regenerated" and verdict.in_feed and verdict.late in BLOCKED:
            found.append(Step(key, name, BLOCKED[verdict.late], "stuck"))
        elif key == stop and state is not None:
            found.append(Step(key, name, word, state))
            reached = False
        elif key == "in-feed" and verdict.in_feed and not reached:
            found.append(Step(key, name, "still", "leaving"))
        else:
            found.append(Step(key, name, "yes" if reached else "", "passed" if reached else "ahead"))
    return found


def _served(verdict: TracedVerdict, served: int | None, published: int | None) -> Step:
    word, state = _how_served(verdict, served, published)
    return Step("served", "Live on this server", word, state)


def _how_served(verdict: TracedVerdict, served: int | None, published: int | None) -> tuple[str, State]:
    if served is None:
        return "", "ahead"
    version = f"version {served}"
    if not verdict.in_feed:
        # The published version no longer has it; this process may still serve an older one.
        return (f"still {version}", "leaving") if served < (published or 0) else ("", "ahead")
    if served < (verdict.since_version or 0):
        return f"not yet: {version}", "waits"
    if served < (verdict.changed_in_version or 0):
        return f"update pending: {version}", "waits"
    return version, "passed" if verdict.rule == "in-feed" else "leaving"
