"""Small histories, of which a test makes a false one."""

from datetime import UTC, datetime, timedelta

from faults.checker.rows import Row
from faults.reading.documents import Document, Entry
from faults.reading.history import History, Poll, Sighting
from faults.stage.newsroom import AUTHORITY
from faults.writing.journal import Act, Journal, Story

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def story(id: str = "a1", **changes) -> Story:
    values = {"id": id, "published_at": at(-60), "sections": ("taiwan",)}
    return Story(**values | changes)


def journal(*acts: tuple[float, Story, str]) -> Journal:
    """Acts that began at so many seconds and were acknowledged half a second later."""
    found = Journal()
    for began, of, name in acts:
        found.add(Act(name, of, at(began), at(began + 0.5), 1))
    return found


def entry(of: Story) -> Entry:
    return Entry(AUTHORITY + of.id, of.title, of.html, of.published_at.replace(microsecond=0), None)


def row(of: Story, **changes) -> Row:
    values = {
        "id": of.id,
        "title": of.title,
        "html": of.html,
        "status": of.status,
        "published_at": of.published_at,
        "updated_at": of.updated_at,
        "expires_at": of.expires_at,
        "sections": frozenset(of.sections),
    }
    return Row(**values | changes)


def document(*stories: Story, path: str = "/feeds/taiwan.atom", updated: float = 0, digest: str = "") -> Document:
    told = digest or repr([(of.id, of.revision) for of in stories])
    return Document(path, told, tuple(entry(of) for of in stories), at(updated))


def sighting(
    *stories: Story,
    version: int = 1,
    seen: float = 1,
    web: str = "web-1",
    made: float | None = 0,
    etag: str = "",
    coding: str = "gzip",
    **more,
) -> Sighting:
    """A document that was made at so many seconds, and seen at so many."""
    return Sighting(
        web=web,
        coding=coding,
        etag=etag or f'"{version}-0123456789abcdef-{coding}"',
        document=document(*stories, updated=made or 0, **more),
        last_modified=None if made is None else at(made),
        first=at(seen),
        last=at(seen),
    )


def history(*sightings: Sighting) -> History:
    return History(sightings=list(sightings), polls=[Poll("web-1", "/feeds/taiwan.atom", at(0), at(0.1))])
