"""A Ghost as configured: a ``Reader`` (sources/reader.py)."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from syndication.config.source_schemas.ghost import GhostSource
from syndication.model.values import ALL, Section
from syndication.sources.foreign_database import ForeignDatabase, Snapshot
from syndication.sources.ghost import statements
from syndication.sources.ghost.article import ArticleMaker
from syndication.sources.ghost.content_api import ContentApi
from syndication.sources.ghost.gating import PUBLIC
from syndication.sources.ghost.look import GhostLook, Remembered, Windows, read_tags
from syndication.sources.ghost.sections import SectionMap
from syndication.sources.reader import Look, SourceError

_STATUS = {"draft": "draft", "scheduled": "scheduled", "sent": "sent by e-mail only"}


class GhostReader:
    """One Ghost. ``sections`` are the configured feeds; the one of all articles may be among them."""

    def __init__(
        self, settings: GhostSource, sections: Sequence[Section], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._slugs = frozenset(section.slug for section in sections)
        self._sections = SectionMap(sections, settings.tags)
        self._make = ArticleMaker(
            settings.url.rstrip("/"), settings.permalink, ZoneInfo(settings.timezone), self._sections
        )
        self._windows = _windows(settings, sections)
        self._monotonic = monotonic
        self._remembered = Remembered()
        self._database = ForeignDatabase(settings.database)
        self._api = (
            ContentApi(
                settings.url, settings.content_api_key, allow_private=settings.allow_private, monotonic=monotonic
            )
            if settings.content_api_key
            else None
        )

    @contextmanager
    def look(self, bookmark: str = "", *, asked: bool = False) -> Iterator[Look]:
        """Opens one look."""
        del bookmark, asked
        with self._database.snapshot() as snapshot:
            yield GhostLook(
                snapshot,
                self._make,
                self._sections,
                self._windows,
                self._remembered,
                self._monotonic,
                self._api.addresses if self._api else None,
            )

    def check(self) -> Sequence[str]:
        """Returns what the operator should mend, in sentences."""
        try:
            with self._database.snapshot() as snapshot:
                return list(self._checked(snapshot))
        except SourceError as error:
            return [str(error)]

    def trace(self, article_id: str) -> str | None:
        """Returns where the post stands in Ghost; None if it has none."""
        with self._database.snapshot() as snapshot:
            rows = snapshot.all(statements.STATUS, {"id": article_id})
        if not rows:
            return None
        row = {name: str(value) for name, value in rows[0].items()}
        if row["type"] != "post":
            return f"a {row['type']}, which is in no feed"
        if row["status"] == "published":
            return "public" if row["visibility"] == PUBLIC else "published for members"
        return _STATUS.get(row["status"], row["status"])

    def close(self) -> None:
        """Closes the connection to the database."""
        self._database.close()

    def _checked(self, snapshot: Snapshot) -> Iterator[str]:
        look = GhostLook(
            snapshot, self._make, self._sections, Windows(1, {}), Remembered(), self._monotonic, addresses=None
        )
        newest = look.window()
        list(look.read(newest))  # Reads each table once: a right that is missing is told here.
        for name in self._sections.unused(read_tags(snapshot)):
            yield f"tags names {name!r}, and Ghost has no such tag."
        for tag, section in self._settings.tags.items():
            if section and section not in self._slugs:
                yield f"tags leads {tag!r} to {section!r}, which is no section."
        if self._api is not None and newest:
            try:
                if not self._api.addresses([newest[0].id]):
                    yield "Ghost's Content API does not show the newest post."
            except SourceError as error:
                yield f"{error}."


def _windows(settings: GhostSource, sections: Sequence[Section]) -> Windows:
    """Returns the windows. A section has more than ``entries`` only of the last hours: those are the site's newest."""
    most = max((section.max_entries for section in sections), default=0)
    return Windows(max(settings.window, most), {s.slug: s.entries for s in sections if s.slug != ALL})
