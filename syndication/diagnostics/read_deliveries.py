"""Reads the changes of the last days and what they wait for, for the API, the dashboard and the command line alike."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndication.config.loading import Settings
from syndication.diagnostics.delivery import NO_TITLES, WebFacts
from syndication.diagnostics.waiting_changes import Cause, DeliveryFacts, group_by_cause
from syndication.store import Connection
from syndication.store.articles import delivery_list
from syndication.store.articles.delivery_list import ChangeDelivery, DeliveryFilter, Order
from syndication.store.processes import purge_queue, web_processes, workers
from syndication.store.publishing.publication_numbers import last_number
from syndication.store.publishing.section_state import configured_states

MAX_WAITING = 200
"""Waiting changes looked at for the causes."""

NEWEST: Order = "newest"


@dataclass(frozen=True, slots=True)
class Deliveries:
    """One page, and the facts that explain what waits; ``waiting`` are the longest waiting changes, on the first page.

    ``following`` is the cursor of the next page.
    """

    items: Sequence[ChangeDelivery]
    waiting: Sequence[ChangeDelivery]
    following: str | None
    facts: DeliveryFacts

    @property
    def causes(self) -> list[Cause]:
        """What changes wait for, the gravest first."""
        return group_by_cause(self.waiting, self.facts)


def read_deliveries(
    conn: Connection,
    settings: Settings,
    wanted: DeliveryFilter,
    order: Order,
    now: datetime,
    limit: int,
    after: str | None = None,
    titles: Mapping[str, str] = NO_TITLES,
) -> Deliveries:
    """Returns one page; raises SyndicationError for a bad ``after``."""
    found, following = delivery_list.read_deliveries(conn, wanted, order, now, limit, after)
    queued, waiting = [], []
    if after is None:
        queued = [item for item in delivery_list.read_queued(conn, now, wanted.article_id) if _fits(item, wanted)]
        waiting = _waiting(conn, wanted, now, queued)
    facts = _facts(conn, settings, [*found, *waiting], now, titles)
    return Deliveries([*queued[:limit], *found], waiting, following, facts)


def read_article_moments(conn: Connection, article_id: str, now: datetime) -> ChangeDelivery | None:
    """Returns the last change of an article that is known; None if there was none in the days that are kept."""
    wanted = DeliveryFilter(article_id=article_id)
    found, _ = delivery_list.read_deliveries(conn, wanted, NEWEST, now, 1)
    return next(iter([*delivery_list.read_queued(conn, now, article_id), *found]), None)


def may_be_locked(facts: DeliveryFacts) -> bool:
    """Returns whether nobody reports, and only then: looking at the lock takes a moment."""
    return not facts.workers or bool(facts.web.silent)


def with_lock(found: Deliveries, is_locked: bool) -> Deliveries:
    """Returns it with whether the database is locked."""
    return replace(found, facts=replace(found.facts, locked=is_locked))


def _fits(item: ChangeDelivery, wanted: DeliveryFilter) -> bool:
    """Returns whether a change in the queue is asked for; nobody knows yet which feeds it concerns."""
    return wanted.section is None and wanted.kind in (None, item.kind)


def _waiting(
    conn: Connection, wanted: DeliveryFilter, now: datetime, queued: Sequence[ChangeDelivery]
) -> list[ChangeDelivery]:
    found, _ = delivery_list.read_deliveries(conn, replace(wanted, waiting=True), "slowest", now, MAX_WAITING)
    return [*queued, *found, *_given_up(conn, wanted, now)]


def _given_up(conn: Connection, wanted: DeliveryFilter, now: datetime) -> list[ChangeDelivery]:
    """Returns the changes whose cache keeps the version before."""
    purges = [purge for purge in purge_queue.list_waiting(conn) if purge.given_up_at is not None]
    found = [
        item
        for purge in purges
        if wanted.section in (None, purge.section)
        for item in delivery_list.list_given_up(conn, purge.section, now)
        if wanted.kind in (None, item.kind) and wanted.article_id in (None, item.article_id)
    ]
    return list({item.seq: item for item in found}.values())


def _facts(
    conn: Connection, settings: Settings, changes: Collection[ChangeDelivery], now: datetime, titles: Mapping[str, str]
) -> DeliveryFacts:
    running = web_processes.list_alive(conn, now)
    slugs = {feed.section for change in changes for feed in change.feeds if feed.published_at is None}
    return DeliveryFacts(
        now=now,
        workers=len(workers.list_alive(conn, now)),
        web=WebFacts(running, web_processes.list_silent(conn, now, running), last_number(conn)),
        states=configured_states(conn, sorted(slugs)),
        purges={purge.section: purge for purge in purge_queue.list_waiting(conn)},
        configured=settings.sections.keys(),
        titles=titles,
    )
