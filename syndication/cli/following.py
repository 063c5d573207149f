"""Follows withdrawals and restorations until every web process serves them."""

import time
from typing import TYPE_CHECKING

from syndication.cli.common import merged_settings
from syndication.cli.output import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syndication.config.loading import Settings
    from syndication.diagnostics.delivery import Delivery
    from syndication.store.db.database import Database

NO_WORKER = 3
"""The exit code if nobody runs who would do it."""

GIVE_UP_SECONDS = 3.0
"""Seconds after which waiting ends if somebody has to do something: no process runs, one is silent, a feed fails.

A process that restarts needs less, and so does the next attempt, which a change starts at once.
"""

WAIT_SECONDS = 60.0
"""Seconds after which waiting ends in any case."""

PAUSE_SECONDS = 0.1

ALONE = frozenset({"no-worker", "no-web"})
"""The stages in which nobody does it."""

HOPELESS = ALONE | {"failing", "silent", "not-purged"}
"""The stages that last until somebody does something. One that is only late may end without anybody."""


def follow(settings: "Settings", database: "Database", ids: "Sequence[str]") -> int:
    """Prints the result for each article once it is served, or what keeps it; returns the exit code."""
    settings = merged_settings(settings, database)
    started = time.monotonic()
    blocked_since: float | None = None
    waiting: dict[str, int | None] = dict.fromkeys(ids)
    last: dict[str, Delivery] = {}
    while waiting:
        for id, since in list(waiting.items()):
            found = last[id] = _read(settings, database, id, since)
            waiting[id] = found.publication
            if found.is_served:
                line(f"{id}: {_small(found.words)}")
                del waiting[id]
        stages = {last[id].stage for id in waiting}
        now = time.monotonic()
        blocked_since = (blocked_since or now) if stages & HOPELESS else None
        if (blocked_since is not None and now - blocked_since > GIVE_UP_SECONDS) or now - started > WAIT_SECONDS:
            for id in waiting:
                line(f"{id}: {_small(last[id].words)}", err=True)
            return NO_WORKER if stages & ALONE else 1 if waiting else 0
        time.sleep(PAUSE_SECONDS if waiting else 0.0)
    return 0


def runs_a_worker(database: "Database") -> bool:
    """Returns whether a worker is running."""
    from syndication.store.processes import workers

    with database.read() as conn:
        return bool(workers.list_alive(conn, database.now(conn)))


def _read(settings: "Settings", database: "Database", id: str, since: int | None) -> "Delivery":
    from syndication.diagnostics.delivery import WebFacts, delivery
    from syndication.diagnostics.trace import trace
    from syndication.store.articles.trace_facts import read_trace_facts
    from syndication.store.processes import purge_queue, web_processes
    from syndication.store.publishing.publication_numbers import last_number

    with database.snapshot() as conn:
        now = database.now(conn)
        facts = read_trace_facts(conn, id, settings.selections, now)
        running = web_processes.list_alive(conn, now)
        purges = purge_queue.list_waiting(conn) if settings.purge.url else []
        web = WebFacts(running, web_processes.list_silent(conn, now, running), last_number(conn), purges)
    return delivery(facts, trace(facts, settings.sections, settings.retired), web, since)


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]
