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
from typing import Literal

from syndication import publish
from syndication.feeds import Feed, Rendered
from syndication.filling import Settled, fill
from syndication.gather import Gathered, Newsroom, gather, notice
from syndication.logs import get_logger
from syndication.render import RENDER_REVISION
from syndication.render.fragments import MEMORY
from syndication.render.renderer import Renderer
from syndication.store import changes, editions, leases, newest, regenerations, sections
from syndication.store.editions import Edition
from syndication.store.engine import WORK, Database, DatabaseDown, DatabaseError

log = get_logger(__name__)

COMPRESSING_THREADS = 2
"""More would take the newsroom's own cores: a machine that is busy publishing still serves."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one regeneration; ``seconds`` is how long it took, ``version`` the one that stands now.

    ``quiet_at`` is the mark that it answers to if nothing else was waiting to be noticed when it read.
    """

    section: str
    result: Literal["published", "unchanged", "overtaken", "failed"]
    version: int
    seconds: float
    error: str | None = None
    quiet_at: int | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a lease holds, the pauses after failures, and how many versions are remembered."""

    lease: timedelta
    retry_first: timedelta
    retry_max: timedelta
    keep_versions: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What one snapshot says of a section: what is published, what should be, and why entries are gone.

    ``more`` articles were read beyond the feed; ``quiet`` says that no change was waiting to be noticed.
    """

    edition: Edition
    gathered: Gathered
    gone: Mapping[str, str]
    more: int
    quiet: bool


class Regenerator:
    """Regenerates the sections of one newsroom, in the one thread that calls it."""

    def __init__(
        self, database: Database, newsroom: Newsroom, pace: Pace, owner: str, *, fragment_memory: int = MEMORY
    ) -> None:
        self.database = database
        self.newsroom = newsroom
        self.pace = pace
        self.owner = owner
        self.fingerprints = newsroom.fingerprints()
        self.renderer = Renderer(fragment_memory)
        self._pool = ThreadPoolExecutor(COMPRESSING_THREADS, thread_name_prefix="compress")

    def register(self) -> list[str]:
        """Mark what the configuration or the renderer changed since its documents were made."""
        with self.database.write() as conn:
            return sections.register(conn, self.fingerprints, RENDER_REVISION, self.database.now(conn))

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
            return sections.next_due(conn), self.database.now(conn)

    def regenerate(self, section: str) -> Outcome:
        """Regenerate one section; a failure is recorded and is an outcome, so that the others go on."""
        started = time.perf_counter()
        mark: int | None = None
        try:
            reading = self._read(section)
            mark = reading.edition.mark
            reading, settled, rendered = self._render(reading)
            result, version = self._publish(reading, settled, rendered)
            quiet_at = reading.edition.mark if reading.quiet else None
            return Outcome(section, result, version, time.perf_counter() - started, quiet_at=quiet_at)
        except DatabaseDown:
            # Not this section's fault, and nowhere to record it: the worker waits for the database.
            raise
        except Exception as error:  # The section loop: one feed that fails holds up no other.
            log.exception("section_failed", section=section)
            words = "" if isinstance(error, DatabaseError) else f": {error}"
            reason = f"{type(error).__name__}{words}"[:500]
            self._fail(section, mark, reason)
            return Outcome(section, "failed", 0, time.perf_counter() - started, reason)

    def _has_news(self) -> bool:
        with self.database.read() as conn:
            if changes.oldest(conn) is not None:
                return True
            return bool(sections.due(conn, self.database.now(conn)))

    def _claim(self) -> str | None:
        with self.database.read() as conn:
            if not leases.pending(conn, self.fingerprints, RENDER_REVISION):
                return None
        with self.database.write() as conn:
            now = self.database.now(conn)
            return leases.claim(conn, self.fingerprints, RENDER_REVISION, self.owner, now, self.pace.lease)

    def _read(self, slug: str, more: int | None = None) -> Reading:
        section = self.newsroom.sections[slug]
        with self.database.snapshot() as conn:
            now = self.database.now(conn)
            edition = editions.read_edition(conn, slug)
            # As many as had to be left out the last time are read beyond the feed: then one reading is enough.
            more = edition.left_out if more is None else more
            gathered = gather(conn, self.newsroom, section, now, more)
            left = edition.entries.keys() - {candidate.article_id for candidate in gathered.candidates}
            gone = newest.why_gone(conn, section.filed_under, left, now) if left else {}
            due = edition.next_due is not None and edition.next_due <= now
            return Reading(edition, gathered, gone, more, quiet=not due and changes.oldest(conn) is None)

    def _render(self, reading: Reading) -> tuple[Reading, Settled, Rendered]:
        """The feed rendered with the time of the published version; read again while places stay empty.

        With the same time, the bytes differ only if the content does.
        """
        slug = reading.edition.section
        return fill(reading, lambda more: self._read(slug, more), self._rendered)

    def _rendered(self, reading: Reading, feed: Feed) -> Rendered:
        return self.renderer.render(replace(feed, updated=reading.edition.updated_at or feed.updated))

    def _publish(
        self, reading: Reading, settled: Settled, rendered: Rendered
    ) -> tuple[Literal["published", "unchanged", "overtaken"], int]:
        edition = reading.edition
        if edition.fingerprint != self.fingerprints[edition.section]:
            return "overtaken", edition.version
        if publish.is_published(edition, rendered):
            with self.database.write() as conn:
                now = self.database.now(conn)
                done = publish.write_unchanged(conn, edition, settled.left_out, now=now, next_due=settled.next_due)
            return ("unchanged" if done else "overtaken"), edition.version
        updated, last_modified = publish.moment_of(edition, settled.feed.updated)
        feed = replace(settled.feed, updated=updated)
        if updated != (edition.updated_at or settled.feed.updated):
            rendered = replace(self.renderer.render(feed), left_out=settled.left_out)
        bodies = publish.compress(rendered.bodies, self._pool)
        with self.database.write() as conn:
            done = publish.write_version(
                conn,
                edition,
                feed,
                rendered,
                bodies,
                last_modified,
                reading.gone,
                now=self.database.now(conn),
                next_due=settled.next_due,
                keep=self.pace.keep_versions,
            )
        return ("published", edition.version + 1) if done else ("overtaken", edition.version)

    def _fail(self, section: str, mark: int | None, reason: str) -> None:
        with self.database.write() as conn:
            retry = (self.pace.retry_first, self.pace.retry_max)
            now = self.database.now(conn)
            tried = leases.failed(conn, section, self.owner, mark, reason, retry, now)
            if tried is not None:
                regenerations.finished(conn, section, tried, "failed", None, reason, now)
