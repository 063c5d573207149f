"""Imports one file, of any kind, into the store."""

import json
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from syndication.config.loading import Settings
from syndication.diagnostics.obstacles import obstacles
from syndication.errors import ArticleError
from syndication.importing import own_feed
from syndication.importing.feed_reader import FeedFileReader
from syndication.importing.fields import FEED, Fields
from syndication.importing.file_kind import FeedKind, feed_kind, is_ninjs_file
from syndication.importing.ninjs.article import not_taken, to_article
from syndication.importing.ninjs.item import InvalidItemError, read_item
from syndication.importing.ninjs.rules import Rules, rules_of
from syndication.importing.report import Report
from syndication.model.article_json import parse_article, slugify, slugs_by_title
from syndication.model.feed_selections import section_slugs
from syndication.model.json_structure import StructureLimitExceeded, check_structure
from syndication.model.terminal import escape
from syndication.model.values import Article, Site
from syndication.store.articles import articles
from syndication.store.db.database import Database

FeedArticle = tuple[Article, bool]
"""An article of a feed file, and whether the feed is our own."""

Read = TypeVar("Read")

BATCH_SIZE = 500
"""Articles whose sections are read in one query."""

LOOKED_AT = 64 * 1024
"""Bytes of JSON in which the names of ninjs are looked for."""

MAX_LINE = 16 * 1024 * 1024
"""Bytes. No article is longer, and a file without line ends is not read into memory as a whole."""


def import_file(
    database: Database,
    settings: Settings,
    name: str,
    sections: Sequence[str],
    report: Report,
    *,
    reader: FeedFileReader,
    progress: bool,
) -> None:
    """Imports one file ("-" is standard input) and records the results in ``report``.

    ``sections`` are for articles that name none. Articles of a feed file also keep the sections that they have already.
    """
    slugs = slugs_by_title(settings.sections)
    known = section_slugs(settings.sections.values())
    chosen = tuple(slugs.get(section.lower()) or slugify(section) for section in sections)

    try:
        with _open(name, progress) as lines:
            first = next(lines, b"")
            kind, content = _kind(first, lines)
            if kind is None:
                lines_found = _lines(name, content, partial(_from_line, slugs=slugs, rules=rules_of(settings)), report)
                found = _with_sections(lines_found, chosen, slugs)
            else:
                site = settings.site
                entries = _entries(name, kind, content, reader, partial(_from_entry, site=site, slugs=slugs), report)
                found = _add_sections(database, entries, chosen, slugs)
            foreseen = _foreseen(found, settings, _now(database), report)
            for outcome in articles.put_articles(database, _known(foreseen, known, report)):
                report.outcomes[outcome.outcome] += 1
                report.dates.update([outcome.date] if outcome.date else [])
                if outcome.deleted_at is not None:
                    report.was_deleted(outcome.article_id)
    except _UnreadableError as error:
        report.problem(name, f"{error}; nothing was imported from it")


def _kind(first: bytes, lines: Iterator[bytes]) -> tuple[FeedKind | None, Iterator[bytes]]:
    """Returns the kind of a file, and its lines: those of one ninjs item are joined, and read as JSON Lines are."""
    content = chain([first], lines)
    kind = feed_kind(first)
    if kind != "json":
        return kind, content
    start, size = [], 0
    for line in content:
        start.append(line)
        size += len(line)
        if size > LOOKED_AT:
            break
    content = chain(start, content)
    if not is_ninjs_file(b"".join(start)):
        return kind, content
    return None, iter([_rejoin_lines(content, MAX_LINE - 1) or bytes(MAX_LINE)])


def _known(found: Iterator[Article], known: Collection[str], report: Report) -> Iterator[Article]:
    for article in found:
        report.unknown.update(slug for slug in article.sections if slug not in known)
        yield article


def _now(database: Database) -> datetime:
    with database.read() as conn:
        return database.now(conn)


def _foreseen(found: Iterator[Article], settings: Settings, now: datetime, report: Report) -> Iterator[Article]:
    """Reports the articles that will not appear as asked; sections without a feed are reported together, elsewhere."""
    for article in found:
        reasons = obstacles(replace(article, sections=()), settings.site, settings.sections, settings.retired, now)
        if reasons:
            report.will_not_appear(article.id, [f"{one.field} {one.words}" for one in reasons])
        yield article


def _file(article: Article, sections: tuple[str, ...], slugs: dict[str, str]) -> Article:
    """Returns the article filed under ``sections``, without tags that only repeat one of them."""
    tags = tuple(tag for tag in article.tags if (slugs.get(tag.strip().lower()) or slugify(tag)) not in sections)
    return replace(article, sections=sections, tags=tags)


def _with_sections(found: Iterator[Article], chosen: tuple[str, ...], slugs: dict[str, str]) -> Iterator[Article]:
    for article in found:
        yield article if article.sections else _file(article, chosen, slugs)


def _add_sections(
    database: Database, found: Iterator[FeedArticle], chosen: tuple[str, ...], slugs: dict[str, str]
) -> Iterator[Article]:
    """Adds the sections ``chosen``, and those of the article, to those that it has in the store already.

    A story from two old feeds is in both sections, in whatever order the files are imported. An article of our own feed
    that is in the store stays as it is there: the feed was made from it, and may show its summary only.
    """
    while some := list(islice(found, BATCH_SIZE)):
        with database.read() as conn:
            known = articles.load_articles(conn, [article.id for article, _ in some])
        for article, own in some:
            stored = known.get(article.id)
            filed = stored.sections if stored else ()
            sections = tuple(dict.fromkeys((*filed, *article.sections, *chosen)))
            yield replace(stored, sections=sections) if own and stored else _file(article, sections, slugs)


