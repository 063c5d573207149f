"""gather → render → publish, section by section; each regeneration has an Outcome.

    claim      take a lease on the section that has waited longest          (a short write)
    read       generation, articles and published entries                   (one snapshot)
    render     the feed's bytes, compressed only if they are new            (no transaction)
    hold       keep the published entries of articles that vanished         (a read, if there are such)
    write      the version, unless another worker wrote one                 (a short write)

A crash between any two steps repeats work and loses none.
"""

import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from syndication.logs import get_logger
from syndication.model.values import RenderedFeed
from syndication.pipeline import publish
from syndication.pipeline.definitions_moved import DefinitionsMoved
from syndication.pipeline.editor_hold import HeldSnapshot, SectionHeld
from syndication.pipeline.failure_cause import failure_cause, with_triggers
from syndication.pipeline.fill import MAX_ROUNDS, FilledFeed, shortfall
from syndication.pipeline.foreign_sections import ForeignSections
from syndication.pipeline.gather import Newsroom, fill_terms, process_changes
from syndication.pipeline.hold import HeldFeed
from syndication.pipeline.known_articles import KnownArticles
from syndication.pipeline.outcome import HoldChange, Outcome, Result
from syndication.pipeline.snapshot import SameBasis, SectionSnapshot, read_snapshot, require_revision
from syndication.pipeline.version_maker import VersionMaker
from syndication.render import RENDER_REVISION
from syndication.render.entries import render_entries
from syndication.render.fragment_cache import MAX_BYTES
from syndication.render.renderer import BeginEntries, RenderEntries, Renderer
from syndication.store import Connection
from syndication.store.articles import render_deaths, shown_articles, terms
from syndication.store.articles.terms import FillStep
from syndication.store.db.database import WORK, Database, DatabaseDown
from syndication.store.hub import pings
from syndication.store.processes import purge_queue
from syndication.store.publishing import leases, regenerations, section_state, waiting_work
from syndication.store.publishing import new_version as stored_versions
from syndication.store.publishing.new_version import NewVersion
from syndication.store.publishing.published import NotRegistered, PublishedState
from syndication.store.publishing.waiting_work import WaitingWork

log = get_logger(__name__)

TOGETHER = 20
"""Sections requested without a change that are claimed together, and completed together if they would be the same. They
take a few milliseconds each; a change that comes meanwhile is published before the rest."""

PIECES_SHARE = 5
"""The share of the memory for fragments that is for compressed pieces: they are a tenth as long, but each feed has its
own."""


@dataclass(frozen=True, slots=True)
class RegenerationPolicy:
    """The lease time, the pauses after failures, how many versions are kept, and whether caches are purged.

    ``hold`` is how long vanished entries are kept; 0: not at all. ``hubs`` are the outside hubs to tell.
    """

    lease: timedelta
    retry_first: timedelta
    retry_max: timedelta
    keep_versions: int
    purge: bool = False
    hold: timedelta = timedelta()
    hubs: tuple[str, ...] = ()


