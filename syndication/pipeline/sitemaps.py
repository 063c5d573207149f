"""Writes the sitemaps: a part after the other, in small steps between which the worker publishes feeds.

    claim      take a lease on a part that waits                            (a short write)
    read       its articles, a page at a time, and record their entries     (a read, and perhaps a short write)
    write      each file whose bytes changed, compressed                    (a short write)
    complete   delete what is left over, and write the index of the archive (a short write)

A part is read in several transactions, so an article may change between two pages. Its change is in the queue and
marks the part again. A crash between any two steps repeats the part.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from syndication.logs import get_logger
from syndication.model.formats import parse_rfc3339
from syndication.model.sitemaps import ARCHIVE, NEWS, NEWS_AGE, bounds, file_path, own_address
from syndication.model.values import Site
from syndication.pipeline import publish
from syndication.render import sitemap
from syndication.render.sitemap import SITEMAP_REVISION, SitemapWriter
from syndication.render.text import visible_line
from syndication.store import Connection
from syndication.store.db.database import DOCUMENTS, Database, DatabaseDown, SerializationConflict
from syndication.store.publishing import sitemap_state, sitemaps
from syndication.store.publishing.sitemap_state import OFF, Claim
from syndication.store.publishing.sitemaps import ListedArticle, SitemapFile

log = get_logger(__name__)

PAGE = 2000
"""Articles read in one step: some ten milliseconds."""

MONTHS_AT_ONCE = 100
"""Months found in one step."""

COMPRESSING_THREADS = 2

Body = tuple[bytes, int]
"""The bytes of a file and its number of addresses."""


class _Overtaken(Exception):  # noqa: N818  # No error: another worker writes this part now.
    """Another worker has taken the lease."""


@dataclass(slots=True)
class _Part:
    """A part while it is written: its files so far by number, and when it changes without a write."""

    claim: Claim
    known: dict[int, SitemapFile]
    numbers: set[int] = field(default_factory=set)
    changed: int = 0
    entries: int = 0
    due: datetime | None = None

    def falls_due(self, *moments: datetime | None) -> None:
        """Records the earliest of these moments that is still to come."""
        for moment in moments:
            if moment is not None and moment > self.claim.now and (self.due is None or moment < self.due):
                self.due = moment


class SitemapMaker:
    """Writes the sitemaps of one newsroom, in the one thread that calls it. ``news_name``: that of the publication."""

    def __init__(
        self,
        database: Database,
        site: Site,
        owner: str,
        *,
        enabled: bool = True,
        news_name: str = "",
        max_urls: int = sitemap.MAX_URLS,
        max_news_urls: int = sitemap.MAX_NEWS_URLS,
    ) -> None:
        self.database = database
        self.site = site
        self.owner = owner
        self.news_name = news_name or site.title
        self.max_urls, self.max_news_urls = max_urls, max_news_urls
        depends = (
            SITEMAP_REVISION,
            site.base_url,
            site.home_url,
            site.language,
            self.news_name,
            max_urls,
            max_news_urls,
        )
        self.fingerprint = hashlib.sha256(repr(depends).encode()).hexdigest() if enabled else OFF
        self._pool = ThreadPoolExecutor(COMPRESSING_THREADS, thread_name_prefix="compress-sitemap")

    def register(self) -> bool:
        """Registers the configuration, and requests everything if it is another one; returns whether it is."""
        with self.database.write() as conn:
            different = sitemap_state.register(conn, self.fingerprint)
            if different:
                self.database.notify(conn, DOCUMENTS)
            return different

    def steps(self) -> Iterator[None]:
        """Writes what can be written now; yields after each step. One part's failure leaves its files as they are."""
        while (claim := self._claim()) is not None:
            yield
            try:
                yield from self._write_part(claim)
            except _Overtaken:
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

    def _claim(self) -> Claim | None:
        if self.fingerprint == OFF:
            return None
        # A write transaction is opened only when there is work.
        with self.database.read() as conn:
            if not sitemap_state.is_waiting(conn, self.owner, self.fingerprint, self.database.now(conn)):
                return None
        with self.database.write() as conn:
            return sitemap_state.claim(conn, self.owner, self.fingerprint, self.database.now(conn))

    def _write_part(self, claim: Claim) -> Iterator[None]:
        with self.database.read() as conn:
            part = _Part(claim, {file.number: file for file in sitemaps.list_files(conn, claim.part)})
        if claim.part == ARCHIVE:
            yield from self._find_months()
        elif claim.part == NEWS:
            yield from self._write_news(part)
        else:
            for body in self._bodies(part):
                if body is not None and body[1]:
                    self._save(part, len(part.numbers) + 1, body)
                yield
        self._complete(part)

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

    def _write_news(self, part: _Part) -> Iterator[None]:
        """One file at the address of the news, or numbered ones and their index there."""
        first: Body | None = None
        for body in self._bodies(part):
            yield
            if body is None:
                continue
            if first is None:
                first = body
                continue
            if not part.numbers:
                self._save(part, 1, first)
            self._save(part, len(part.numbers) + 1, body)
        if first is not None and not part.numbers:
            self._save(part, 0, first)
            return
        with self.database.read() as conn:
            files = [file for file in sitemaps.list_files(conn, NEWS) if file.number in part.numbers]
        self._save(part, 0, (self._index(files), 0))

    def _bodies(self, part: _Part) -> Iterator[Body | None]:
        """Yields the part's files as they are full, the last one at the end, and None after each page without one."""
        news, now, name = part.claim.part == NEWS, part.claim.now, part.claim.part
        writer = SitemapWriter("news" if news else "urlset", self.max_news_urls if news else self.max_urls)
        period = bounds(name, now)
        with self.database.write() as conn:
            self._hold_lease(conn, name)
            sitemaps.drop_stale_entries(conn, name, period)
        after: ListedArticle | None = None
        while True:
            with self.database.read() as conn:
                page = sitemaps.read_articles(conn, name, period, after, PAGE, now)
            self._record(name, [article.id for article in page if not article.is_known])
            full = False
            for article in page:
                element = self._element(part, article)
                if element is None:
                    continue
                part.entries += 1
                body = writer.add(element)
                if body is not None:
                    full = True
                    yield body
            if len(page) < PAGE:
                break
            after = page[-1]
            if not full:
                yield None
        yield writer.close()

    def _record(self, name: str, ids: Sequence[str]) -> None:
        if ids:
            with self.database.write() as conn:
                self._hold_lease(conn, name)
                sitemaps.add_entries(conn, name, ids)

    def _element(self, part: _Part, article: ListedArticle) -> bytes | None:
        """Returns the article's element; None if it is not public now, or no sitemap may list it."""
        published = _moment(article.published_at)
        if published is None:
            return None
        now, expires = part.claim.now, _moment(article.expires_at)
        if published > now:
            part.falls_due(published)
            return None
        news = part.claim.part == NEWS
        part.falls_due(expires, published + NEWS_AGE if news else None)
        address = own_address(self.site, article.url)
        if address is None:
            return None
        if news:
            title = visible_line(article.title)
            language = article.language or self.site.language
            return sitemap.news_element(address, self.news_name, language, published, title) if title else None
        said = [_moment(article.updated_at), _moment(article.corrected_at)]
        part.falls_due(*said)
        return sitemap.url_element(address, max([published, *(at for at in said if at is not None and at <= now)]))

    def _save(self, part: _Part, number: int, body: Body) -> None:
        """Writes a file, unless it has these bytes already."""
        part.numbers.add(number)
        before, digest = part.known.get(number), publish.digest(body[0])
        if before is not None and before.digest == digest:
            return
        coded = publish.compress({"xml": body[0]}, self._pool)["xml"]
        with self.database.write() as conn:
            sitemap_state.raise_revision(conn)
            self._hold_lease(conn, part.claim.part)
            self._write_file(conn, before, part.claim.part, number, digest, body[1], coded)
            self.database.notify(conn, DOCUMENTS)
        part.changed += 1

    def _complete(self, part: _Part) -> None:
        claim = part.claim
        is_month = claim.part not in (ARCHIVE, NEWS)
        with self.database.write() as conn:
            sitemap_state.raise_revision(conn)  # Locks the archive's row before the part's, as everywhere.
            now = self._hold_lease(conn, claim.part)
            gone = 0 if claim.part == ARCHIVE else sitemaps.delete_other_files(conn, claim.part, part.numbers)
            again = claim.part != ARCHIVE and sitemaps.has_stale_entries(
                conn, claim.part, bounds(claim.part, claim.now)
            )
            if (is_month and (part.changed or gone)) or claim.part == ARCHIVE:
                self._write_index(conn)
            sitemap_state.complete(conn, claim, part.due, now, again=again, empty=is_month and not part.numbers)
            self.database.notify(conn, DOCUMENTS)
        if part.changed or gone:
            log.info("sitemap_written", part=claim.part, entries=part.entries, files=len(part.numbers))

    def _write_index(self, conn: Connection) -> None:
        """Writes the archive's index, in the transaction that changed its files."""
        body = self._index(sitemaps.list_indexed(conn, sitemap.MAX_INDEXED))
        before = next((file for file in sitemaps.list_files(conn, ARCHIVE)), None)
        digest = publish.digest(body)
        if before is None or before.digest != digest:
            coded = publish.compress({"xml": body}, self._pool)["xml"]
            self._write_file(conn, before, ARCHIVE, 0, digest, 0, coded)

    def _write_file(
        self,
        conn: Connection,
        before: SitemapFile | None,
        part: str,
        number: int,
        digest: str,
        entries: int,
        coded: dict[str, bytes],
    ) -> None:
        second = self.database.now(conn).replace(microsecond=0)
        behind = before is not None and second <= before.updated_at
        file = SitemapFile(
            path=file_path(part, number),
            part=part,
            number=number,
            version=before.version + 1 if before is not None else 1,
            digest=digest,
            entries=entries,
            updated_at=before.updated_at if before is not None and behind else second,
            last_modified=None if behind else second,
        )
        sitemaps.save_file(conn, file, coded)

    def _index(self, files: Sequence[SitemapFile]) -> bytes:
        return sitemap.sitemap_index((self.site.base_url + file.path, file.updated_at) for file in files)

    def _hold_lease(self, conn: Connection, name: str) -> datetime:
        """Renews the lease and returns the time; raises _Overtaken if another worker has it."""
        now = self.database.now(conn)
        if not sitemap_state.renew(conn, self.owner, name, now):
            raise _Overtaken
        return now


def _moment(text: str | None) -> datetime | None:
    """Returns a time as the databases write it; None if no program of ours can read it."""
    if text is None:
        return None
    try:
        return parse_rfc3339(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