def _lines(name: str, lines: Iterator[bytes], make: Callable[[bytes], Article], report: Report) -> Iterator[Article]:
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            article = _reported(f"{name} line {number}", partial(make, line), report)
            if article is not None:
                yield article
    except _UnreadableError as error:
        report.problem(name, f"{error}; nothing after line {number} was imported")


def _reported(place: str, make: Callable[[], Read], report: Report) -> Read | None:
    """Returns what ``make`` returns, an article; None if it fails, with the reason in the report."""
    try:
        return make()
    except ArticleError as error:
        report.problem(place, str(error))
    except Exception as error:  # noqa: BLE001  # Untrusted input: an unforeseen error must not stop the other articles.
        report.problem(place, f"cannot be read ({type(error).__name__}: {error})")
    return None


def _valid(fields: Any, slugs: dict[str, str]) -> Article:
    article = parse_article(fields, slugs)
    articles.validate(article)
    return article


def _from_line(line: bytes, *, slugs: dict[str, str], rules: Rules) -> Article:
    """Returns the article of a line, which is ours or a ninjs item."""
    value = _json(line)
    if isinstance(value, dict) and not {"id", "url"} & value.keys() and {"uri", "guid"} & value.keys():
        return _from_ninjs(value, rules)
    return _valid(value, slugs)


def _from_ninjs(value: dict[str, Any], rules: Rules) -> Article:
    """Returns the article of a ninjs item, as the webhook makes it; one that is withheld becomes a draft."""
    try:
        item = read_item(value)
        if item.pub_status == "canceled":
            raise ArticleError(f"{item.uri} is canceled: `syndication withdraw` withdraws it")
        if (why := not_taken(item)) is not None:
            raise ArticleError(f"{item.uri} is no story. {why}")
        article = to_article(item, rules, None, datetime.now(UTC))
    except InvalidItemError as error:
        raise ArticleError(str(error)) from error
    articles.validate(article)
    return replace(article, status="draft") if item.pub_status == "withheld" else article


def _json(line: bytes) -> Any:
    if len(line) >= MAX_LINE:
        raise ArticleError(f"longer than {MAX_LINE // 2**20} MB: put each article on its own line")
    try:
        check_structure(line)
    except StructureLimitExceeded as error:
        raise ArticleError(str(error)) from error
    try:
        return json.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except UnicodeDecodeError as error:
        raise ArticleError(f"not UTF-8 (byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise ArticleError(f"not valid JSON: {error}") from error


def _rejoin_lines(lines: Iterator[bytes], max_bytes: int) -> bytes | None:
    """Returns the content of a feed file; None if it is longer than ``max_bytes``."""
    pieces, size = [], 0
    for line in lines:
        size += len(line)
        if size > max_bytes:
            return None
        pieces.append(line)
    return b"".join(pieces)


def _entries(
    name: str,
    kind: FeedKind,
    lines: Iterator[bytes],
    reader: FeedFileReader,
    make: Callable[[Fields | str], FeedArticle],
    report: Report,
) -> Iterator[FeedArticle]:
    content = _rejoin_lines(lines, reader.limits.bytes)
    if content is None:
        megabytes = reader.limits.bytes // 2**20
        report.problem(name, f"larger than {megabytes} MB, the limit for a feed file: split it into several files")
        return
    try:
        for number, found in reader.read(kind, content):
            article = _reported(f"{name} item {number}", partial(make, found), report)
            if article is not None:
                yield article
    except ArticleError as error:
        report.problem(name, str(error))


def _from_entry(found: Fields | str, *, site: Site, slugs: dict[str, str]) -> FeedArticle:
    """Returns the article of an entry; raises ArticleError if it has no date, which decides its position in a feed."""
    if isinstance(found, str):
        raise ArticleError(found)
    if not found.get("published_at"):
        raise ArticleError("no publication date: add pubDate, published or date_published")
    own = own_feed.is_own(found, site)
    fields = own_feed.as_published(found, site, slugs) if own else {k: v for k, v in found.items() if k != FEED}
    return _valid(fields, slugs), own


class _UnreadableError(ArticleError):
    """The system cannot read the file; the message gives the reason."""


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _UnreadableError(f"cannot be read: {error.strerror}") from error


@contextmanager
def _open(name: str, progress: bool) -> Iterator[Iterator[bytes]]:
    """Opens a file and yields its lines, with a progress bar by bytes if ``progress`` is set."""
    if name == "-":
        yield _read(sys.stdin.buffer)
        return
    path = Path(name)
    with _reading():
        file = path.open("rb")
    with file:
        if not progress:
            yield _read(file)
            return
        with click.progressbar(length=path.stat().st_size, label=escape(name), file=sys.stderr) as bar:
            yield _counted(file, bar)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while line := _next(file):
        yield line


def _next(file: IO[bytes]) -> bytes:
    with _reading():
        return file.readline(MAX_LINE)


def _counted(file: IO[bytes], bar: Any) -> Iterator[bytes]:
    for line in _read(file):
        yield line
        bar.update(len(line))
