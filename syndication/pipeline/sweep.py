"""The sweep: compares each feed with what its window would show, by ids and times alone, and regenerates what differs.

Triggers notice every change, unless they were off: disabled, switched off by a connection, or missing from a file that
was copied over the database. A sweep finds what they missed within minutes, without reading a body.

It reads in small snapshots, and the worker publishes between any two of them. What is on its way is skipped: one
snapshot has either the queued change, the waiting section or the due moment, or the finished feed. A difference is a
suspicion; it becomes a missed change only when the regeneration has changed something.
"""

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syndication.logs import get_logger
from syndication.model.values import Section
from syndication.pipeline.gather import Newsroom, is_within_limits, list_candidates
from syndication.render import RENDER_REVISION
from syndication.store import Connection
from syndication.store.articles import feed_query, terms, withdrawals
from syndication.store.articles.feed_query import Candidate
from syndication.store.articles.selected_articles import first_upcoming
from syndication.store.articles.truncation import wait_for_truncation
from syndication.store.db.batches import batched
from syndication.store.db.database import WORK, Database
from syndication.store.publishing import change_queue, editor_holds, section_state, sweeps
from syndication.store.publishing.sweeps import Standing

log = get_logger(__name__)

OTHERS_IN_A_SWEEP = 2_000
"""Feeds of editors and readers compared in one sweep, each in its turn: it takes about a millisecond for each."""

SECTIONS_AT_ONCE = 4
"""Sections compared in one snapshot: some ten milliseconds, the longest that a change waits for a sweep."""

LINKS_AT_ONCE = 500
"""Links compared in one snapshot."""

RENEW_SECONDS = 20.0
"""The lease is renewed at the first step after this time."""


@dataclass(slots=True)
class Differences:
    """What differs: articles, and for each section to regenerate in how many entries; 0: for another reason."""

    article_ids: set[str] = field(default_factory=set)
    entries: Counter[str] = field(default_factory=Counter)


