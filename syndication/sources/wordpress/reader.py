"""A WordPress as configured: a ``Reader`` (sources/reader.py)."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from syndication.config.source_schemas.wordpress import WordPressSource
from syndication.model.values import ALL, Section
from syndication.sources.foreign_database import ForeignDatabase, Snapshot
from syndication.sources.reader import Look, SourceError
from syndication.sources.wordpress.article import ArticleMaker
from syndication.sources.wordpress.checks import check_categories, check_database, check_rest
from syndication.sources.wordpress.database_look import DatabaseLook, Remembered, Windows
from syndication.sources.wordpress.new_posts import NewPosts
from syndication.sources.wordpress.rest import EMBED_ALL, EMBED_IMAGE, Rest, RestError
from syndication.sources.wordpress.rest_look import RestLook
from syndication.sources.wordpress.sections import SectionMap
from syndication.sources.wordpress.site import read_site
from syndication.sources.wordpress.statements import Statements
from syndication.sources.wordpress.values import Category

_STATUS = {
    "publish": "public",
    "future": "scheduled",
    "draft": "draft",
    "auto-draft": "draft",
    "pending": "pending review",
    "private": "private",
    "trash": "in the trash",
}

_TABLE = "SELECT 1 AS found FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = :name"

_NETWORK = re.compile(r"(\w*?_)\d+_")
"""The prefix of a further site of a multisite network: wp_2_. The network's users are in wp_users."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of day, and seconds that no setting of a clock moves."""

    now: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class _Kept:
    """What is kept between looks; nothing is wrong if it is lost."""

    looks: Remembered = field(default_factory=Remembered)
    offsets: dict[str, int] = field(default_factory=dict)
    reported: set[int] = field(default_factory=set)


class WordPressReader:
    """One WordPress. ``sections`` are the configured feeds; the one of all articles may be among them."""

    def __init__(self, settings: WordPressSource, sections: Sequence[Section], clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or Clock()
        self._names = _names(sections)
        self._windows = _windows(settings, sections)
        self._database = ForeignDatabase(settings.database) if settings.database else None
        self._rest = Rest(
            settings.url,
            allow_private=settings.allow_private,
            embed=EMBED_IMAGE if settings.database else EMBED_ALL,
            monotonic=self._clock.monotonic,
        )
        self._kept = _Kept()

    @contextmanager
    def look(self, bookmark: str = "", *, asked: bool = False) -> Iterator[Look]:
        """Opens one look; ``asked`` ends the pause that WordPress gets after it did not answer."""
        before = NewPosts.from_text(bookmark)
        if asked:
            self._rest.resume()
        if self._database is None:
            make = self._maker(self._rest.categories())
            yield RestLook(self._rest, make, self._settings.rest_window, self._kept.offsets, before)
            return
        with self._database.snapshot() as snapshot:
            yield self._database_look(snapshot, before)

    def check(self) -> Sequence[str]:
        """Returns what the operator should mend, in sentences."""
        try:
            return list(self._checked())
        except SourceError as error:
            return [error.message]

    def trace(self, article_id: str) -> str | None:
        """Returns where the post stands in WordPress; None if it has none."""
        number = article_id.removeprefix(f"{self._settings.name}-")
        if number == article_id or not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        if self._database is None:
            answer = next(self._rest.posts([int(number)]))[1]
            if isinstance(answer, RestError):
                raise answer
            return "public" if answer else None
        with self._database.snapshot() as snapshot:
            rows = snapshot.all(self._statements(snapshot).status, {"id": int(number)})
        if not rows or rows[0]["type"] != "post":
            return None
        status = str(rows[0]["status"])
        return (
            "protected by a password" if status == "publish" and rows[0]["protected"] else _STATUS.get(status, status)
        )

    def close(self) -> None:
        """Closes the connection to the database."""
        if self._database is not None:
            self._database.close()

    def _database_look(self, snapshot: Snapshot, before: NewPosts) -> DatabaseLook:
        statements = self._statements(snapshot)
        site = read_site(snapshot, statements)
        make = self._maker(site.categories)
        return DatabaseLook(
            snapshot, statements, self._rest, site, make, self._windows, self._kept.looks, before, self._clock.monotonic
        )

    def _statements(self, snapshot: Snapshot) -> Statements:
        prefix = self._settings.prefix
        network = _NETWORK.fullmatch(prefix)
        shared = f"{network[1]}users" if network else ""
        if shared and snapshot.all(_TABLE, {"name": shared}):
            return Statements(prefix, shared)
        return Statements(prefix, f"{prefix}users")

    def _maker(self, categories: Sequence[Category]) -> ArticleMaker:
        sections = SectionMap(categories, self._names, self._settings.categories)
        return ArticleMaker(
            self._settings.name, self._settings.section, sections, self._clock.now(), self._kept.reported
        )

    def _checked(self) -> Iterator[str]:
        newest = None
        if self._database is None:
            categories = self._rest.categories()
        else:
            with self._database.snapshot() as snapshot:
                statements = self._statements(snapshot)
                yield from check_database(snapshot, statements)
                categories = list(read_site(snapshot, statements).categories)
                window = snapshot.all(statements.window(1, ""))
                newest = window[0]["id"] if window and not window[0]["protected"] else None
        self._rest.resume()
        yield from check_rest(self._rest, newest)
        sections = SectionMap(categories, self._names, self._settings.categories)
        yield from check_categories(sections, self._settings.categories, frozenset(self._names.values()))


def _names(sections: Sequence[Section]) -> Mapping[str, str]:
    """Returns the names under which articles are filed, in lower case, with the sections' slugs."""
    named = [section for section in sections if section.slug != ALL]
    titles = {section.title.casefold(): section.slug for section in named}
    return titles | {slug: section.slug for section in named for slug in section.filed_under}


def _windows(settings: WordPressSource, sections: Sequence[Section]) -> Windows:
    entries = {section.slug: section.max_entries for section in sections}
    return Windows(max(settings.window, entries.pop(ALL, 0)), entries)
