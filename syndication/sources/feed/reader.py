"""One look at a feed: whether to ask now, what to ask, and what the answer means."""

import hashlib
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from syndication.config.source_schemas.feed import FeedSource
from syndication.importing.feed_reader import FeedFileReader
from syndication.logs import get_logger
from syndication.model.counted import counted
from syndication.model.values import Site
from syndication.sources.feed import pauses
from syndication.sources.feed.bookmark import Bookmark, validator
from syndication.sources.feed.client import HTTP_LIMITS, FailedError, FeedClient, check_answer, conditions_of
from syndication.sources.feed.look import FeedLook
from syndication.sources.feed.missing import taken_out
from syndication.sources.feed.pauses import Chance
from syndication.sources.feed.sections import Sections
from syndication.sources.feed.stories import Context, Stories, without
from syndication.sources.http import HttpLimits, Response
from syndication.sources.reader import SourceError

MOST_IDS = 1_000
"""Entries that the bookmark remembers."""

FORGETS_MOVED = 3
"""Failures in a row after which the configured address is asked again, and not the one that it moved to."""

log = get_logger(__name__)


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
        context = Context(Sections(table, slugs), site)
        self._settings = hashlib.sha256(f"{context.sections.digest} {table.url}".encode()).hexdigest()[:16]
        self._log = log.bind(source=table.name)
        self._client = FeedClient(context, allow_private=table.allow_private, limits=http_limits, parser=parser)
        self._clock, self._chance = clock, chance

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
        except FailedError as failed:
            raise self._failure(before, failed, now) from failed
        yield look

    def check(self) -> Sequence[str]:
        """Asks for the feed, and returns what the operator should mend or know."""
        try:
            response = self._client.get(self.table.url, {})
            head, found = self._client.document(response)
        except FailedError as failed:
            return [failed.message]
        said = []
        if response.moved:
            said.append(f"The feed moved to {response.moved}: write that address into the configuration.")
        if not found.found:
            said.append("The feed is empty.")
        if adrift := found.without_section:
            categories = ", ".join(sorted({tag for article in adrift for tag in article.tags})[:20]) or "they have none"
            said.append(
                f"{len(adrift)} of the stories are in no section: set section, or map their categories ({categories})."
            )
        wait = pauses.after_answer(response.headers, head, polite=self.table.polite)
        if wait > max(self.table.every, pauses.SHORTEST):
            said.append(
                f"The feed asks for a pause of {counted(round(wait / 60), 'minute')}, longer than every. polite = false"
                " ignores it, which is meant for feeds of your own system."
            )
        return said

    def trace(self, article_id: str) -> str | None:
        """Asks for the feed, and returns whether it shows the story; None if not: it may be public all the same."""
        try:
            _, found = self._client.document(self._client.get(self.table.url, {}))
        except FailedError as failed:
            raise SourceError(failed.message) from failed
        if article_id in found.deleted:
            return "deleted, as the feed says"
        shown = next((one for one in found.found if one.row.id == article_id), None)
        if shown is None:
            return None
        return f"in the feed, and refused: {shown.refused}" if shown.article is None else "in the feed"

    def close(self) -> None:
        """Does nothing: no connection stays open."""

    def _ask(self, before: Bookmark, now: float, *, asked: bool) -> FeedLook:
        """Asks for what changed; for all of it if somebody asked, or if that was last done a day ago."""
        whole = asked or now - before.whole >= pauses.DAY or before.whole > now
        response = self._client.get(before.moved or self.table.url, {} if whole else conditions_of(before))
        gone: tuple[str, ...] = ()
        wait_for, found, ids, read_at = before.pause, Stories(), before.ids, before.whole
        check_answer(response, whole=whole)
        body = before.body if response.status == 304 else hashlib.sha256(response.body).hexdigest()[:32]
        if whole or body != before.body:
            is_delta = response.status == 226
            wait_for, found = self._client.document(response)
            gone, ids = self._gone(before, found, partial=is_delta)
            read_at = read_at if is_delta else now
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
        return FeedLook(without(found, gone), gone, after.to_text(), partial(self._log_move, before, after))

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
        keeps = not response.moved or "@" in urlsplit(self.table.url).netloc
        return before.moved if keeps else response.moved or ""

    def _log_move(self, before: Bookmark, after: Bookmark) -> None:
        if before.moved != after.moved:
            self._log.warning("feed_moved", host=urlsplit(after.moved).hostname)

    def _failure(self, before: Bookmark, failed: FailedError, now: float) -> SourceError:
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


def _waits(before: Bookmark, now: float, *, asked: bool) -> bool:
    """Returns whether it is too early to ask. A person may ask early, but not where the server said when."""
    early = pauses.waits(before.due, now, told=before.told)
    return early and before.told if asked else early or before.gone


def _kept(response: Response, name: str, before: str) -> str:
    """Returns a validator of the answer; that of before if the feed did not change and the answer has none."""
    found = validator(response.headers.get(name))
    return found or (before if response.status == 304 else "")
