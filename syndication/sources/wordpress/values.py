"""What is read of WordPress, from its database or its REST API, before it becomes an article."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syndication.model.values import Author, Enclosure, Image


@dataclass(frozen=True, slots=True)
class Category:
    """A category; ``parent`` is the id of the one above it, or 0. ``place`` is its term_taxonomy_id, 0 if not known."""

    id: int
    parent: int
    slug: str
    name: str
    place: int = 0
    posts: int = 0


@dataclass(frozen=True, slots=True)
class Post:
    """A public post. ``excerpt`` is the written one, as HTML; WordPress makes one of the body where there is none.

    ``title`` is HTML. ``guid`` is as readers know it. A time is None if WordPress has
    none.
    """

    id: int
    title: str
    excerpt: str
    slug: str
    guid: str
    published_at: datetime | None
    modified_at: datetime | None
    authors: tuple[Author, ...]
    categories: tuple[int, ...]
    tags: tuple[str, ...]
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A public post as WordPress renders it: its permalink, and HTML of title, body and excerpt."""

    post: Post
    link: str
    html: str
    image: Image | None


def site_zone(timezone_string: str, gmt_offset: str) -> tzinfo:
    """Returns the site's zone from its two settings; WordPress asks the offset in hours only where no zone is set."""
    if timezone_string:
        try:
            return ZoneInfo(timezone_string)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    try:
        return timezone(timedelta(hours=float(gmt_offset or 0)))
    except (ValueError, OverflowError):
        return UTC


def moment(gmt: str | None, local: str | None = None, zone: tzinfo = UTC) -> datetime | None:
    """Returns a time of WordPress in UTC; from ``local`` if ``gmt`` is zeros, as in a draft that was published by code.

    Takes "2026-03-14 08:00:00" (database) and "2026-03-14T08:00:00" (REST API). None if neither is a time.
    """
    for text, of in ((gmt, UTC), (local, zone)):
        try:
            return datetime.fromisoformat((text or "")[:19]).replace(tzinfo=of).astimezone(UTC)
        except (ValueError, OverflowError):
            continue  # 0000-00-00 00:00:00
    return None


def author_id(nicename: str) -> str | None:
    """Returns the id of a user, as in the address of the user's archive; one that is not ASCII is percent-encoded."""
    return unquote(nicename).strip() or None
