"""gather → render → publish, section by section; each regeneration has an Outcome.

    claim      a lease on the section that waits longest           (a short write)
    read       mark, articles and published entries                (one snapshot)
    render     the feed's bytes, compressed only if they are new   (no transaction)
    write      the version, if nobody else wrote one               (a short write)

A crash between any two steps repeats work and loses none.
"""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from syndication.logs import get_logger
from syndication.model.values import Feed, Rendered
from syndication.pipeline import publish
from syndication.pipeline.fill import Settled, fill
from syndication.pipeline.gather import Gathered, Newsroom, gather, notice
from syndication.pipeline.outcome import Outcome, Result
from syndication.render import RENDER_REVISION
from syndication.render.entries import render_entries
from syndication.render.fragment_cache import MEMORY
from syndication.render.renderer import RenderEntries, Renderer
from syndication.store.articles import feed_query, render_deaths, shown_articles
from syndication.store.db.database import WORK, Database, DatabaseDown, DatabaseError
from syndication.store.processes import purge_queue
from syndication.store.publishing import change_queue, leases, published, regenerations, section_state
from syndication.store.publishing.published import Edition

log = get_logger(__name__)

COMPRESSING_THREADS = 2
"""More would take the newsroom's own cores: a machine that is busy publishing still serves."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a lease holds, the pauses after failures, how many versions are kept, and whether caches are told."""

    lease: timedelta
    retry_first: timedelta
    retry_max: timedelta
    keep_versions: int
    purge: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What one snapshot says of a section: what is published, what should be, and why entries are gone.

    ``more`` articles were read beyond the feed; ``quiet`` says that no change was waiting to be noticed,
    ``remembered`` with which content readers have seen the articles.
    """

    edition: Edition
    gathered: Gathered
    gone: Mapping[str, str]
    more: int
    quiet: bool
    remembered: Mapping[str, str | None]


class Regenerator:
    """Regenerates the sections of one newsroom, in the one thread that calls it."""

    def __init__(
        self,
        database: Database,
        newsroom: Newsroom,
        pace: Pace,
        owner: str,
        *,
        fragment_memory: int = MEMORY,
        entries: RenderEntries = render_entries,
    ) -> None:
        self.database = database
        self.newsroom = newsroom
        self.pace = pace
        self.owner = owner
        self.fingerprints = newsroom.fingerprints()
        self.renderer = Renderer(fragment_memory, entries)
        self._pool = ThreadPoolExecutor(COMPRESSING_THREADS, thread_name_prefix="compress")

    def register(self) -> list[str]:
        """Mark what the configuration or the renderer changed since its documents were made."""
        with self.database.write() as conn:
            now = self.database.now(conn)
            marked = section_state.register(conn, self.fingerprints, RENDER_REVISION, now)
            unrecorded = set(shown_articles.unrecorded_sections(conn)) & self.fingerprints.keys() - set(marked)
            section_state.request(conn, unrecorded, now)
            return sorted({*marked, *unrecorded})

    def notice(self) -> int:
        """Turn a batch of changes, and what fell due, into marks; gives their number, 0 if there is nothing to do now.

        A batch and not all: behind a big import the sections that are marked already need not wait. It is 0 as well
        while another worker holds the changes: it notices them, or they are there at the next look.
        """
        # Looking costs the newsroom nothing; only when there is something to do is a write transaction opened.
        if not self._has_news():
            return 0
        with self.database.write() as conn:
            number = notice(conn, self.newsroom, self.database.now(conn))
            if number:
                # The marks may be for the workers of another configuration, who found the changes taken.
                self.database.notify(conn, WORK)
            return number

    def regenerate_next(self) -> Outcome | None:
        """Regenerate the section that waits longest; None if none may be claimed now."""
        section = self._claim()
        return None if section is None else self.regenerate(section)

    def pending(self) -> Iterator[Outcome]:
        """Regenerate one waiting section after the other, until none may be claimed now."""
        while (outcome := self.regenerate_next()) is not None:
            yield outcome

    def ready_at(self) -> tuple[datetime | None, datetime]:
        """When the next waiting section may be claimed (None: none waits), and what time it is."""
        with self.database.read() as conn:
            now = self.database.now(conn)
            return leases.ready_at(conn, self.fingerprints, RENDER_REVISION, now, self.pace.lease), now

    def next_due(self) -> tuple[datetime | None, datetime]:
        """When the next feed changes by itself, and what time it is."""
        with self.database.read() as conn:
            return section_state.next_due(conn), self.database.now(conn)

    def regenerate(self, section: str) -> Outcome:
        """Regenerate one section; a failure is recorded and is an outcome, so that the others go on."""
        started = time.perf_counter()
        reading: Reading | None = None
        try:
            reading = self._read(section)
            reading, settled, rendered = self._render(reading)
            done = self._publish(reading, settled, rendered)
            return _outcome(reading, settled, rendered, done, time.perf_counter() - started)
        except DatabaseDown:
            # Not this section's fault, and nowhere to record it: the worker waits for the database.
            raise
        except Exception as error:  # The section loop: one feed that fails holds up no other.
            log.exception("section_failed", section=section)
            words = "" if isinstance(error, DatabaseError) else f": {error}"
            reason = f"{type(error).__name__}{words}"[:500]
            tried = reading.edition if reading is not None else None
            self._fail(section, tried.mark if tried else None, reason)
            attempt = tried.failures + 1 if tried else None
            return Outcome(section, "failed", 0, time.perf_counter() - started, reason, attempt=attempt)

    def _has_news(self) -> bool:
        with self.database.read() as conn:
            if change_queue.oldest(conn) is not None:
                return True
            return bool(section_state.due(conn, self.database.now(conn)))

    def _claim(self) -> str | None:
        with self.database.read() as conn:
            if not leases.pending(conn, self.fingerprints, RENDER_REVISION):
                return None
        with self.database.write() as conn:
            now = self.database.now(conn)
            dead = render_deaths.record(
                conn, self.fingerprints, self.owner, (self.pace.retry_first, self.pace.retry_max), now
            )
            section = leases.claim(conn, self.fingerprints, RENDER_REVISION, self.owner, now, self.pace.lease)
        for slug in dead:
            log.warning("section_worker_died", section=slug)
        return section

    def _read(self, slug: str, more: int | None = None) -> Reading:
        section = self.newsroom.sections[slug]
        with self.database.snapshot() as conn:
            now = self.database.now(conn)
            edition = published.read_edition(conn, slug)
            # As many as had to be left out the last time are read beyond the feed: then one reading is enough.
            more = edition.left_out if more is None else more
            gathered = gather(conn, self.newsroom, section, now, more)
            left = edition.entries.keys() - {candidate.article_id for candidate in gathered.candidates}
            gone = feed_query.why_gone(conn, section.filed_under, left, now) if left else {}
            due = edition.next_due is not None and edition.next_due <= now
            quiet = not due and change_queue.oldest(conn) is None
            remembered = shown_articles.digests(conn, gathered.articles)
            return Reading(edition, gathered, gone, more, quiet, remembered)

    def _render(self, reading: Reading) -> tuple[Reading, Settled, Rendered]:
        """The feed rendered with the time of the published version; read again while places stay empty.

        With the same time, the bytes differ only if the content does.
        """
        slug = reading.edition.section
        return fill(reading, lambda more: self._read(slug, more), self._rendered)

    def _rendered(self, reading: Reading, feed: Feed) -> Rendered:
        edition = reading.edition
        feed = replace(feed, updated=edition.updated_at or feed.updated)
        if not edition.deaths:
            return self.renderer.render(feed)
        return self.renderer.render(feed, partial(self._note, edition.section))

    def _note(self, section: str, article_id: str | None) -> None:
        """Write down which article is rendered next: should this worker die, the next one knows."""
        with self.database.write() as conn:
            leases.under_way(conn, section, self.owner, article_id)

    def _publish(self, reading: Reading, settled: Settled, rendered: Rendered) -> "_Done":
        edition = reading.edition
        if edition.fingerprint != self.fingerprints[edition.section]:
            return _Done("overtaken", edition.version, None)
        shown = _newly_shown(reading, rendered)
        if publish.is_published(edition, rendered):
            with self.database.write() as conn:
                now = self.database.now(conn)
                done = publish.write_unchanged(
                    conn, edition, settled.left_out, now=now, next_due=settled.next_due, shown=shown
                )
            return _Done("unchanged" if done else "overtaken", edition.version, now)
        updated, last_modified = publish.moment_of(edition, settled.feed.updated)
        feed = replace(settled.feed, updated=updated)
        if updated != (edition.updated_at or settled.feed.updated):
            rendered = replace(self.renderer.render(feed), left_out=settled.left_out)
        bodies = publish.compress(rendered.bodies, self._pool)
        with self.database.write() as conn:
            now = self.database.now(conn)
            done = publish.write_version(
                conn,
                edition,
                feed,
                rendered,
                bodies,
                last_modified,
                reading.gone,
                now=now,
                next_due=settled.next_due,
                keep=self.pace.keep_versions,
                shown=shown,
            )
            if done and self.pace.purge:
                purge_queue.want(conn, edition.section, edition.version + 1, now)
        return _Done("published", edition.version + 1, now) if done else _Done("overtaken", edition.version, now)

    def _fail(self, section: str, mark: int | None, reason: str) -> None:
        with self.database.write() as conn:
            retry = (self.pace.retry_first, self.pace.retry_max)
            now = self.database.now(conn)
            tried = leases.failed(conn, section, self.owner, mark, reason, retry, now)
            if tried is not None:
                regenerations.finished(conn, section, tried, "failed", None, reason, now)


def _newly_shown(reading: Reading, rendered: Rendered) -> dict[str, str]:
    """The digests of the articles in the documents that are not remembered as they are there."""
    articles = (reading.gathered.articles[entry.article_id] for entry in rendered.entries)
    found = {article.id: shown_articles.content_digest(article) for article in articles}
    return {id: digest for id, digest in found.items() if reading.remembered.get(id) != digest}


class _Done(NamedTuple):
    """What a regeneration came to, and when."""

    result: Result
    version: int
    at: datetime | None


def _outcome(reading: Reading, settled: Settled, rendered: Rendered, done: _Done, seconds: float) -> Outcome:
    edition = reading.edition
    since = edition.noticed_at or edition.marked_at
    return Outcome(
        edition.section,
        done.result,
        done.version,
        seconds,
        quiet_at=edition.mark if reading.quiet else None,
        entries=len(rendered.entries),
        left_out=len(settled.left_out),
        bytes=sum(len(body) for body in rendered.bodies.values()),
        attempt=edition.failures + 1,
        waited=(done.at - since).total_seconds() if done.at is not None and since is not None else None,
    )
