"""How far a withdrawal or a restoration has come: stored, in the feeds, served by every web process. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from syndication.diagnostics.health import SLOW
from syndication.diagnostics.trace import Late, Verdict
from syndication.store.articles.trace_facts import TraceFacts
from syndication.store.processes.web_processes import WebProcess
from syndication.store.publishing.section_state import SectionState

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

    def silent_before(self, publication: int) -> list[WebProcess]:
        """Returns those that do not answer, and did not serve this publication when they did."""
        return [process for process in self.silent if process.publication < publication]


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
    late = {verdict.section: verdict.late for verdict in verdicts if verdict.late is not None}
    out = facts.withdrawal is not None
    on_its_way = OnItsWay(
        out,
        late,
        facts.states,
        facts.noticed_at,
        facts.now,
        was_shown=bool(late or facts.departures or facts.positions),
        is_shown=bool(facts.departures if out else facts.positions),
    )
    stage, publication, behind, words = find_stage(on_its_way, web, since, titles)
    return Delivery(
        facts.article_id,
        out,
        stage,
        tuple(late),
        len(web.running) + len(web.silent_before(publication)),
        behind,
        None if late else publication,
        f"{'Withdrawn' if out else 'Restored'}{words}",
    )


@dataclass(frozen=True, slots=True)
class Nouns:
    """What sentences call what is on its way."""

    being: str
    object: str
    in_no_feed: str


ARTICLE = Nouns("the article is", "it", "It is in no feed: its trace shows why.")

STORIES = Nouns("they are", "them", "None of them is in a feed.")

STORY = Nouns("it is", "it", "It is in no feed.")


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """What leaves feeds (``out``), or returns to them; ``late`` are the feeds that are not there yet, and why.

    ``was_shown``: some feed shows or showed it. ``is_shown``: as ``was_shown``, now or, if it is ``out``, before.
    """

    out: bool
    late: Mapping[str, Late]
    states: Mapping[str, SectionState]
    noticed_at: datetime | None
    now: datetime
    was_shown: bool
    is_shown: bool
    nouns: Nouns = ARTICLE

    @property
    def waited(self) -> float:
        """For how many seconds the longest waiting change for these feeds has waited."""
        states = [self.states[section] for section in self.late if section in self.states]
        since = [state.requested_at for state in states if state.pending] + [self.noticed_at]
        return max(((self.now - moment).total_seconds() for moment in since if moment is not None), default=0.0)


def find_stage(
    found: OnItsWay, web: WebFacts, since: int | None = None, titles: Mapping[str, str] = NO_TITLES
) -> tuple[Stage, int, int, str]:
    """Returns the stage, the publication that is waited for, how many web processes lack it, and the words."""
    publication = web.publication if since is None else min(since, web.publication)
    behind = [process for process in web.running if process.publication < publication]
    silent = web.silent_before(publication)
    stage: Stage = _stage(found) if found.late else "served"
    if stage == "served" and found.was_shown:
        stage = "silent" if silent else "no-web" if not web.running else "loading" if behind else "served"
    return stage, publication, len(behind) + len(silent), _words(stage, found, web, len(behind), silent, titles)


def _stage(found: OnItsWay) -> Stage:
    reasons = set(found.late.values())
    if "no-worker" in reasons:
        return "no-worker"
    if "failing" in reasons:
        return "failing"
    return "stuck" if found.waited > SLOW else "updating"


def _words(
    stage: Stage,
    found: OnItsWay,
    web: WebFacts,
    behind: int,
    silent: Sequence[WebProcess],
    titles: Mapping[str, str],
) -> str:
    """Returns the rest of the sentence."""
    nouns = found.nouns
    slugs = ", ".join(titles.get(section, section) for section in found.late)
    where = f"still in {slugs}" if found.out else f"not back in {slugs}"
    failing = {
        titles.get(section, section): state.error
        for section, late in found.late.items()
        if late == "failing" and (state := found.states.get(section)) is not None
    }
    processes = "web process" if len(web.running) == 1 else "web processes"
    silent_ones = ", ".join(f"{process.pid} on {process.host}" for process in silent)
    served = f"serves the feeds without {nouns.object}" if found.out else f"serves {nouns.object}"
    words: dict[Stage, str] = {
        "no-worker": f". Waiting for a worker: none is running, and {nouns.being} {where}."
        " Start one with `syndication worker`.",
        "failing": f", but {'; '.join(f'{slug} is failing: {error}' for slug, error in failing.items())}."
        f" {nouns.being.capitalize()} {where}.",
        "stuck": f", but {where}: the change has been waiting for {found.waited:.0f} s."
        " `syndication status` shows the cause.",
        "updating": f". Updating {slugs}.",
        "silent": f", but web process {silent_ones} does not answer: it may still serve the previous version."
        " Restart it.",
        "no-web": ", but no web process is running to serve that. Start one with `syndication web`.",
        "loading": f". Waiting for {behind} of {len(web.running)} {processes} to load it.",
        "served": f": every web process {served}." if found.is_shown else f". {nouns.in_no_feed}",
    }
    return words[stage]
