"""A post as it stands in Ghost's tables, with what belongs to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from syndication.sources.reader import SourceError


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a post; an internal one is for the newsroom's eyes: its name begins with ``#``."""

    name: str
    slug: str
    is_public: bool


@dataclass(frozen=True, slots=True)
class Writer:
    """An author of a post; the slug stays when the name changes."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Post:
    """A published post. Tags and authors are in their order: the first of each is the primary one.

    Texts may hold the placeholder ``__GHOST_URL__``.
    """

    id: str
    slug: str
    title: str
    html: str
    visibility: str
    published_at: datetime
    updated_at: datetime | None
    excerpt: str
    description: str
    image: str
    image_alt: str
    image_caption: str
    tags: tuple[Tag, ...]
    authors: tuple[Writer, ...]

    @property
    def primary_tag(self) -> Tag | None:
        """The first tag, if it is public; Ghost looks no further."""
        return self.tags[0] if self.tags and self.tags[0].is_public else None


def to_post(row: Mapping[str, Any], tags: tuple[Tag, ...], authors: tuple[Writer, ...]) -> Post:
    """Returns the post of a row; raises SourceError for a time that is none."""
    published = moment(row["published_at"]) or moment(row["created_at"])
    if published is None:
        raise SourceError("it has no time of publication")
    texts = {name: str(row[name] or "") for name in _TEXTS}
    return Post(published_at=published, updated_at=moment(row["updated_at"]), tags=tags, authors=authors, **texts)


_TEXTS = ("id", "slug", "title", "html", "visibility", "excerpt", "description", "image", "image_alt", "image_caption")


def moment(value: Any) -> datetime | None:
    """Returns a time of Ghost's tables, which is UTC without a zone: SQLite has a text, or milliseconds since 1970."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, datetime):
            found = value
        elif isinstance(value, int | float):
            found = datetime.fromtimestamp(value / 1000, UTC)
        else:
            found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError) as error:
        raise SourceError(f"it has the time {str(value)[:40]!r}, which is none") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
