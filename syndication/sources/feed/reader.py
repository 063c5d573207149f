"""One look at a feed: whether to ask now, what to ask, and what the answer means."""

import hashlib
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from syndication.config.source_schemas.feed import FeedSource
from syndication.errors import ArticleError
from syndication.importing.feed_reader import FeedFileReader
from syndication.importing.file_limits import FileLimits
from syndication.logs import get_logger
from syndication.model.values import Site
from syndication.sources.feed import pauses
from syndication.sources.feed.bookmark import Bookmark, validator
from syndication.sources.feed.document import kind_of, with_encoding
from syndication.sources.feed.missing import taken_out
from syndication.sources.feed.pauses import Chance
from syndication.sources.feed.sections import Sections
from syndication.sources.feed.stories import Context, Stories, stories, without
from syndication.sources.http import HttpLimits, Response, request
from syndication.sources.reader import Found, Row, SourceError

ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"

LIMITS = FileLimits(bytes=16 * 2**20, entries=5_000, seconds=30, megabytes=768)
"""What one document of a feed may cost: an archive of 5,000 entries, which no feed shows, is within it."""

HTTP_LIMITS = HttpLimits(seconds=30, bytes=LIMITS.bytes)

MOST_IDS = 1_000
"""Entries that the bookmark remembers."""

FORGETS_MOVED = 3
"""Failures in a row after which the configured address is asked again, and not the one that it moved to."""

_ADVICE = re.compile(r"(?:; nothing |: save |: split ).*", re.DOTALL)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FeedLook:
    """What the feed shows; nothing if it did not change, or was not asked."""

    found: Sequence[Found]
    gone: Sequence[str]
    text: str

    def fingerprint(self) -> str | None:
        """Returns None: a feed shows only its newest entries."""
        return None

    def window(self) -> Sequence[Row]:
        """Returns the entries of the document."""
        return [one.row for one in self.found]

    def public_ids(self) -> None:
        """Returns None: what a feed no longer shows may still be public."""
        return

    def page(self, after: str | None, count: int) -> Sequence[Row]:
        """Returns the entries of the document by pages, in the order of their ids."""
        rows = sorted(row for row in self.window() if after is None or row.id > after)
        return rows[:count]

    def read(self, rows: Sequence[Row]) -> Iterator[Found]:
        """Yields the stories, which are read already."""
        known = {one.row.id: one for one in self.found}
        return (known[row.id] for row in rows if row.id in known)

    def removed(self) -> Sequence[str]:
        """Returns the entries that the feed says are deleted, and those taken out of its middle if that counts."""
        return self.gone

    def bookmark(self) -> str:
        """Returns the state of polling."""
        return self.text