class Regenerator:
    """Regenerates the sections of one newsroom, in the one thread that calls it."""

    def __init__(
        self,
        database: Database,
        newsroom: Newsroom,
        policy: RegenerationPolicy,
        owner: str,
        *,
        fragment_memory: int = MAX_BYTES,
        entries: RenderEntries = render_entries,
        begin: BeginEntries | None = None,
    ) -> None:
        self.database = database
        self.newsroom = newsroom
        self.policy = policy
        self.owner = owner
        self.fingerprints = newsroom.fingerprints()
        self.revision: int | None = None
        """The feed revision that ``newsroom`` was made at; None: it follows no editors' feeds."""
        self._awake = self.fingerprints
        self._foreign = ForeignSections()
        self.known = KnownArticles(fragment_memory // 4)
        self._ahead: list[str] = []
        """Sections that were claimed already, see ``regenerate_next``."""
        self._goes_ahead = False
        self._same: list[tuple[SameBasis, float]] = []
        self._finished: deque[Outcome] = deque()
        pieces = fragment_memory // PIECES_SHARE
        self.renderer = Renderer(fragment_memory - pieces, entries, begin)
        self.maker = VersionMaker(database, self.renderer, pieces)

    def memory_used(self) -> int:
        """Returns the bytes of the cached entries, and of their compressed pieces."""
        return self.renderer.memory_used() + self.maker.memory_used()

    def register(self) -> list[str]:
        """Registers the sections, and requests those whose configuration or renderer changed."""
        with self.database.write() as conn:
            now = self.database.now(conn)
            marked = section_state.register(conn, self.fingerprints, RENDER_REVISION, now, self.newsroom.of_readers)
            unrecorded = set(shown_articles.unrecorded_sections(conn)) & self.fingerprints.keys() - set(marked)
            section_state.request(conn, unrecorded, now)
            return sorted({*marked, *unrecorded})

    def follow(
        self,
        newsroom: Newsroom,
        revision: int | None,
        *,
        awake: Collection[str] = (),
        changed: Collection[str] = (),
    ) -> list[str]:
        """Continues with other feeds; registers those that differ, and returns what is to be regenerated.

        Feeds of readers are marked by changes like all others, but only those that are ``awake`` are regenerated, and
        only when no other feed is waiting. ``changed`` feeds may have been deleted from the store and asked for again.
        """
        before, self.revision = self.fingerprints, revision
        self._ahead = []  # They are free for this worker, as far as they are still its sections.
        self.newsroom = newsroom.after(self.newsroom)
        self.fingerprints, readers = self.newsroom.fingerprints(), self.newsroom.of_readers
        asleep = readers.difference(awake)
        self._awake = {slug: digest for slug, digest in self.fingerprints.items() if slug not in asleep}
        self._foreign.follow(before, self.fingerprints)
        new = {
            slug: digest for slug, digest in self.fingerprints.items() if slug in changed or before.get(slug) != digest
        }
        if not new:
            return []
        with self.database.write() as conn:
            return section_state.register(
                conn, new, RENDER_REVISION, self.database.now(conn), readers.intersection(new)
            )

    def look(self) -> WaitingWork:
        """Returns what waits, which costs the newsroom nothing: transactions are opened only when there is work."""
        with self.database.glance() as conn:
            return waiting_work.look(conn, self.owner, RENDER_REVISION, self.database.fixed_time)

    def process_changes(self, *, ahead: bool = False, found: WaitingWork | None = None) -> int:
        """Turns one batch of changes and due times into requested sections; returns their number, 0 if nothing is left.

        Only a batch, so that sections already requested need not wait behind a big import. Also returns 0 while another
        worker holds the changes: that worker processes them, or they are still there at the next look. ``ahead``: one
        of the sections is claimed in the same transaction. ``found`` is what was just looked up.
        """
        if not (found or self.look()).gathering:
            return 0
        taken: list[str] = []
        try:
            with self.database.write_again() as conn:
                now = self.database.now(conn)
                number = process_changes(conn, self.newsroom, now, self._foreign, self.revision)
                if number:
                    # The requests may be for workers of another configuration, which found the changes already taken.
                    self.database.notify(conn, WORK)
                if ahead:
                    taken = self._take(conn, now, leases.OWN_FEEDS)
        except DefinitionsMoved:
            return 1  # The changes are there still.
        # A change comes before requests without one, and a section that was claimed before is not done twice.
        self._ahead = list(dict.fromkeys([*taken, *self._ahead]))
        return number

    def begin_terms(self, *, again: bool = False) -> None:
        """Lets ``fill_terms`` read the terms of all articles, if that was never done or is to be done ``again``."""
        with self.database.write() as conn:
            terms.begin_fill(conn, again=again)

    def fill_terms(self) -> FillStep | None:
        """Reads the terms of the next articles; None: nothing is left to do. Raises DefinitionsMoved."""
        with self.database.read() as conn:
            if not terms.is_filling(conn):
                return None
        with self.database.write() as conn:
            step = fill_terms(conn, self.newsroom, self.database.now(conn))
            require_revision(conn, self.revision)
            return step

    def regenerate_next(
        self, *, readers: bool = True, ahead: bool = False, found: WaitingWork | None = None
    ) -> Outcome | None:
        """Regenerates the section that has waited longest; returns None if none can be claimed now.

        ``readers``: feeds that readers asked for may be regenerated, if no other waits. ``ahead``: the next section is
        claimed in the transaction that publishes this one, unless changes wait, which are gathered first. ``found`` is
        what was just looked up.
        """
        if not self._finished:
            if not self._ahead:
                self._ahead = self._claim(leases.EVERY_FEED if readers else leases.OWN_FEEDS, found, ahead=ahead)
            self._goes_ahead = ahead
            try:
                self._regenerate_claimed()
            finally:
                self._goes_ahead = False
        return self._finished.popleft() if self._finished else None

    def _regenerate_claimed(self) -> None:
        """Regenerates a section that was claimed; those before it that would be the same are completed together."""
        outcome, self._same = None, []  # What was left when a database went down is claimed again.
        while self._ahead and outcome is None:
            outcome = self._regenerate(self._ahead.pop(0))
        same, self._same = self._same, []
        self._finished += self._confirm(same)
        if outcome is not None:
            self._finished.append(outcome)

    def _confirm(self, same: Sequence[tuple[SameBasis, float]]) -> list[Outcome]:
        """Completes the regenerations of what would be the same, in one transaction."""
        if not same:
            return []
        started, taken = time.perf_counter(), list[str]()
        with self.database.write_again() as conn:
            now = self.database.now(conn)
            done = [stored_versions.confirm(conn, one.published, now) for one, _ in same]
            if self._goes_ahead and not self._ahead:
                taken = self._take(conn, now, leases.OWN_FEEDS, unless_changes=True)
        self._ahead = taken or self._ahead
        share = (time.perf_counter() - started) / len(same)
        return [
            _same_outcome(one, "unchanged" if is_done else "overtaken", now, seconds + share)
            for (one, seconds), is_done in zip(same, done, strict=True)
        ]

    def regenerate_pending(self) -> Iterator[Outcome]:
        """Regenerates waiting sections one after the other, until none can be claimed now."""
        while (outcome := self.regenerate_next()) is not None:
            yield outcome

    def next_ready_at(self, *, readers: bool = True) -> tuple[datetime | None, datetime]:
        """Returns when the next waiting section can be claimed (None: none is waiting), and the current time."""
        with self.database.read() as conn:
            now = self.database.now(conn)
            lease, priorities = self.policy.lease, leases.EVERY_FEED if readers else leases.OWN_FEEDS
            return leases.ready_at(conn, self._awake, RENDER_REVISION, now, lease, priorities), now

    def regenerate(self, section: str) -> Outcome:
        """Regenerates one section. A failure is recorded and returned as an outcome: the other sections continue."""
        self._same = []
        outcome = self._regenerate(section)
        return self._confirm(self._same)[0] if outcome is None else outcome

    def _regenerate(self, section: str) -> Outcome | None:
        """Does it; returns None for what would be the same, which is to be confirmed."""
        started = time.perf_counter()
        snapshot: SectionSnapshot | HeldSnapshot | None = None
        try:
            try:
                snapshot = self._read(section)
                snapshot, filled, rendered = self._render(snapshot)
                done = self._publish(snapshot, filled, rendered)
                return _outcome(snapshot, done, time.perf_counter() - started)
            except SectionHeld as held:
                snapshot = held.snapshot
                return self._keep_held(held.snapshot, started)
        except SameBasis as same:
            self._same.append((same, time.perf_counter() - started))
            return None
        except (DefinitionsMoved, NotRegistered):
            # The lease stays: this worker reads the definitions and takes the section again. Or a feed was forgotten.
            return Outcome(section, "overtaken", 0, time.perf_counter() - started)
        except DatabaseDown:
            # Not this section's fault, and it cannot be recorded: the worker waits for the database.
            raise
        except Exception as error:  # The section loop: one failing feed must not stop the others.
            log.exception("section_failed", section=section)
            tried = snapshot.published if snapshot is not None else None
            reason = self._record_failure(section, tried.requested_generation if tried else None, error)
            attempt = tried.failures + 1 if tried else None
            return Outcome(section, "failed", 0, time.perf_counter() - started, reason, attempt=attempt)

    def _claim(
        self,
        priorities: tuple[int, ...] = leases.EVERY_FEED,
        found: WaitingWork | None = None,
        *,
        ahead: bool = False,
    ) -> list[str]:
        found = found or self.look()
        if not found.sections:
            return []
        with self.database.write_again() as conn:
            now = self.database.now(conn)
            retry = (self.policy.retry_first, self.policy.retry_max)
            dead = render_deaths.record_deaths(conn, self.fingerprints, self.owner, retry, now) if found.dead else []
            sections = self._take(conn, now, priorities, most=TOGETHER if ahead else 1)
        for slug in dead:
            log.warning("section_worker_died", section=slug)
        return sections

    def _take(
        self,
        conn: Connection,
        now: datetime,
        priorities: tuple[int, ...],
        *,
        unless_changes: bool = False,
        most: int = TOGETHER,
    ) -> list[str]:
        return leases.claim(
            conn,
            self._awake,
            RENDER_REVISION,
            self.owner,
            now,
            self.policy.lease,
            priorities,
            unless_changes=unless_changes,
            most=most,
        )

    def _read(self, slug: str, more: int | None = None) -> SectionSnapshot:
        begin = self.renderer.begin
        return read_snapshot(self.database, self.newsroom, slug, more, self.revision, self.known, begin)

    def _render(self, snapshot: SectionSnapshot) -> tuple[SectionSnapshot, FilledFeed, RenderedFeed]:
        """Renders the feed; reads more articles while positions stay empty."""
        slug = snapshot.published.section
        careful = partial(self._record_article, slug) if snapshot.published.deaths else None
        filled, rendered = self.maker.fill(snapshot, careful)
        for _ in range(MAX_ROUNDS):
            more = shortfall(filled, snapshot.gathered)
            if not more:
                break
            snapshot = self._read(slug, more)
            filled, rendered = self.maker.fill(snapshot, careful)
        return snapshot, filled, rendered

    def _record_article(self, section: str, article_id: str | None) -> None:
        """Records which article is rendered next, so that its identity survives this worker's death."""
        with self.database.write() as conn:
            leases.record_rendering_article(conn, section, self.owner, article_id)

    def _publish(self, snapshot: SectionSnapshot, filled: FilledFeed, rendered: RenderedFeed) -> "_Ending":
        current = snapshot.published
        held = self.maker.hold(snapshot, filled, rendered, self.policy.hold)
        if current.fingerprint != self.fingerprints[current.section]:
            return _Ending("overtaken", current.version, None, held)
        if publish.is_unchanged(current, held.rendered):
            new = publish.same_version(snapshot, held)
        else:
            new, held = self.maker.new_version(snapshot, held)
        result, now = self._write(current, new)
        version = current.version if result == "overtaken" else new.version
        return _Ending(result, version, now, held, new.missed and result != "overtaken")

    def _write(self, current: PublishedState, new: NewVersion) -> tuple[Result, datetime]:
        taken: list[str] = []
        with self.database.write() as conn:
            keep, purge = self.policy.keep_versions, self.policy.purge
            done = publish.write(conn, current, new, self.database.fixed_time, keep, purge=purge)
            now = done or self.database.now(conn)
            if done and new.documents and purge:
                purge_queue.enqueue(conn, current.section, new.version, now)
            if done and new.documents:
                pings.enqueue(conn, self.policy.hubs, current.section, new.version, now)
            # What is to be confirmed still seems to wait: ``_confirm`` claims after that.
            if self._goes_ahead and not (self._ahead or self._same):
                taken = self._take(conn, now, leases.OWN_FEEDS, unless_changes=True)
        self._ahead = taken or self._ahead
        return ("published" if new.documents else "unchanged") if done else "overtaken", now

    def _keep_held(self, held: HeldSnapshot, started: float) -> Outcome:
        """Publishes the version that an editor holds, unless readers have it already."""
        current = held.published
        result: Result = "overtaken"
        new, size = None, 0
        if current.fingerprint == self.fingerprints[current.section]:
            if held.is_published:
                new = publish.still_held(held)
            else:
                new = self.maker.held_version(held)
                size = sum(document.size for document in new.documents)
            result, _ = self._write(current, new)
        return Outcome(
            current.section,
            result,
            current.version if new is None or result == "overtaken" else new.version,
            time.perf_counter() - started,
            caught_up_at=current.requested_generation if held.is_caught_up else None,
            entries=len(held.shown),
            bytes=size,
            attempt=current.failures + 1,
            held_by=held.hold.by,
            missed=(current.suspected_entries or 0) if new is not None and new.missed and result == "published" else 0,
        )

    def _record_failure(self, section: str, generation: int | None, error: Exception) -> str:
        """Records a failure; returns its cause in words."""
        with self.database.write() as conn:
            reason = with_triggers(failure_cause(error), error, conn)
            retry = (self.policy.retry_first, self.policy.retry_max)
            now = self.database.now(conn)
            tried = leases.record_failure(conn, section, self.owner, generation, reason, retry, now)
            if tried is not None:
                regenerations.record_result(conn, section, tried, "failed", None, reason, now)
        return reason


class _Ending(NamedTuple):
    """The result of a regeneration, its time, what was published, and whether a sweep had found that it was missed."""

    result: Result
    version: int
    at: datetime | None
    held: HeldFeed
    missed: bool = False


def _same_outcome(same: SameBasis, result: Result, at: datetime, seconds: float) -> Outcome:
    current = same.published
    since = current.requested_at
    return Outcome(
        current.section,
        result,
        current.version,
        seconds,
        caught_up_at=current.requested_generation if same.is_caught_up else None,
        entries=same.entries,
        attempt=current.failures + 1,
        waited_seconds=(at - since).total_seconds() if since is not None else None,
    )


def _outcome(snapshot: SectionSnapshot, ending: _Ending, seconds: float) -> Outcome:
    current, held = snapshot.published, ending.held
    rendered, decision = held.rendered, held.decision
    written = ending.result in ("published", "unchanged")
    since = current.noticed_at or current.requested_at
    return Outcome(
        current.section,
        ending.result,
        ending.version,
        seconds,
        caught_up_at=current.requested_generation if snapshot.is_caught_up else None,
        entries=len(rendered.entries),
        left_out=len(held.filled.left_out),
        bytes=rendered.size,
        attempt=current.failures + 1,
        waited_seconds=(ending.at - since).total_seconds() if ending.at is not None and since is not None else None,
        held=len(decision.kept),
        hold=HoldChange(decision.event, decision.hold or current.hold, decision.reasons or {})
        if written and decision.event
        else None,
        missed=(current.suspected_entries or 0) if ending.missed else 0,
    )
