"""The parts of one item, as Atom and RSS find them by different names, and the article that they make."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from syndication.importing.categories import Category
from syndication.importing.channel import Channel
from syndication.importing.fields import FEED, Fields, identity
from syndication.importing.media import Media, Values
from syndication.importing.node import Node
from syndication.importing.people import Person
from syndication.render.summary import plain


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of an item; ``html`` and ``summary`` are HTML, ``title`` is plain text.

    ``full`` is set if the text is more than a summary: without it, ``html`` is the summary once more. ``picture`` is
    the address of a lead image that Media RSS says nothing about.
    """

    guid: str
    url: str
    title: str
    html: str
    full: bool
    summary: str
    authors: Sequence[Person]
    files: Sequence[Values]
    categories: Sequence[Category]
    language: str | None
    published: datetime | None
    updated: datetime | None
    picture: str = ""


def article_fields(item: Node, channel: Channel, parts: Parts) -> Fields:
    """Returns the article's fields; raises ArticleError for an item that cannot be one."""
    published, updated = parts.published or parts.updated, parts.updated
    names = [str(one["name"]) for one in parts.authors]
    media = Media(item, parts.files, names, parts.url, *channel.bases, own=channel.own)
    html = parts.html or media.words()
    return {
        **identity(parts.guid or parts.url, parts.url, parts.title, html),
        "html": html,
        "summary": _summary(parts),
        "authors": list(parts.authors or channel.authors),
        "tags": [text for text, _ in parts.categories],
        "language": parts.language,
        "image": media.image() or ({"url": parts.picture} if parts.picture else None),
        "enclosures": media.files(),
        "published_at": published.isoformat() if published else None,
        "updated_at": updated.isoformat() if updated else None,
        FEED: {
            "url": channel.url,
            "categories": list(parts.categories),
            "full": parts.full,
            "author_inherited": not parts.authors,
        },
    }


def _summary(parts: Parts) -> str | None:
    """Returns the summary, unless it says nothing: RSS requires a description, and some programs repeat the title."""
    repeats = parts.summary == parts.html or (parts.full and plain(parts.summary) == parts.title)
    return None if repeats else parts.summary or None
