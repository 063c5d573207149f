"""Asks for a feed and reads the answer: whole, or what changed. What it means is for ``reader`` to decide."""

import re
from collections.abc import Mapping
from contextlib import closing, nullcontext
from urllib.parse import urlsplit

from syndication.errors import ArticleError
from syndication.importing.feed_reader import FeedFileReader
from syndication.importing.file_limits import FileLimits
from syndication.sources.feed.bookmark import Bookmark
from syndication.sources.feed.document import kind_of, with_encoding
from syndication.sources.feed.stories import Context, Stories, stories
from syndication.sources.http import HttpLimits, Response, request
from syndication.sources.reader import SourceError

ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"

LIMITS = FileLimits(bytes=16 * 2**20, entries=5_000, seconds=30, megabytes=768)
"""What one document of a feed may cost: an archive of 5,000 entries, which no feed shows, is within it."""

HTTP_LIMITS = HttpLimits(seconds=30, bytes=LIMITS.bytes)

_ADVICE = re.compile(r"(?:; nothing |: save |: split ).*", re.DOTALL)


class FailedError(Exception):
    """A look failed: ``status`` is that of the answer, if there was one, and ``told`` its Retry-After."""

    def __init__(self, message: str, status: int = 0, told: str | None = None) -> None:
        super().__init__(message)
        self.message, self.status, self.told = message, status, told


class FeedClient:
    """Asks for feeds. Raises FailedError for whatever is not one."""

    def __init__(
        self, context: Context, *, allow_private: bool, limits: HttpLimits, parser: FeedFileReader | None
    ) -> None:
        """``parser`` is kept open; without it, a process is started for each document, and ends with it."""
        self._context, self._allow_private, self._limits, self._parser = context, allow_private, limits, parser

    def get(self, url: str, headers: Mapping[str, str]) -> Response:
        """Returns an answer with the feed, with a part of it, or that it did not change."""
        try:
            response = request(
                url,
                headers={"accept": ACCEPT, **headers},
                allow_private=self._allow_private,
                limits=self._limits,
            )
        except SourceError as error:
            raise FailedError(error.message) from error
        if response.status not in (200, 226, 304):
            told = response.headers.get("retry-after") if response.status in (429, 503) else None
            raise FailedError(f"{host_of(response)} answered {response.status}", response.status, told)
        return response

    def document(self, response: Response) -> tuple[int, Stories]:
        """Returns the pause that the feed asks for, and its stories."""
        kind = kind_of(response.body)
        if kind is None:
            raise FailedError(f"{host_of(response)} answered with something that is not a feed, such as a web page")
        content = with_encoding(response.body, response.headers) if kind == "xml" else response.body
        try:
            with nullcontext(self._parser) if self._parser else closing(FeedFileReader(LIMITS)) as parser:
                entries = [found for _, found in parser.read(kind, content)]
                return parser.head["pause"], stories(parser.head, entries, self._context)
        except ArticleError as error:
            raise FailedError(
                f"{host_of(response)} answered with a feed that cannot be read ({_words(error)})"
            ) from error
        except SourceError as error:
            raise FailedError(error.message) from error


def conditions_of(before: Bookmark) -> dict[str, str]:
    """Returns the headers that ask only for what changed, by RFC 9110, section 13.1, and RFC 3229."""
    conditions = {"if-none-match": before.etag, "if-modified-since": before.modified}
    if before.etag:
        conditions["a-im"] = "feed"
    return {name: value for name, value in conditions.items() if value}


def check_answer(response: Response, *, whole: bool) -> None:
    """Raises for an answer about changes, if ``whole`` was asked for, or if they are told in another way."""
    if response.status == 304 and whole:
        raise FailedError(f"{host_of(response)} answered 304 to a request without a condition")
    if response.status == 226 and (whole or not _has_feed_manipulation(response.headers)):
        raise FailedError(f"{host_of(response)} answered 226 in a way that was not asked for")


def _has_feed_manipulation(headers: Mapping[str, str]) -> bool:
    return (headers.get("im") or "").strip().lower() == "feed"


def host_of(response: Response) -> str:
    """Returns the host that answered, which is all of an address that messages quote."""
    return urlsplit(response.url).hostname or ""


def _words(error: ArticleError) -> str:
    """Returns an error of the parser without its advice, which is for those who import a file."""
    return _ADVICE.sub("", error.message)
