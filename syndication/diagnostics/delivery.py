"""How far a withdrawal or a restoration has come: stored, in the feeds, served by every web process. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from syndication.diagnostics.health import SLOW
from syndication.diagnostics.trace import Late, Verdict
from syndication.store.articles.trace_facts import TraceFacts
from syndication.store.processes.purge_queue import Purge
from syndication.store.processes.web_processes import WebProcess
from syndication.store.publishing.section_state import SectionState

Stage = Literal[
    "no-worker", "failing", "stuck", "updating", "loading", "silent", "no-web", "purging", "not-purged", "served"
]
"""Where it is. The first three: a feed is not regenerated. ``silent``: a web process does not answer. ``purging``: the
CDN's cache has not been purged yet, ``not-purged``: it refused."""

BLOCKED: Collection[Stage] = ("no-worker", "failing", "stuck", "silent", "no-web", "not-purged")
"""The stages that last until somebody does something."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where something is on its way out of its feeds, or back into them.

    ``sections`` are the feeds that do not show it yet. ``webs`` web processes are running or silent, of which
    ``behind`` do not serve ``publication`` yet: the number of the publication that is waited for, None while a feed is
    not regenerated.
    """

    stage: Stage
    sections: tuple[str, ...]
    webs: int
    behind: int
    publication: int | None
    words: str

    @property
    def is_served(self) -> bool:
        """Whether all of it has arrived everywhere."""
        return self.stage == "served"

    @property
    def is_blocked(self) -> bool:
        """Whether somebody has to do something."""
        return self.stage in BLOCKED


@dataclass(frozen=True, slots=True)
class Delivery(Progress):
    """Where one article is."""

    article_id: str
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class WebFacts:
    """The web processes that are ``running``, and those that are ``silent``: they hang, or were killed.

    ``publication`` is the number of the last publication. ``purges`` wait to be sent to the CDN's cache.
    """

    running: Sequence[WebProcess]
    silent: Sequence[WebProcess]
    publication: int
    purges: Sequence[Purge] = ()

    def stage(self, publication: int) -> "WebStage":
        """Returns how far this publication has come."""
        behind, silent = self.behind(publication), self.behind_silent(publication)
        return "silent" if silent else "no-web" if not self.running else "loading" if behind else "served"

    def behind(self, publication: int) -> list[WebProcess]:
        """Returns the running web processes that do not serve it yet."""
        return [process for process in self.running if process.publication < publication]

    def behind_silent(self, publication: int) -> list[WebProcess]:
        """Returns the silent ones, of which nobody knows whether they ever will."""
        return [process for process in self.silent if process.publication < publication]

    def words(self, publication: int) -> str:
        """Returns what a publication waits for, as a sentence; "" if every web process serves it."""
        match self.stage(publication):
            case "silent":
                return (
                    f"Web process {names(self.behind_silent(publication))} does not answer: it may still serve the"
                    " previous version. Restart it."
                )
            case "no-web":
                return "No web process is running to serve it. Start one with `syndication web`."
            case "loading":
                return f"Waiting for web process {names(self.behind(publication))} to load it."
        return ""


WebStage = Literal["silent", "no-web", "loading", "served"]


def names(processes: Collection[WebProcess]) -> str:
    """Returns where these processes are: "4711 on cms-1"."""
    return ", ".join(f"{process.pid} on {process.host}" for process in processes)


NO_TITLES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Nouns:
    """What sentences call what is on its way."""

    name: str
    being: str
    object: str
    in_no_feed: str


ARTICLE = Nouns("the article", "the article is", "it", "It is in no feed: its trace shows why.")

STORIES = Nouns("them", "they are", "them", "None of them is in a feed.")

