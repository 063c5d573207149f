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
from syndication.pipeline import publish
from syndication.pipeline.sitemap_parts import DEFAULT_LIMITS, Limits, NewPart, PartWriter
from syndication.render import sitemap
from syndication.render.sitemap import SITEMAP_REVISION
from syndication.store import Connection
from syndication.store.db.database import DOCUMENTS, Database, DatabaseDown, SerializationConflict
from syndication.store.processes import purge_queue
from syndication.store.publishing import sitemap_state, sitemaps
from syndication.store.publishing.sitemap_state import OFF, Claim, WaitingParts
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
                more = yield from self._write_part(claim)
                if not more:
                    return
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

    def waiting(self, conn: Connection) -> tuple[WaitingParts, datetime]:
        """Returns which parts wait, now or for a moment to come, and the current time."""
        now = self.database.now(conn)
        if self.fingerprint == OFF:
            return WaitingParts(), now
        return sitemap_state.list_waiting(conn, self.owner, self.fingerprint, now), now

    def _set_site(self, site: Site) -> None:
        self.site = site
        name, limits = self.policy.news_name or site.title, self.policy.limits
        depends = (SITEMAP_REVISION, site.base_url, site.home_url, site.language, name, limits.urls, limits.news_urls)
        self.fingerprint = hashlib.sha256(repr(depends).encode()).hexdigest() if self.policy.enabled else OFF
        self._parts = PartWriter(self.database, site, name, limits, self._write_under_lease)

    def _claim(self) -> Claim | None:
        if self.fingerprint == OFF:
            return None
        with self.database.write_again() as conn:
            return sitemap_state.claim(conn, self.owner, self.fingerprint, self.database.now(conn))

    def _release(self, claim: Claim) -> None:
        with self.database.write() as conn:
            sitemap_state.release(conn, self.owner, claim.part)

    def _write_part(self, claim: Claim) -> Generator[None, None, bool]:
        """Writes one part; returns whether another one may wait."""
        part = NewPart(claim)
        yield from self._find_months() if claim.part == ARCHIVE else self._parts.steps(part, self._pool)
        self._publish(part)
        return part.again or claim.part == ARCHIVE or not claim.alone

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
        with self.database.read() as conn:
            part.check(conn)
            at = self.database.now(conn)
            expected = self._plan(conn, part, at).index if part.has_index else None
        # Nobody else can write into SQLite during the transaction below, so compression is done before it.
        packed = self._pack(expected.body) if expected else None
        with self.database.write() as conn:
            revision = sitemap_state.lock_revision(conn, self.owner, self.fingerprint, claim.part)
            if revision is None:
                raise _Overtaken
            now = self.database.now(conn)
            plan = self._plan(conn, part, at)
            saved = list(plan.files)
            if plan.index is not None:
                # They differ if another worker wrote another month meanwhile.
                same = expected is not None and expected.body == plan.index.body
                saved.append((plan.index.file, packed if packed and same else self._pack(plan.index.body)))
            for file, coded in saved:
                sitemaps.save_file(conn, file, coded)
            for file in plan.gone:
                sitemaps.delete_file(conn, file.path)
            changed = [file.path for file, _ in saved] + [file.path for file in plan.gone]
            if changed:
                sitemap_state.set_revision(conn, revision + 1)
                for path in changed if self.policy.purge else ():
                    purge_queue.enqueue(conn, path, revision + 1, now)
                self.database.notify(conn, DOCUMENTS)
            ended = {"again": part.again, "empty": not part.files}
            if not sitemap_state.complete(conn, self.owner, self.fingerprint, claim, part.due, now, **ended):
                raise _Overtaken  # Nothing of this stays.
        if changed:
            log.info("sitemap_written", part=claim.part, entries=part.entries, files=len(part.files), changed=changed)

    def _pack(self, body: bytes) -> dict[str, bytes]:
        return publish.compress(body, self._pool)

    def _plan(self, conn: Connection, part: NewPart, at: datetime) -> "_Plan":
        """Returns what publishing the part would change if it were done at this time; writes nothing."""
        name = part.claim.part
        stored = [] if name == ARCHIVE else sitemaps.list_files(conn, name)
        before = {file.number: file for file in stored}
        files: list[tuple[SitemapFile, dict[str, bytes]]] = []
        now_there: list[SitemapFile] = []
        for number, new in part.files.items():
            old = before.get(number)
            if new.coded is None and old is not None and old.digest == new.digest:
                now_there.append(old)
                continue
            if new.coded is None:
                # Somebody deleted or changed a file while this worker had the lease.
                raise RuntimeError(f"the stored file {number} of the sitemap {name} is another one now")
            file = _next_version(old, name, number, new.digest, new.entries, at)
            now_there.append(file)
            files.append((file, new.coded))
        gone = [old for number, old in before.items() if number not in {*part.files, 0}]
        if name == NEWS:
            index = None if 0 in part.files else self._plan_index(NEWS, now_there, before.get(0), at)
            return _Plan(files, gone, index)
        if name != ARCHIVE and not files and not gone:
            return _Plan(files, gone, None)
        everything = sitemaps.list_files(conn)
        months = [file for file in everything if file.part not in (name, ARCHIVE, NEWS)] + now_there
        months.sort(key=lambda file: (file.part, -file.number), reverse=True)  # the newest months first
        old_index = next((file for file in everything if file.part == ARCHIVE), None)
        return _Plan(files, gone, self._plan_index(ARCHIVE, months[: sitemap.MAX_INDEXED], old_index, at))

    def _plan_index(
        self, part: str, files: Sequence[SitemapFile], old: SitemapFile | None, at: datetime
    ) -> "_Index | None":
        """Returns the next version of an index of these files; None if it would be the same."""
        listed = [(self.site.base_url + file.path, file.updated_at) for file in files]
        body = sitemap.sitemap_index(listed) if listed else self._parts.home_alone()
        digest = publish.digest(body)
        if old is not None and old.digest == digest:
            return None
        return _Index(_next_version(old, part, 0, digest, 0, at), body)

    @contextmanager
    def _write_under_lease(self, part: str) -> Iterator[Connection]:
        with self.database.write_again() as conn:
            if not sitemap_state.renew(conn, self.owner, self.fingerprint, part, self.database.now(conn)):
                raise _Overtaken
            yield conn


@dataclass(frozen=True, slots=True)
class _Index:
    """The next version of an index."""

    file: SitemapFile
    body: bytes


@dataclass(frozen=True, slots=True)
class _Plan:
    """What publishing a part changes: files with their bodies by coding, files that are no more, the index above."""

    files: list[tuple[SitemapFile, dict[str, bytes]]]
    gone: list[SitemapFile]
    index: _Index | None


def _next_version(
    old: SitemapFile | None, part: str, number: int, digest: str, entries: int, at: datetime
) -> SitemapFile:
    """Returns the file's next version. Its time never goes back: an index says it, and caches compare it."""
    second = at.replace(microsecond=0)
    first = SitemapFile(file_path(part, number), part, number, 1, digest, entries, second, second)
    if old is None:
        return first
    behind = second <= old.updated_at
    return replace(
        first,
        version=old.version + 1,
        updated_at=old.updated_at if behind else second,
        last_modified=None if behind else second,
    )
