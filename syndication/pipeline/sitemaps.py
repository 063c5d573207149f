"""Writes the sitemaps: a part after the other, in small steps between which the worker publishes feeds.

    claim      take a lease on a part that waits                              (a short write)
    read       its articles, a page at a time, and record their entries       (a read, and perhaps a short write)
    publish    all files whose bytes changed, and the index of the archive    (a short write)

A crash between any two steps repeats the part; nothing of it was published.
"""

import hashlib
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from syndication.logs import get_logger
from syndication.model.sitemaps import ARCHIVE, NEWS, file_path
from syndication.model.values import Site
from syndication.pipeline.sitemap_parts import DEFAULT_LIMITS, Limits, NewFile, NewPart, PartWriter, new_file
from syndication.render import sitemap
from syndication.render.sitemap import SITEMAP_REVISION
from syndication.store import Connection
from syndication.store.db.database import DOCUMENTS, Database, DatabaseDown, SerializationConflict
from syndication.store.processes import purge_queue
from syndication.store.publishing import sitemap_state, sitemaps
from syndication.store.publishing.sitemap_state import OFF, Claim
from syndication.store.publishing.sitemaps import SitemapFile

log = get_logger(__name__)

MONTHS_AT_ONCE = 100
"""Months found in one step."""

COMPRESSING_THREADS = 2


class _Overtaken(Exception):  # noqa: N818  # No error: another worker writes this part now.
    """Another worker has taken the lease, or another configuration the sitemaps."""


@dataclass(frozen=True, slots=True)
class SitemapPolicy:
    """What the configuration says of sitemaps. ``news_name``: the publication; "": the site's title.

    ``purge``: caches are told which files changed.
    """

    enabled: bool = True
    news_name: str = ""
    purge: bool = False
    limits: Limits = DEFAULT_LIMITS