STORY = Nouns("it", "it is", "it", "It is in no feed.")


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """What leaves feeds (``out``), or returns to them; ``late`` are the feeds that are not there yet, and why.

    ``was_shown``: some feed shows or showed it. ``is_shown``: as ``was_shown``, now or, if it is ``out``, before.
    ``unpurged`` are purges without which the CDN's cache still serves it. ``in_sitemaps``: a sitemap lists it still.
    """

    out: bool
    late: Mapping[str, Late]
    states: Mapping[str, SectionState]
    noticed_at: datetime | None
    now: datetime
    was_shown: bool
    is_shown: bool
    unpurged: Sequence[Purge] = ()
    in_sitemaps: bool = False
    nouns: Nouns = ARTICLE

    @property
    def waited(self) -> float:
        """For how many seconds the longest waiting change for these feeds has waited."""
        states = [self.states[section] for section in self.late if section in self.states]
        since = [state.requested_at for state in states if state.pending] + [self.noticed_at]
        return max(((self.now - moment).total_seconds() for moment in since if moment is not None), default=0.0)


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
    left = {section: departure.at for section, departure in facts.departures.items()} if out else {}
    on_its_way = OnItsWay(
        out,
        late,
        facts.states,
        facts.noticed_at,
        facts.now,
        was_shown=bool(late or facts.departures or facts.positions),
        is_shown=bool(facts.departures if out else facts.positions),
        unpurged=unpurged(web.purges, left),
        in_sitemaps=facts.in_sitemaps,
    )
    stage, publication, behind, words = find_stage(on_its_way, web, since, titles)
    return Delivery(
        stage,
        tuple(late),
        len(web.running) + len(web.behind_silent(publication)),
        behind,
        None if late else publication,
        f"{'Withdrawn' if out else 'Restored'}{words}{_held_words(verdicts, titles)}",
        facts.article_id,
        out,
    )


def _held_words(verdicts: Collection[Verdict], titles: Mapping[str, str]) -> str:
    """Returns in which feeds the story waits because an editor holds them; a withdrawal waits in none."""
    held = [titles.get(verdict.section, verdict.section) for verdict in verdicts if verdict.rule == "held"]
    return f" It waits in {', '.join(held)}, which an editor holds." if held else ""


def unpurged(purges: Collection[Purge], left: Mapping[str, datetime]) -> list[Purge]:
    """Returns the purges without which the CDN's cache still serves something in feeds that it ``left`` at a time.

    That time is of a version, in whole seconds.
    """
    return [
        purge for purge in purges if purge.section in left and purge.since.replace(microsecond=0) <= left[purge.section]
    ]


def find_stage(
    found: OnItsWay, web: WebFacts, since: int | None = None, titles: Mapping[str, str] = NO_TITLES
) -> tuple[Stage, int, int, str]:
    """Returns the stage, the publication that is waited for, how many web processes lack it, and the words."""
    publication = web.publication if since is None else min(since, web.publication)
    behind, silent = web.behind(publication), web.behind_silent(publication)
    stage: Stage = _stage(found) if found.late else "served"
    if stage == "served" and found.was_shown:
        stage = web.stage(publication)
    if stage == "served" and found.unpurged:
        stage = "not-purged" if any(purge.error for purge in found.unpurged) else "purging"
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
    one = len(silent) == 1
    served = f"serves the feeds without {nouns.object}" if found.out else f"serves {nouns.object}"
    cached = ", ".join(titles.get(purge.section, purge.section) for purge in found.unpurged)
    refused = next((purge for purge in found.unpurged if purge.error), None)
    later = f" It shows {nouns.name} until its copy expires." if refused and refused.given_up_at else " Retrying."
    maps = " The sitemaps follow within a minute." if found.out and found.in_sitemaps else ""
    words: dict[Stage, str] = {
        "no-worker": f". Waiting for a worker: none is running, and {nouns.being} {where}."
        " Start one with `syndication worker`.",
        "failing": f", but {'; '.join(f'{slug} is failing: {error}' for slug, error in failing.items())}."
        f" {nouns.being.capitalize()} {where}.",
        "stuck": f", but {where}: the change has been waiting for {found.waited:.0f} s."
        " `syndication status` shows the cause.",
        "updating": f". Updating {slugs}.",
        "silent": f", but web {'process' if one else 'processes'} {names(silent)} {'does' if one else 'do'} not answer:"
        f" {'it' if one else 'they'} may still serve the previous version. Restart {'it' if one else 'them'}.",
        "no-web": ", but no web process is running to serve that. Start one with `syndication web`.",
        "loading": f". Waiting for {behind} of {len(web.running)} {processes} to load it.",
        "purging": f". Waiting for the cache to be purged for {cached}.",
        "not-purged": f", but the cache was not purged for {cached}: {refused.error if refused else ''}.{later}",
        "served": f": every web process {served}.{maps}" if found.is_shown else f". {nouns.in_no_feed}",
    }
    return words[stage]
