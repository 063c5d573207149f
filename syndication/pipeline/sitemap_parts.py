"""Makes the files of one part of the sitemaps in memory, in small steps, from what the store says of its articles.

A part is read in several transactions, so an article may change between two pages. Its change is in the queue and marks
the part again, because each article's entry is committed before the files that list it.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from syndication.model.formats import parse_rfc3339
from syndication.model.sitemaps import NEWS, NEWS_AGE, bounds, own_address
from syndication.model.values import Site
from syndication.pipeline import publish
from syndication.render import sitemap
from syndication.render.sitemap import SitemapWriter
from syndication.render.text import visible_line
from syndication.store import Connection
from syndication.store.db.database import Database
from syndication.store.publishing import sitemaps
from syndication.store.publishing.sitemap_state import Claim
from syndication.store.publishing.sitemaps import ListedArticle, Period

PAGE = 500
"""Articles read in one step: some twenty milliseconds, for which feeds may have to wait."""

ENTRIES_PAGE = 2000
"""Entries compared with their articles in one step."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The addresses in a file of the archive and in one of the news."""

    urls: int = sitemap.MAX_URLS
    news_urls: int = sitemap.MAX_NEWS_URLS


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is not written yet. ``coded`` has its bodies by content coding; None: the stored ones are right."""

    digest: str
    entries: int
    coded: dict[str, bytes] | None


@dataclass(slots=True)
class NewPart:
    """A part's new files by number. ``due``: when it changes without a write; ``again``: an article left meanwhile.

    ``recorded`` are the articles with new entries, for which that is not known yet.
    """

    claim: Claim
    files: dict[int, NewFile] = field(default_factory=dict)
    entries: int = 0
    due: datetime | None = None
    again: bool = False
    recorded: Sequence[str] = ()

    def falls_due(self, *moments: datetime | None) -> None:
        """Records the earliest of these moments that is still to come."""
        for moment in moments:
            if moment is not None and moment > self.claim.now and (self.due is None or moment < self.due):
                self.due = moment

    @property
    def has_index(self) -> bool:
        """Whether an index is above its files: news in one file have none."""
        return not (self.claim.part == NEWS and 0 in self.files)

    def check(self, conn: Connection) -> None:
        """Sees whether an article left before its entry was committed; after that, a change finds the entry."""
        if self.recorded:
            period = bounds(self.claim.part, self.claim.now)
            self.again |= sitemaps.has_left(conn, self.claim.part, period, self.recorded)
            self.recorded = ()


class WriteUnderLease(Protocol):
    """Opens a write transaction that holds the lease on a part."""

    def __call__(self, part: str) -> AbstractContextManager[Connection]:
        """Opens it; it is rolled back if another worker has the lease."""


class PartWriter:
    """Makes parts for one site. ``write`` opens the transactions in which entries are recorded."""

    def __init__(self, database: Database, site: Site, news_name: str, limits: Limits, write: WriteUnderLease) -> None:
        self.database = database
        self.site = site
        self.news_name = news_name
        self.limits = limits
        self._write = write

    def steps(self, part: NewPart, pool: ThreadPoolExecutor) -> Iterator[None]:
        """Fills ``part``; yields after each step."""
        known: dict[int, str] = {}
        if part.claim.part != NEWS:
            for body in self._bodies(part, known):
                if body is not None and body[1]:
                    number = len(part.files) + 1
                    part.files[number] = new_file(body, known.get(number), pool)
                yield
            return
        bodies = []
        for body in self._bodies(part, known):
            if body is not None and body[1]:
                bodies.append(body)
            yield
        if not bodies:
            bodies.append((self.home_alone(), 0))
        # One file is at the address of the news itself. Several have numbers, and their index is there.
        for number, body in enumerate(bodies, start=1 if len(bodies) > 1 else 0):
            part.files[number] = new_file(body, known.get(number), pool)
            yield

    def home_alone(self) -> bytes:
        """Returns what stands where nothing can be listed."""
        return sitemap.home_alone(own_address(self.site, "") or self.site.home_url)

    def _bodies(self, part: NewPart, known: dict[int, str]) -> Iterator[tuple[bytes, int] | None]:
        """Yields the files as they are full, the last one at the end, and None after each page without one.

        Drops the entries of articles that have left the part. ``known`` gets the digests of its stored files.
        """
        name, now = part.claim.part, part.claim.now
        news, period = name == NEWS, bounds(name, now)
        writer = SitemapWriter("news" if news else "urlset", self.limits.news_urls if news else self.limits.urls)
        after: ListedArticle | None = None
        entries: str | None = ""
        while True:
            # What most parts need is read at once: one page of each.
            with self.database.read() as conn:
                if after is None and entries == "":
                    known |= {file.number: file.digest for file in sitemaps.list_files(conn, name)}
                stale: list[str] = []
                if entries is not None:
                    stale, entries = sitemaps.find_stale_entries(conn, name, period, entries, ENTRIES_PAGE)
                part.check(conn)
                page = [] if entries else sitemaps.read_articles(conn, name, period, after, PAGE, now)
            self._note(part, period, stale, [article.id for article in page if not article.is_known])
            if entries:
                yield None
                continue
            for article in page:
                element = self._element(part, article)
                if element is None:
                    continue
                part.entries += 1
                body = writer.add(element)
                if body is not None:
                    yield body
            if len(page) < PAGE:
                break
            after = page[-1]
            yield None
        yield writer.close()

    def _note(self, part: NewPart, period: Period, gone: Sequence[str], new: Sequence[str]) -> None:
        """Drops and records entries."""
        if gone or new:
            name = part.claim.part
            with self._write(name) as conn:
                sitemaps.drop_entries(conn, name, period, gone)
                sitemaps.add_entries(conn, name, new)
            part.recorded = new

    def _element(self, part: NewPart, article: ListedArticle) -> bytes | None:
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
            language = sitemap.news_language(article.language, self.site.language)
            return sitemap.news_element(address, self.news_name, language, published, title) if title else None
        said = [_moment(article.updated_at), _moment(article.corrected_at)]
        part.falls_due(*said)
        return sitemap.url_element(address, max([published, *(at for at in said if at is not None and at <= now)]))


def new_file(body: tuple[bytes, int], known: str | None, pool: ThreadPoolExecutor) -> NewFile:
    """Returns the file of these bytes and this number of addresses; compressed unless its digest is ``known``."""
    digest = publish.digest(body[0])
    coded = None if digest == known else publish.compress(body[0], pool)
    return NewFile(digest, body[1], coded)


def _moment(text: str | None) -> datetime | None:
    """Returns a time as the databases write it; None if no program of ours can read it."""
    if text is None:
        return None
    try:
        return parse_rfc3339(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
