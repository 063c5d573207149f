"""One file, of whatever kind, into the store."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import click

from syndication.article_json import article_from, slugify, slugs_by_title
from syndication.config import Settings
from syndication.errors import ArticleError
from syndication.feeds import Article
from syndication.importing import feedfiles
from syndication.importing.report import Report
from syndication.model.json_structure import TooMuchStructure, check_structure
from syndication.store import articles
from syndication.store.engine import Database
from syndication.terminal import escape

SNIFFED = 2048
"""Bytes of a file that tell its kind."""

TOGETHER = 500
"""Articles whose sections are looked up at once."""

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes: no article is longer, and a file without line ends is not read into memory whole."""


LARGEST_FEED_FILE = 128 * 2**20
"""Bytes of an RSS, Atom or JSON Feed file: parsed it takes some ten times as much memory."""


def import_file(
    database: Database, settings: Settings, name: str, sections: Sequence[str], report: Report, *, progress: bool
) -> None:
    """Import one file ("-" is standard input) and add to ``report``.

    ``sections`` are for articles that name none; those of a feed file stay where they are filed already, too.
    Raises OSError for a file that cannot be read.
    """
    slugs = slugs_by_title(settings.sections)
    known = {slug for section in settings.sections.values() for slug in section.filed_under}
    chosen = tuple(slugs.get(section.lower()) or slugify(section) for section in sections)

    with _open(name, progress) as lines:
        first = next(lines, b"")
        content = chain([first], lines)
        read = _feed_reader(first)
        if read is None:
            found = _filed(_lines(name, content, slugs, report), chosen, slugs)
        else:
            found = _added(database, _items(name, read, _whole(content), slugs, report), chosen, slugs)
        for outcome in articles.put_articles(database, _known(found, known, report)):
            report.outcomes[outcome.outcome] += 1


def _known(found: Iterator[Article], known: set[str], report: Report) -> Iterator[Article]:
    for article in found:
        report.unknown.update(slug for slug in article.sections if slug not in known)
        yield article


def _file(article: Article, sections: tuple[str, ...], slugs: dict[str, str]) -> Article:
    """The article filed under ``sections``; a tag that only repeats one of them is that section."""
    tags = tuple(tag for tag in article.tags if (slugs.get(tag.strip().lower()) or slugify(tag)) not in sections)
    return replace(article, sections=sections, tags=tags)


def _filed(found: Iterator[Article], chosen: tuple[str, ...], slugs: dict[str, str]) -> Iterator[Article]:
    for article in found:
        yield article if article.sections else _file(article, chosen, slugs)


def _added(
    database: Database, found: Iterator[Article], chosen: tuple[str, ...], slugs: dict[str, str]
) -> Iterator[Article]:
    """A feed file tells no sections: those of ``chosen`` are added to what the article is filed under already.

    So a story that stood in two old feeds stands in both sections, whichever file came first.
    """
    while some := list(islice(found, TOGETHER)):
        with database.read() as conn:
            known = articles.load_articles(conn, [article.id for article in some])
        for article in some:
            filed = known[article.id].sections if article.id in known else ()
            yield _file(article, tuple(dict.fromkeys((*filed, *chosen))), slugs)


def _feed_reader(first: bytes) -> Callable[[bytes], feedfiles.Items] | None:
    """What reads a file that begins so; None for JSON Lines."""
    if feedfiles.is_xml(first):
        return feedfiles.xml_items
    # JSON over several lines is a JSON Feed: JSON Lines has an object in each.
    if feedfiles.is_json_feed(first[:SNIFFED]) or first.strip() in (b"{", b"["):
        return feedfiles.json_feed_items
    return None


def _lines(name: str, lines: Iterator[bytes], slugs: dict[str, str], report: Report) -> Iterator[Article]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            article = article_from(_json(line), slugs)
            articles.validate(article)
        except ArticleError as error:
            report.problem(f"{name} line {number}", str(error))
        except Exception as error:  # Strangers wrote it: one line that nobody foresaw stops no other.
            report.problem(f"{name} line {number}", f"it cannot be read ({type(error).__name__}: {error})")
        else:
            yield article


def _json(line: bytes) -> Any:
    if len(line) >= LONGEST_LINE:
        raise ArticleError(f"it is longer than {LONGEST_LINE // 2**20} MB: put each article on a line of its own")
    try:
        check_structure(line)
    except TooMuchStructure as error:
        raise ArticleError(str(error)) from error
    try:
        return json.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except UnicodeDecodeError as error:
        raise ArticleError(f"it is not UTF-8 (byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise ArticleError(f"it is not JSON: {error}") from error


def _whole(lines: Iterator[bytes]) -> bytes | None:
    """A feed file, which is read as a whole; None for one that is too large for that."""
    pieces, size = [], 0
    for line in lines:
        size += len(line)
        if size > LARGEST_FEED_FILE:
            return None
        pieces.append(line)
    return b"".join(pieces)


def _items(
    name: str, read: Callable[[bytes], feedfiles.Items], content: bytes | None, slugs: dict[str, str], report: Report
) -> Iterator[Article]:
    if content is None:
        report.problem(name, f"it is a feed of more than {LARGEST_FEED_FILE // 2**20} MB: split it into several files")
        return
    try:
        for number, make in read(content):
            try:
                article = feedfiles.check_dated(make(), slugs)
                articles.validate(article)
            except ArticleError as error:
                report.problem(f"{name} item {number}", str(error))
            except Exception as error:  # Strangers wrote it: one item that nobody foresaw stops no other.
                report.problem(f"{name} item {number}", f"it cannot be read ({type(error).__name__}: {error})")
            else:
                yield article
    except ArticleError as error:
        report.problem(name, str(error))


@contextmanager
def _open(name: str, progress: bool) -> Iterator[Iterator[bytes]]:
    """The lines of a file, with a progress bar by bytes for a person."""
    if name == "-":
        yield _read(sys.stdin.buffer)
        return
    path = Path(name)
    with path.open("rb") as file:
        if not progress:
            yield _read(file)
            return
        with click.progressbar(length=path.stat().st_size, label=escape(name), file=sys.stderr) as bar:
            yield _counted(file, bar)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE):
        yield line


def _counted(file: IO[bytes], bar: Any) -> Iterator[bytes]:
    for line in _read(file):
        yield line
        bar.update(len(line))