class FeedReader:
    """A feed as configured; asks for it when it is due, and keeps no connection open between two looks."""

    def __init__(
        self,
        table: FeedSource,
        site: Site,
        slugs: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.time,
        chance: Chance = random.uniform,
        http_limits: HttpLimits = HTTP_LIMITS,
        parser: FeedFileReader | None = None,
    ) -> None:
        """``slugs``: those of our sections, by title in lower case. ``clock``: seconds since 1970.

        ``parser``, which its owner closes, may serve several feeds of one thread; without it, a process is started for
        each document, and ends with it: changed documents are rare, and the process holds 60 MB.
        """
        self.table = table
        self._context = Context(Sections(table, slugs), site)
        self._settings = hashlib.sha256(f"{self._context.sections.digest} {table.url}".encode()).hexdigest()[:16]
        self._log = log.bind(source=table.name)
        self._clock, self._chance, self._http_limits = clock, chance, http_limits
        self._parser = parser
        self._shown: frozenset[str] = frozenset()

    @contextmanager
    def look(self, bookmark: str = "", *, asked: bool = False) -> Iterator[FeedLook]:
        """Opens one look: asks for the feed if it is due. Raises SourceError, with the pause in its bookmark."""
        before, now = Bookmark.from_text(bookmark, self._settings), self._clock()
        if _waits(before, now, asked=asked):
            if before.error:
                raise SourceError(before.error)
            yield FeedLook((), (), bookmark)
            return
        try:
            look = self._ask(before, now, asked=asked)
        except _FailedError as failed:
            raise self._failure(before, failed, now) from failed
        yield look

    def check(self) -> Sequence[str]:
        """Asks for the feed, and returns what the operator should mend or know."""
        try:
            response = self._get(self.table.url, {})
            head, found = self._document(response)
        except _FailedError as failed:
            return [failed.message]
        said = []
        if response.moved:
            said.append(f"The feed moved to {response.moved}: write that address into the configuration.")
        if not found.found:
            said.append("The feed is empty.")
        if found.categories:
            said.append(f"Categories without a section: {', '.join(sorted(found.categories)[:20])}.")
        wait = pauses.after_answer(response.headers, head, polite=self.table.polite)
        if wait > max(self.table.every, pauses.SHORTEST):
            said.append(
                f"The feed asks for a pause of {wait / 60:.0f} minutes, longer than every. polite = false ignores it,"
                " which is meant for feeds of your own system."
            )
        return said

    def trace(self, article_id: str) -> str | None:
        """Returns "public" for an entry of the document that was read last; None for others, which may be public."""
        return "public" if article_id in self._shown else None

    def close(self) -> None:
        """Does nothing: no connection stays open."""

    def _ask(self, before: Bookmark, now: float, *, asked: bool) -> FeedLook:
        """Asks for what changed; for all of it if somebody asked, or if that was last done a day ago."""
        whole = asked or now - before.whole >= pauses.DAY or before.whole > now
        response = self._get(before.moved or self.table.url, {} if whole else _conditions(before))
        gone: tuple[str, ...] = ()
        wait_for, found, ids, read_at = before.pause, Stories(), before.ids, before.whole
        _check(response, whole=whole)
        body = before.body if response.status == 304 else hashlib.sha256(response.body).hexdigest()[:32]
        if whole or body != before.body:
            partial = response.status == 226
            wait_for, found = self._document(response)
            gone, ids = self._gone(before, found, partial=partial)
            read_at = read_at if partial else now
            self._shown = frozenset(found.ids) | (self._shown if partial else frozenset())
        wait = pauses.after_answer(response.headers, wait_for, polite=self.table.polite)
        after = Bookmark(
            settings=before.settings,
            moved=self._moved(before, response),
            etag=_kept(response, "etag", before.etag),
            modified=_kept(response, "last-modified", before.modified),
            body=body,
            pause=wait_for,
            due=now + wait,
            whole=read_at,
            ids=ids,
        )
        return FeedLook(without(found, gone), gone, after.to_text())

    def _get(self, url: str, headers: Mapping[str, str]) -> Response:
        try:
            response = request(
                url,
                headers={"accept": ACCEPT, **headers},
                allow_private=self.table.allow_private,
                limits=self._http_limits,
            )
        except SourceError as error:
            raise _FailedError(error.message) from error
        if response.status not in (200, 226, 304):
            told = response.headers.get("retry-after") if response.status in (429, 503) else None
            raise _FailedError(f"{_host(response)} answered {response.status}", response.status, told)
        return response

    def _document(self, response: Response) -> tuple[int, Stories]:
        """Returns the pause that the feed asks for, and its stories."""
        kind = kind_of(response.body)
        if kind is None:
            raise _FailedError(f"{_host(response)} answered with something that is not a feed, such as a web page")
        content = with_encoding(response.body, response.headers) if kind == "xml" else response.body
        try:
            with nullcontext(self._parser) if self._parser else closing(FeedFileReader(LIMITS)) as parser:
                entries = [found for _, found in parser.read(kind, content)]
                return parser.head["pause"], stories(parser.head, entries, self._context)
        except ArticleError as error:
            raise _FailedError(
                f"{_host(response)} answered with a feed that cannot be read ({_words(error)})"
            ) from error
        except SourceError as error:
            raise _FailedError(error.message) from error

    def _gone(self, before: Bookmark, found: Stories, *, partial: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Returns the ids that are gone, and those to remember."""
        if not self.table.withdraw_missing:
            return found.deleted, ()
        if partial:  # The document has only what is new; what it lacks did not change.
            return found.deleted, tuple(dict.fromkeys((*found.ids, *before.ids)))[:MOST_IDS]
        missing = [] if found.unknown else taken_out(before.ids, found.ids)
        return tuple(dict.fromkeys((*found.deleted, *missing))), found.ids[:MOST_IDS]

    def _moved(self, before: Bookmark, response: Response) -> str:
        """Returns where to ask from now on. An address with a password stays: it is not kept in the database."""
        if not response.moved or "@" in urlsplit(self.table.url).netloc:
            return before.moved
        self._log.warning("feed_moved", host=_host(response))
        return response.moved

    def _failure(self, before: Bookmark, failed: "_FailedError", now: float) -> SourceError:
        """Returns the error of a look that failed, with the pause that follows from it."""
        message = failed.message
        failures = before.failures + 1
        wait = pauses.after_failure(failures, self.table.every, self._chance)
        asked_for = pauses.retry_after(failed.told, now)
        gone = failed.status == 410 and not before.moved
        if gone:
            message += ": the feed is gone for good and is not asked for any more. Remove the source or change its url"
        after = replace(
            before,
            moved="" if failed.status == 410 or failures >= FORGETS_MOVED else before.moved,
            due=now + max(wait, asked_for),
            told=asked_for > 0,
            failures=failures,
            error=message,
            gone=gone,
        )
        return SourceError(message, bookmark=after.to_text())


class _FailedError(Exception):
    """A look failed: ``status`` is that of the answer, if there was one, and ``told`` its Retry-After."""

    def __init__(self, message: str, status: int = 0, told: str | None = None) -> None:
        super().__init__(message)
        self.message, self.status, self.told = message, status, told


def _waits(before: Bookmark, now: float, *, asked: bool) -> bool:
    """Returns whether it is too early to ask. A person may ask early, but not where the server said when."""
    early = pauses.waits(before.due, now, told=before.told)
    return early and before.told if asked else early or before.gone


def _conditions(before: Bookmark) -> dict[str, str]:
    """Returns the headers that ask only for what changed, by RFC 9110, section 13.1, and RFC 3229."""
    conditions = {"if-none-match": before.etag, "if-modified-since": before.modified}
    if before.etag:
        conditions["a-im"] = "feed"
    return {name: value for name, value in conditions.items() if value}


def _check(response: Response, *, whole: bool) -> None:
    """Raises for an answer about changes, if ``whole`` was asked for, or if they are told in another way."""
    if response.status == 304 and whole:
        raise _FailedError(f"{_host(response)} answered 304 to a request without a condition")
    if response.status == 226 and (whole or not _has_feed_manipulation(response.headers)):
        raise _FailedError(f"{_host(response)} answered 226 in a way that was not asked for")


def _has_feed_manipulation(headers: Mapping[str, str]) -> bool:
    return (headers.get("im") or "").strip().lower() == "feed"


def _kept(response: Response, name: str, before: str) -> str:
    """Returns a validator of the answer; that of before if the feed did not change and the answer has none."""
    found = validator(response.headers.get(name))
    return found or (before if response.status == 304 else "")


def _host(response: Response) -> str:
    return urlsplit(response.url).hostname or ""


def _words(error: ArticleError) -> str:
    """Returns an error of the parser without its advice, which is for those who import a file."""
    return _ADVICE.sub("", error.message)
