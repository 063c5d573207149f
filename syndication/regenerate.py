"""gather → render → publish, section by section; each regeneration has an Outcome.

    claim      a lease on the section that waits longest           (a short write)
    read       mark, articles and published entries                (one snapshot)
    render     the feed's bytes, compressed only if they are new   (no transaction)
    write      the version, if nobody else wrote one               (a short write)

A crash between any two steps repeats work and loses none.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from syndication import publish
from syndication.gather import Gathered, Newsroom, gather, notice
from syndication.logs import get_logger
from syndication.render import RENDER_REVISION
from syndication.render.renderer import Renderer
from syndication.store import changes, editions, leases, newest, regenerations, sections
from syndication.store.editions import Edition
from syndication.store.engine import Database, DatabaseDown, DatabaseError

log = get_logger(__name__)

COMPRESSING_THREADS = 2
"""More would take the newsroom's own cores: a machine that is busy publishing still serves."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one regeneration; ``seconds`` is how long it took, ``version`` the one that stands now."""

    section: str
    result: Literal["published", "unchanged", "overtaken", "failed"]
    version: int
    seconds: float
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a lease holds, the pauses after failures, and how many versions are remembered."""

    lease: timedelta
    retry_first: timedelta
    retry_max: timedelta
    keep_versions: int


class Regenerator:
    """Regenerates the sections of one newsroom, in the one thread that calls it."""

    def __init__(self, database: Database, newsroom: Newsroom, pace: Pace, owner: str) -> None:
        self.database = database
        self.newsroom = newsroom
        self.pace = pace
        self.owner = owner
        self.renderer = Renderer()
        self._pool = ThreadPoolExecutor(COMPRESSING_THREADS, thread_name_prefix="compress")

    def register(self) -> list[str]:
        """Mark what the configuration or the renderer changed since its documents were made."""
        with self.database.write() as conn:
            return sections.register(conn, self.newsroom.fingerprints(), RENDER_REVISION, self.database.now(conn))

    def notice(self) -> int:
        """Turn changes and due moments into marks; gives the number of changes."""
        total = 0
        # Looking costs the newsroom nothing; only when there is something to do is a write transaction opened.
        while self._has_news():
            with self.database.write() as conn:
                read = notice(conn, self.newsroom, self.database.now(conn))
            total += read
        return total

    def pending(self) -> Iterator[Outcome]:
        """Regenerate one waiting section after the other, until none may be claimed now."""
        while (section := self._claim()) is not None:
            yield self.regenerate(section)

    def ready_at(self) -> tuple[datetime | None, datetime]:
        """When the next waiting section may be claimed (None: none waits), and what time it is."""
        with self.database.read() as conn:
            now = self.database.now(conn)
            return leases.ready_at(conn, self.newsroom.sections, RENDER_REVISION, now), now

    def next_due(self) -> tuple[datetime | None, datetime]:
        """When the next feed changes by itself, and what time it is."""
        with self.database.read() as conn:
            return sections.next_due(conn, self.newsroom.sections), self.database.now(conn)

    def regenerate(self, section: str) -> Outcome:
        """Regenerate one section; a failure is recorded and is an outcome, so that the others go on."""
        started = time.perf_counter()
        mark: int | None = None
        try:
            edition, gathered, gone = self._read(section)
            mark = edition.mark
            result, version = self._publish(edition, gathered, gone)
            return Outcome(section, result, version, time.perf_counter() - started)
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
            return bool(sections.due(conn, self.newsroom.sections, self.database.now(conn)))

    def _claim(self) -> str | None:
        with self.database.read() as conn:
            if not leases.pending(conn, self.newsroom.sections, RENDER_REVISION):
                return None
        with self.database.write() as conn:
            now = self.database.now(conn)
            return leases.claim(conn, self.newsroom.sections, RENDER_REVISION, self.owner, now, self.pace.lease)

    def _read(self, slug: str) -> tuple[Edition, Gathered, dict[str, str]]:
        section = self.newsroom.sections[slug]
        with self.database.snapshot() as conn:
            now = self.database.now(conn)
            edition = editions.read_edition(conn, slug)
            gathered = gather(conn, self.newsroom, section, now)
            left = edition.entries.keys() - {entry.article_id for entry in gathered.feed.entries}
            gone = newest.why_gone(conn, section.filed_under, left, now) if left else {}
        return edition, gathered, gone

    def _publish(
        self, edition: Edition, gathered: Gathered, gone: dict[str, str]
    ) -> tuple[Literal["published", "unchanged", "overtaken"], int]:
        now = gathered.feed.updated
        # Rendered with the time of the published version, the bytes differ only if the content does.
        as_before = replace(gathered.feed, updated=edition.updated_at or now)
        rendered = self.renderer.render(as_before)
        if publish.is_published(edition, rendered):
            with self.database.write() as conn:
                now = self.database.now(conn)
                done = publish.write_unchanged(conn, edition, rendered.left_out, now=now, next_due=gathered.next_due)
            return ("unchanged" if done else "overtaken"), edition.version
        updated, last_modified = publish.moment_of(edition, now)
        feed = replace(gathered.feed, updated=updated)
        if feed != as_before:
            rendered = self.renderer.render(feed)
        bodies = publish.compress(rendered.bodies, self._pool)
        with self.database.write() as conn:
            done = publish.write_version(
                conn,
                edition,
                feed,
                rendered,
                bodies,
                last_modified,
                gone,
                now=self.database.now(conn),
                next_due=gathered.next_due,
                keep=self.pace.keep_versions,
            )
        return ("published", edition.version + 1) if done else ("overtaken", edition.version)

    def _fail(self, section: str, mark: int | None, reason: str) -> None:
        with self.database.write() as conn:
            retry = (self.pace.retry_first, self.pace.retry_max)
            now = self.database.now(conn)
            tried = leases.failed(conn, section, mark, reason, retry, now)
            regenerations.finished(conn, section, tried, "failed", None, reason, now)
