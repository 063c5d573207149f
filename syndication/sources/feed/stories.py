"""Makes articles of a feed's entries, as the importing parser read them. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from syndication.errors import ArticleError
from syndication.importing import own_feed
from syndication.importing.feed_head import FeedHead
from syndication.importing.fields import FEED, Fields
from syndication.importing.repeated import REPLACED
from syndication.model.article_json import parse_article
from syndication.model.formats import parse_rfc3339
from syndication.model.json_types import MAX_ID
from syndication.model.values import Article, Site
from syndication.sources.feed.sections import Sections
from syndication.sources.reader import Found, Row, SourceError
from syndication.store.articles.articles import validate

MOST_REASON = 500
"""Characters. A reason may quote the entry."""

WITHOUT_ID = "entry without a usable id"


@dataclass(frozen=True, slots=True)
class Context:
    """What the articles depend on beside the feed: the map of its categories, and our site."""

    sections: Sections
    site: Site


@dataclass(frozen=True, slots=True)
class Stories:
    """What a document shows: ``found`` in its order, and the ids that it says are deleted (RFC 6721).

    ``unknown`` is set if an entry could not be identified, so that no other can be missed.
    """

    found: tuple[Found, ...] = ()
    deleted: tuple[str, ...] = ()
    unknown: bool = False

    @property
    def without_section(self) -> list[Article]:
        """The articles that are in no section, and so only in the feed of everything."""
        return [one.article for one in self.found if one.article is not None and not one.article.sections]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the entries that have one, in the order of the document."""
        return tuple(one.row.id for one in self.found if not one.row.id.startswith(WITHOUT_ID))


def stories(head: FeedHead, entries: Iterable[Fields | str], context: Context) -> Stories:
    """Returns the stories. Raises SourceError for a feed of this very service, which would read itself."""
    found: dict[str, Found] = {}
    dates: dict[str, datetime | None] = {}
    unknown = False
    for entry in entries:
        if isinstance(entry, str):
            if not entry.startswith(REPLACED):
                unknown = True
                one = _refused("", entry)
                found[one.row.id] = one
            continue
        if own_feed.is_own(entry, context.site):
            raise SourceError("the address is that of a feed of this service, which would read itself")
        one = _found(entry, context)
        found[one.row.id] = one
        dates[one.row.id] = _moment(entry.get("updated_at") or entry.get("published_at"))
    deleted = (ref for ref, when in head["deleted"] if _is_id(ref) and not _is_newer(dates.get(ref), _moment(when)))
    return Stories(tuple(found.values()), tuple(dict.fromkeys(deleted)), unknown)


def without(found: Stories, ids: Iterable[str]) -> tuple[Found, ...]:
    """Returns the stories without those that are deleted."""
    gone = set(ids)
    return tuple(one for one in found.found if one.row.id not in gone)


def _found(entry: Fields, context: Context) -> Found:
    id = str(entry["id"])
    try:
        if not entry.get("published_at"):
            raise ArticleError("no publication date: the feed should have pubDate, published or date_published")
        article = _filed(entry, context)
        validate(article)
    except ArticleError as error:
        return _refused(id, str(error))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        return _refused(id, f"cannot be read ({type(error).__name__})")
    return Found(Row(id, _digest(repr(article))), article)


def _refused(id: str, reason: str) -> Found:
    """Returns an entry that can be no article; one whose id cannot be stored either goes by a digest."""
    id = id if _is_id(id) else f"{WITHOUT_ID} {_digest(id or reason)[:12]}"
    reason = "".join(one if one.isprintable() else "\ufffd" for one in reason[:MOST_REASON])
    return Found(Row(id, _digest(reason)), None, reason)


def _is_id(text: str) -> bool:
    return 0 < len(text) <= MAX_ID and text.isprintable()


def _filed(entry: Fields, context: Context) -> Article:
    """Returns the article in its sections, with those categories as tags that lead to none."""
    fields: dict[str, Any] = {key: value for key, value in entry.items() if key != FEED}
    article = parse_article(fields | {"sections": []}, {})
    sections = context.sections.of(article.tags)
    return replace(article, sections=sections, tags=tuple(tag for tag in article.tags if not _leads(tag, context)))


def _leads(tag: str, context: Context) -> bool:
    return bool(context.sections.find(tag))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _moment(value: Any) -> datetime | None:
    try:
        return parse_rfc3339(value).astimezone(UTC) if isinstance(value, str) and value else None
    except (ValueError, OverflowError):
        return None


def _is_newer(entry: datetime | None, deletion: datetime | None) -> bool:
    """Returns whether an entry that the feed has too is newer than its deletion (RFC 6721, section 3)."""
    return entry is not None and deletion is not None and entry > deletion
