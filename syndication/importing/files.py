"""One file, of whatever kind, into the store."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import IO, Any

import click

from syndication.article_json import article_from, slugify
from syndication.config import Settings
from syndication.errors import ArticleError
from syndication.feeds import Article
from syndication.importing import feedfiles
from syndication.importing.report import Report
from syndication.store import articles
from syndication.store.engine import Database

SNIFFED = 2048
"""Bytes of a file that tell its kind."""

LONGEST_LINE = 32 * 1024 * 1024
"""Bytes: no article is longer, and a file without line ends is not read into memory whole."""


def import_file(
    database: Database, settings: Settings, name: str, sections: Sequence[str], report: Report, *, progress: bool
) -> None:
    """Import one file ("-" is standard input) and add to ``report``.

    ``sections`` are for articles that name none. Raises OSError for a file that cannot be read.
    """
    slugs = {section.title.lower(): slug for slug, section in settings.sections.items()}
    known = {slug for section in settings.sections.values() for slug in section.filed_under}
    chosen = tuple(slugs.get(section.lower()) or slugify(section) for section in sections)

    with _open(name, progress) as lines:
        found = _articles(name, lines, slugs, report)
        filed = (article if article.sections else _file(article, chosen, slugs) for article in found)
        for outcome in articles.put_articles(database, _counted_unknown(filed, known, report)):
            report.outcomes[outcome.outcome] += 1


def _file(article: Article, chosen: Sequence[str], slugs: dict[str, str]) -> Article:
    """An article that names no section is filed under the chosen ones; a tag that only repeats one is that section."""
    tags = tuple(tag for tag in article.tags if (slugs.get(tag.strip().lower()) or slugify(tag)) not in chosen)
    return replace(article, sections=tuple(chosen), tags=tags)


def _counted_unknown(found: Iterator[Article], known: set[str], report: Report) -> Iterator[Article]:
    for article in found:
        report.unknown.update(slug for slug in article.sections if slug not in known)
        yield article


def _articles(name: str, lines: Iterator[bytes], slugs: dict[str, str], report: Report) -> Iterator[Article]:
    """The articles of the file, each checked; what is wrong goes into the report."""
    first = next(lines, b"")
    lines = chain([first], lines)
    if feedfiles.is_xml(first):
        yield from _items(name, feedfiles.xml_items, b"".join(lines), slugs, report)
    elif feedfiles.is_json_feed(first[:SNIFFED]) or first.strip() in (b"{", b"["):
        # JSON over several lines is a JSON Feed: JSON Lines has an object in each.
        yield from _items(name, feedfiles.json_feed_items, b"".join(lines), slugs, report)
    else:
        yield from _lines(name, lines, slugs, report)


def _lines(name: str, lines: Iterator[bytes], slugs: dict[str, str], report: Report) -> Iterator[Article]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            article = article_from(_json(line), slugs)
            articles.validate(article)
        except ArticleError as error:
            report.problem(f"{name} line {number}", str(error))
        else:
            yield article


def _json(line: bytes) -> Any:
    if len(line) >= LONGEST_LINE:
        raise ArticleError(f"it is longer than {LONGEST_LINE // 2**20} MB: put each article on a line of its own")
    try:
        return json.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except UnicodeDecodeError as error:
        raise ArticleError(f"it is not UTF-8 (byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise ArticleError(f"it is not JSON: {error}") from error


def _items(name: str, read: Any, content: bytes, slugs: dict[str, str], report: Report) -> Iterator[Article]:
    try:
        for number, fields in read(content):
            try:
                article = feedfiles.check_dated(fields, slugs)
                articles.validate(article)
            except ArticleError as error:
                report.problem(f"{name} item {number}", str(error))
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
        with click.progressbar(length=path.stat().st_size, label=name, file=sys.stderr) as bar:
            yield _counted(file, bar)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE):
        yield line


def _counted(file: IO[bytes], bar: Any) -> Iterator[bytes]:
    for line in _read(file):
        yield line
        bar.update(len(line))