class Sweeper:
    """Sweeps the sections of one newsroom, in the one thread that calls it; workers take turns."""

    def __init__(
        self, database: Database, newsroom: Newsroom, owner: str, interval: timedelta, hold: timedelta = timedelta()
    ) -> None:
        self.database = database
        self.owner = owner
        self.interval = interval
        self.hold = hold
        self._last = ""
        self.follow(newsroom)

    def follow(self, newsroom: Newsroom, asleep: Collection[str] = ()) -> None:
        """Continues with another configuration; feeds that are asleep are not compared."""
        self.newsroom = newsroom
        self.asleep = frozenset(asleep)
        self.fingerprints = newsroom.fingerprints()

    def sweep(self) -> Iterator[None]:
        """Sweeps once, if it is this worker's turn; yields after each step, and logs one line at the end."""
        with self.database.write() as conn:
            if not sweeps.begin(conn, self.owner, self.interval, self.database.now(conn)):
                return
        started = renewed = time.monotonic()
        compared, suspected = 0, 0
        for number, found in self._steps():
            compared += number
            suspected += len(+found.entries)
            if found.entries:
                self._request(found)
            if time.monotonic() - renewed > RENEW_SECONDS:
                renewed = time.monotonic()
                with self.database.write() as conn:
                    if not sweeps.renew(conn, self.owner, self.database.now(conn)):
                        return
            yield
        with self.database.write() as conn:
            sweeps.finish(conn, self.owner, self.database.now(conn))
        ms = round((time.monotonic() - started) * 1000, 1)
        log.info("swept", sections=compared, skipped=len(self.fingerprints) - compared, suspected=suspected, ms=ms)

    def _steps(self) -> Iterator[tuple[int, Differences]]:
        """Yields the number of compared sections, and what differs in them."""
        yield 0, self._special_holds()
        yield 0, self._undone_withdrawals()
        after: tuple[str, str] | None = ("", "")
        while after is not None:
            after, found = self._compare_links(after)
            yield 0, found
        for slugs in batched(self._turn(), SECTIONS_AT_ONCE):
            yield self._compare_sections(slugs)

    def _turn(self) -> list[str]:
        """Returns the sections of this sweep: those of the configuration, and of all other feeds the next ones."""
        sections = self.newsroom.sections
        own = sorted(slug for slug, section in sections.items() if section.owner == "configuration")
        others = sorted(sections.keys() - set(own) - self.asleep)
        first = bisect_right(others, self._last)
        turn = [*others[first:], *others[:first]][:OTHERS_IN_A_SWEEP]
        self._last = turn[-1] if turn else ""
        return [*own, *turn]

    def _special_holds(self) -> Differences:
        """Looks for automatic holds that end too late, and for feeds that an editor holds.

        Those are not compared with their articles. Regenerating them finds withdrawals that nobody noticed, and renders
        nothing.
        """
        with self.database.read() as conn:
            now = self.database.now(conn)
            found = {*sweeps.list_overlong_holds(conn, now + self.hold), *editor_holds.list_held(conn, now)}
        return Differences(entries=Counter(dict.fromkeys(found & self.newsroom.sections.keys(), 0)))

    def _undone_withdrawals(self) -> Differences:
        """Looks for articles that are withdrawn and were written again as if they were not: nothing may show them."""
        with self.database.snapshot() as conn:
            waiting = sweeps.waiting_articles(conn)
            ids = set(withdrawals.list_unenforced(conn, None))
            return Differences() if waiting is None else self._differences(conn, ids - waiting, Counter())

    def _compare_links(self, after: tuple[str, str]) -> tuple[tuple[str, str] | None, Differences]:
        """Looks for articles that are published while their links say otherwise, which hides them from a section.

        The other copies in a link are compared at night: they matter only to feeds that show the article already.
        """
        with self.database.snapshot() as conn:
            wait_for_truncation(conn)
            waiting = sweeps.waiting_articles(conn)
            last, ids = feed_query.list_stale_links(conn, after, LINKS_AT_ONCE)
            if waiting is None:
                return last, Differences()
            return last, self._differences(conn, ids - waiting, Counter())

    def _compare_sections(self, slugs: Sequence[str]) -> tuple[int, Differences]:
        slugs = [slug for slug in slugs if slug in self.fingerprints]  # A sweep goes on with another configuration.
        with self.database.snapshot() as conn:
            wait_for_truncation(conn)
            now = self.database.now(conn)
            settled = sweeps.list_settled(conn, self.fingerprints, slugs, RENDER_REVISION, now)
            for slug in self._touched(conn, settled):
                del settled[slug]
            if not settled:
                return 0, Differences()
            entries, left_out = sweeps.read_entries(conn, settled), sweeps.read_left_out(conn, settled)
            ids: set[str] = set()
            counts: Counter[str] = Counter()
            for slug, next_due in settled.items():
                section = self.newsroom.sections[slug]
                wanted = self.newsroom.selections.wanted(section)
                candidates = list_candidates(conn, wanted, section, now, len(left_out[slug]), times=True)
                differing = compare(section, entries[slug], candidates, left_out[slug], now)
                upcoming = first_upcoming(conn, wanted, now)
                unscheduled = upcoming is not None and (next_due is None or upcoming < next_due)
                ids |= differing
                counts[slug] = len(differing) + unscheduled
            return len(settled), self._differences(conn, ids, +counts)

    def _touched(self, conn: Connection, settled: Collection[str]) -> set[str]:
        """Returns the sections that a waiting change may concern."""
        waiting = sweeps.waiting_articles(conn)
        if waiting is None:
            return set(settled)
        return self._sections_of(conn, waiting) & set(settled) if waiting else set()

    def _differences(self, conn: Connection, ids: set[str], counts: Counter[str]) -> Differences:
        """Returns the differences, with the other sections of the same articles: they may have missed them too."""
        more = Counter(dict.fromkeys(self._sections_of(conn, ids), 1) if ids else {})
        return Differences(ids, counts | more)

    def _sections_of(self, conn: Connection, ids: Collection[str]) -> set[str]:
        shown = change_queue.read_links(conn, ids).shown
        found = set(terms.read_terms(conn, ids).values())
        selecting = {slug for one in found for slug in self.newsroom.selections.select(one)}
        return selecting | (shown & self.newsroom.sections.keys())

    def _request(self, found: Differences) -> None:
        """Does what the triggers and the reader of the queue would have done."""
        with self.database.write() as conn:
            withdrawals.enforce(conn, sorted(found.article_ids))
            feed_query.repair_links(conn, sorted(found.article_ids))
            now = self.database.now(conn)
            terms.rewrite_terms(conn, found.article_ids, now)
            generations = section_state.request(conn, found.entries, now)
            sweeps.record_suspicions(conn, generations, found.entries)
            self.database.notify(conn, WORK)


def compare(
    section: Section,
    entries: Sequence[Standing],
    candidates: Sequence[Candidate],
    left_out: Collection[str],
    now: datetime,
) -> set[str]:
    """Returns the articles in which a feed differs from what its window would show; pure.

    ``candidates`` are public at ``now``, newest first, enough of them for the window without those ``left_out``.
    """
    expected: dict[str, Standing] = {}
    for candidate in candidates:
        if not is_within_limits(section, len(expected) + 1, candidate.published_at, now):
            break
        if candidate.article_id not in left_out:
            expected[candidate.article_id] = Standing(
                candidate.article_id,
                candidate.published_at.replace(microsecond=0),
                candidate.updated_at,
                candidate.expires_at,
            )
    shown = {entry.article_id: entry for entry in entries}
    return {id for id in expected.keys() | shown.keys() if expected.get(id) != shown.get(id)}
