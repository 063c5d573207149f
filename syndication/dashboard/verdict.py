"""The verdict on the service: one for the overview and for the navigation of every page, read once a second."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from flask import Response, current_app, request

from syndication.api.operations import caller, context
from syndication.api.service_health import service_health
from syndication.api.visibility import CallerView
from syndication.dashboard.pages import Pages, page, titles
from syndication.dashboard.quiet_sections import find_silences
from syndication.dashboard.ttl_cache import TTLCache
from syndication.diagnostics import health
from syndication.diagnostics.health import Severity
from syndication.diagnostics.read_health import Health
from syndication.store import Connection
from syndication.store.db.database import DatabaseDown

pages = Pages("verdict")

CACHE_SECONDS = 1.0
"""Seconds for which one database query serves all viewers."""

HIDDEN_SECONDS = 10.0
"""The same for stories in sections without a feed: finding them takes a look into an index for each section."""

MOST_ROWS = 200
"""The most rows of the overview's table."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the navigation shows: the number of problems, the worst severity (None: all is well), and the headline."""

    count: int
    severity: Severity | None
    words: str


class CachedView(CallerView):
    """What the caller may see; what is dear to find is kept for some seconds."""

    def hidden(self, conn: Connection, known: Collection[str], now: datetime) -> tuple[dict[str, str], list[str]]:
        """Returns the same as before, for some seconds."""
        cache: TTLCache = current_app.extensions["ttl_cache"]
        key = ("hidden stories", self.sees_changes)
        return cache.get(key, HIDDEN_SECONDS, lambda: super(CachedView, self).hidden(conn, known, now))


def current_health() -> Health:
    """Returns the state of the service as the caller may see it, at most a second old."""
    cache: TTLCache = current_app.extensions["ttl_cache"]
    return cache.get(("health", caller().may("preview")), CACHE_SECONDS, _read)


def _read() -> Health:
    sections = context().settings.sections
    asked = list(islice(sections, MOST_ROWS)) if len(sections) > MOST_ROWS else None
    found, silences, named = service_health(CachedView(), asked), find_silences(), titles()
    silent = {slug: f"{named[slug]}: {words}" for slug, words in silences.items() if slug in named}
    return replace(found, facts=replace(found.facts, silences=silent, titles=named))


def current_verdict() -> Verdict:
    """Returns the verdict for the navigation; never raises: a page that needs no database still has one."""
    try:
        found = current_health()
    except DatabaseDown:
        findings = health.examine(health.HealthFacts(caller().now, (), (), 0, None, database_up=False))
        return Verdict(len(findings), findings[0].severity, health.headline(findings))
    return Verdict(len(health.problems(found.findings)), worst(found), health.headline(found.findings))


def worst(found: Health) -> Severity | None:
    """Returns the severity by which the verdict is coloured everywhere: red while somebody holds a feed."""
    findings = found.findings
    is_held = any(state.editor_hold for state in found.status.states.values())
    severity = findings[0].severity if findings else None
    return "problem" if severity == "notice" and is_held else severity


def promise(done: str, then: str, sections: Collection[str] = ()) -> str:
    """Returns what was done and what follows, or what keeps it from following; ``sections`` are the feeds it is for."""
    found = current_health()
    if not found.facts.workers:
        return f"{done} No worker is running: it reaches readers when one is started with `syndication worker`."
    if not found.facts.web:
        return f"{done} No web process is running: it reaches readers when one is started with `syndication web`."
    failing = [found.facts.title(slug) for slug in sections if found.fails(slug)]
    if failing:
        verb = "is" if len(failing) == 1 else "are"
        return f"{done} {', '.join(failing)} {verb} failing: it reaches readers there once that is fixed."
    waited = found.facts.waited
    if waited > health.SLOW:
        return f"{done} A change has been waiting for {waited:.0f} s, so it may take longer than usual."
    return f"{done} {then}"


@pages.get("/live/verdict", "read")
def live() -> Response:
    """Returns the verdict in the navigation."""
    return page("parts/verdict.html", verdict=current_verdict(), seen=request.args.get("seen"))