class SitemapMaker:
    """Writes the sitemaps of one newsroom, in the one thread that calls it."""

    def __init__(
        self,
        database: Database,
        site: Site,
        owner: str,
        policy: SitemapPolicy = SitemapPolicy(),  # frozen
    ) -> None:
        self.database = database
        self.owner = owner
        self.policy = policy
        self._pool = ThreadPoolExecutor(COMPRESSING_THREADS, thread_name_prefix="compress-sitemap")
        self._set_site(site)

    def register(self) -> bool:
        """Registers the configuration, and requests everything if it is another one; returns whether it is."""
        with self.database.write() as conn:
            different = sitemap_state.register(conn, self.fingerprint)
            if different:
                self.database.notify(conn, DOCUMENTS)
            return different

    def follow(self, site: Site) -> None:
        """Continues with this site."""
        before = self.fingerprint
        self._set_site(site)
        if self.fingerprint != before:
            self.register()

    def steps(self) -> Generator[None]:
        """Writes what can be written now; yields after each step. Closed early, it gives its lease back.

        One part's failure leaves its files as they are.
        """
        while (claim := self._claim()) is not None:
            try:
                yield
                yield from self._write_part(claim)
            except GeneratorExit:
                self._release(claim)
                raise
            except _Overtaken:
                self._release(claim)  # It is still this worker's if another configuration has taken over.
                log.info("sitemap_overtaken", part=claim.part)
            except (DatabaseDown, SerializationConflict):
                raise
            except Exception:
                log.exception("sitemap_failed", part=claim.part)
                with self.database.write() as conn:
                    sitemap_state.fail(conn, self.owner, claim.part, self.database.now(conn))

    def next_ready(self) -> tuple[datetime | None, datetime]:
        """Returns when the next step can be done (None: nothing waits), and the current time."""
        with self.database.read() as conn:
            now = self.database.now(conn)
            ready = None
            if self.fingerprint != OFF:
                ready = sitemap_state.next_ready(conn, self.owner, self.fingerprint, now)
            return ready, now

    def _set_site(self, site: Site) -> None:
        self.site = site
        name, limits = self.policy.news_name or site.title, self.policy.limits
        depends = (SITEMAP_REVISION, site.base_url, site.home_url, site.language, name, limits.urls, limits.news_urls)
        self.fingerprint = hashlib.sha256(repr(depends).encode()).hexdigest() if self.policy.enabled else OFF
        self._parts = PartWriter(self.database, site, name, limits, self._write_under_lease)

    def _claim(self) -> Claim | None:
        if self.fingerprint == OFF:
            return None
        # A write transaction is opened only when there is work.
        with self.database.read() as conn:
            if not sitemap_state.is_waiting(conn, self.owner, self.fingerprint, self.database.now(conn)):
                return None
        with self.database.write() as conn:
            return sitemap_state.claim(conn, self.owner, self.fingerprint, self.database.now(conn))

    def _release(self, claim: Claim) -> None:
        with self.database.write() as conn:
            sitemap_state.release(conn, self.owner, claim.part)

    def _write_part(self, claim: Claim) -> Iterator[None]:
        part = NewPart(claim)
        if claim.part == ARCHIVE:
            yield from self._find_months()
        else:
            with self.database.read() as conn:
                known = {file.number: file.digest for file in sitemaps.list_files(conn, claim.part)}
            yield from self._parts.steps(part, known, self._pool)
        self._publish(part)

    def _find_months(self) -> Iterator[None]:
        """Requests every month that has a published article."""
        found: list[str] = []
        month: str | None = None
        while True:
            with self.database.read() as conn:
                for _ in range(MONTHS_AT_ONCE):
                    month = sitemap_state.find_older_month(conn, month)
                    if month is None:
                        break
                    found.append(month)
            if month is None:
                break
            yield
        with self.database.write() as conn:
            sitemap_state.request(conn, found)

    def _publish(self, part: NewPart) -> None:
        """Writes the changed files and the index above them, and completes the part, in one transaction."""
        claim = part.claim
        with self.database.write() as conn:
            revision = sitemap_state.lock_revision(conn)
            now = self._hold_lease(conn, claim.part)
            changed = [] if claim.part == ARCHIVE else self._write_files(conn, part, now)
            if claim.part == ARCHIVE or (claim.part != NEWS and changed):
                files = sitemaps.list_indexed(conn, sitemap.MAX_INDEXED)
                changed += self._write_index(conn, ARCHIVE, files, now)
            if changed:
                sitemap_state.set_revision(conn, revision + 1)
                for path in changed if self.policy.purge else ():
                    purge_queue.enqueue(conn, path, revision + 1, now)
                self.database.notify(conn, DOCUMENTS)
            sitemap_state.complete(conn, claim, part.due, now, again=part.again, empty=not part.files)
        if changed:
            log.info("sitemap_written", part=claim.part, entries=part.entries, files=len(part.files), changed=changed)

    def _write_files(self, conn: Connection, part: NewPart, now: datetime) -> list[str]:
        """Writes the files of a part, deletes those that it no longer has, and returns the paths of both."""
        name, changed = part.claim.part, []
        before = {file.number: file for file in sitemaps.list_files(conn, name)}
        now_there = {}
        for number, new in part.files.items():
            old = before.get(number)
            if new.coded is None and old is not None and old.digest == new.digest:
                now_there[number] = old
                continue
            if new.coded is None:
                # Somebody deleted or changed a file while this worker had the lease.
                raise RuntimeError(f"the stored file {number} of the sitemap {name} is another one now")
            now_there[number] = file = _next_version(old, name, number, new, now)
            sitemaps.save_file(conn, file, new.coded)
            changed.append(file.path)
        if name == NEWS and 0 not in part.files:
            changed += self._write_index(conn, NEWS, list(now_there.values()), now)
        kept = {*part.files, 0}
        for number, old in before.items():
            if number not in kept:
                sitemaps.delete_file(conn, old.path)
                changed.append(old.path)
        return changed

    def _write_index(self, conn: Connection, part: str, files: Sequence[SitemapFile], now: datetime) -> list[str]:
        """Writes an index in the transaction that changes its files; returns its path if it changed."""
        old = next((file for file in sitemaps.list_files(conn, part) if file.number == 0), None)
        listed = [(self.site.base_url + file.path, file.updated_at) for file in files]
        body = sitemap.sitemap_index(listed) if listed else self._parts.home_alone()
        new = new_file((body, 0), old.digest if old else None, self._pool)
        if new.coded is None:
            return []
        file = _next_version(old, part, 0, new, now)
        sitemaps.save_file(conn, file, new.coded)
        return [file.path]

    @contextmanager
    def _write_under_lease(self, part: str) -> Iterator[Connection]:
        with self.database.write() as conn:
            self._hold_lease(conn, part)
            yield conn

    def _hold_lease(self, conn: Connection, part: str) -> datetime:
        """Renews the lease and returns the time; raises _Overtaken if this worker has it no more."""
        now = self.database.now(conn)
        if not sitemap_state.renew(conn, self.owner, self.fingerprint, part, now):
            raise _Overtaken
        return now


def _next_version(old: SitemapFile | None, part: str, number: int, new: NewFile, now: datetime) -> SitemapFile:
    """Returns the file's next version. Its time never goes back: an index says it, and caches compare it."""
    second = now.replace(microsecond=0)
    first = SitemapFile(file_path(part, number), part, number, 1, new.digest, new.entries, second, second)
    if old is None:
        return first
    behind = second <= old.updated_at
    return replace(
        first,
        version=old.version + 1,
        updated_at=old.updated_at if behind else second,
        last_modified=None if behind else second,
    )
