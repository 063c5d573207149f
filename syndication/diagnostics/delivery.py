"""How far a withdrawal or a restoration has come: stored, in the feeds, served by every web process. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from syndication.diagnostics.health import SLOW
from syndication.diagnostics.trace import Verdict
from syndication.store.articles.trace_facts import TraceFacts
from syndication.store.processes.web_processes import WebProcess

Stage = Literal["no-worker", "failing", "stuck", "updating", "loading", "silent", "no-web", "served"]
"""Where it is. The first three: a feed is not regenerated. ``silent``: a web process does not answer."""

BLOCKED: Collection[Stage] = ("no-worker", "failing", "stuck", "silent", "no-web")
"""The stages that last until somebody does something."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where an article is on its way out of its feeds, or back into them.

    ``sections`` are the feeds that do not show it yet. ``webs`` web processes are running or silent, of which
    ``behind`` do not serve ``publication`` yet: the number of the publication that is waited for, None while a feed is
    not regenerated.
    """

    article_id: str
    withdrawn: bool
    stage: Stage
    sections: tuple[str, ...]
    webs: int
    behind: int
    publication: int | None
    words: str

    @property
    def is_served(self) -> bool:
        """Whether it has arrived everywhere."""
        return self.stage == "served"

    @property
    def is_blocked(self) -> bool:
        """Whether somebody has to do something."""
        return self.stage in BLOCKED


@dataclass(frozen=True, slots=True)
class WebFacts:
    """The web processes that are ``running``, and those that are ``silent``: they hang, or were killed.

    ``publication`` is the number of the last publication.
    """

    running: Sequence[WebProcess]
    silent: Sequence[WebProcess]
    publication: int


NO_TITLES: Mapping[str, str] = {}


def delivery(
    facts: TraceFacts,
    verdicts: Collection[Verdict],
    web: WebFacts,
    since: int | None = None,
    titles: Mapping[str, str] = NO_TITLES,
) -> Delivery:
    """Returns where the article is.

    ``since``: the ``publication`` of an earlier result. Later ones are not waited for, as they do not concern it.
    ``titles`` are what sentences call sections; without one, its slug.
    """
    late = [verdict for verdict in verdicts if verdict.late is not None]
    publication = web.publication if since is None else min(since, web.publication)
    behind = [process for process in web.running if process.publication < publication]
    silent = [process for process in web.silent if process.publication < publication]
    was_shown = bool(late or facts.departures or facts.positions)
    stage: Stage = _stage(facts, late) if late else "served"
    if stage == "served" and was_shown:
        stage = "silent" if silent else "no-web" if not web.running else "loading" if behind else "served"
    withdrawn = facts.withdrawal is not None
    return Delivery(
        facts.article_id,
        withdrawn,
        stage,
        tuple(verdict.section for verdict in late),
        len(web.running) + len(silent),
        len(behind) + len(silent),
        None if late else publication,
        f"{'Withdrawn' if withdrawn else 'Restored'}{_words(stage, facts, late, web, behind, silent, titles)}"
        f"{_held_words(verdicts, titles)}",
    )


def _held_words(verdicts: Collection[Verdict], titles: Mapping[str, str]) -> str:
    """Returns in which feeds the story waits because an editor holds them; a withdrawal waits in none."""
    held = [titles.get(verdict.section, verdict.section) for verdict in verdicts if verdict.rule == "held"]
    return f" It waits in {', '.join(held)}, which an editor holds." if held else ""


def _stage(facts: TraceFacts, late: Sequence[Verdict]) -> Stage:
    reasons = {verdict.late for verdict in late}
    if "no-worker" in reasons:
        return "no-worker"
    if "failing" in reasons:
        return "failing"
    return "stuck" if _waited(facts, late) > SLOW else "updating"


def _waited(facts: TraceFacts, late: Sequence[Verdict]) -> float:
    """Returns for how many seconds the longest waiting change for these feeds has waited."""
    states = [facts.states[verdict.section] for verdict in late if verdict.section in facts.states]
    since = [state.requested_at for state in states if state.pending] + [facts.noticed_at]
    return max(((facts.now - moment).total_seconds() for moment in since if moment is not None), default=0.0)


def _words(
    stage: Stage,
    facts: TraceFacts,
    late: Sequence[Verdict],
    web: WebFacts,
    behind: Sequence[WebProcess],
    silent: Sequence[WebProcess],
    titles: Mapping[str, str],
) -> str:
    """Returns the rest of the sentence."""
    out = facts.withdrawal is not None
    slugs = ", ".join(titles.get(verdict.section, verdict.section) for verdict in late)
    where = f"still in {slugs}" if out else f"not back in {slugs}"
    failing = {
        titles.get(verdict.section, verdict.section): state.error
        for verdict in late
        if verdict.late == "failing" and (state := facts.states.get(verdict.section)) is not None
    }
    was_shown = bool(facts.departures if out else facts.positions)
    processes = "web process" if len(web.running) == 1 else "web processes"
    silent_ones = ", ".join(f"{process.pid} on {process.host}" for process in silent)
    served = "every web process serves the feeds without it" if out else "every web process serves it"
    words: dict[Stage, str] = {
        "no-worker": f". Waiting for a worker: none is running, and the article is {where}."
        " Start one with `syndication worker`.",
        "failing": f", but {'; '.join(f'{slug} is failing: {error}' for slug, error in failing.items())}."
        f" The article is {where}.",
        "stuck": f", but {where}: the change has been waiting for {_waited(facts, late):.0f} s."
        " `syndication status` shows the cause.",
        "updating": f". Updating {slugs}.",
        "silent": f", but web process {silent_ones} does not answer: it may still serve the previous version."
        " Restart it.",
        "no-web": ", but no web process is running to serve that. Start one with `syndication web`.",
        "loading": f". Waiting for {len(behind)} of {len(web.running)} {processes} to load it.",
        "served": f": {served}." if was_shown else ". It is in no feed: its trace shows why.",
    }
    return words[stage]
