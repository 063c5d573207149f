"""A ninjs item as an article."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from html import escape
from typing import Any

from pydantic import ValidationError

from syndication.errors import ArticleError
from syndication.importing.ninjs.item import InvalidItemError, Item, Part
from syndication.importing.ninjs.media import files, lead_picture
from syndication.importing.ninjs.rules import Rules, slug_of
from syndication.model.addresses import web_address
from syndication.model.article_json import ArticleJson
from syndication.model.formats import language_tag, rfc3339
from syndication.model.json_types import problems
from syndication.model.values import Article
from syndication.render.shorten import shorten
from syndication.render.summary import plain

TITLE_LENGTH = 80
"""Characters of the body used in place of a headline, which IPTC does not require."""

STORIES = ("", "text", "composite")
"""The types that are stories. Superdesk also pushes each picture and film by itself."""

_MARKUP = re.compile(r"</?[a-z][^<>]*>|&(?:[a-z]+|#[0-9]+);", re.IGNORECASE)
_BY = re.compile(r"\Aby:?\s+(?=\S)", re.IGNORECASE)


def not_taken(item: Item) -> str | None:
    """Returns why an item is no story, or None."""
    if item.type not in STORIES:
        return f"It is of the type {item.type}: only text and composite become articles."
    if item.partial:
        return "It is partial (representationType): only a full story becomes an article."
    if item.type != "text" and not _shown(item.bodies):
        return "It has no body in HTML or plain text, and is not of the type text."
    return None


def to_article(item: Item, rules: Rules, stored: Article | None, now: datetime) -> Article:
    """Returns the article that a story becomes; ``stored`` is what it was before, of which slug and guid stay.

    Raises InvalidItemError with the names of ninjs for a value that no article can have.
    """
    title = _title(item)
    if not title:
        raise InvalidItemError([(item.names["title"], "is required: the story has no headline and no text")])
    published = _published_at(item, stored, now)
    made = item.version_created
    fields = {
        "id": item.uri,
        "guid": stored.guid if stored else item.uri,
        "url": item.uri,
        "slug": stored.slug if stored else slug_of(title, item.uri),
        "title": title,
        "html": _body(item),
        "summary": _summary(item),
        "authors": list(_authors(item)),
        "sections": _sections(item, rules),
        "tags": list(_tags(item, rules)),
        "language": (language_tag(item.language) or item.language) if item.language else None,
        "image": lead_picture(item),
        "enclosures": files(item),
        "published_at": rfc3339(published),
        "updated_at": rfc3339(made) if made and made > published else None,
        "expires_at": rfc3339(item.expires) if item.expires else None,
        "status": "published",
        "correction": item.ednote if rules.publish_ednote else None,
    }
    return _with_address(_validated(fields, item), item, rules)


def _validated(fields: dict[str, Any], item: Item) -> Article:
    try:
        return ArticleJson.model_validate(fields).article({})
    except ValidationError as error:
        raise InvalidItemError([(_source(place, item), words) for place, words in problems(error)]) from error
    except ArticleError as error:
        raise InvalidItemError([("", str(error))]) from error


def _source(place: str, item: Item) -> str:
    return item.names.get(place.partition(".")[0], place)


def _with_address(article: Article, item: Item, rules: Rules) -> Article:
    if rules.url:
        return replace(article, url=rules.address(article))
    if web_address(item.uri) is None:
        words = "is not a web address: set ninjs.url, from which the address of each story is made"
        raise InvalidItemError([(item.names["id"], words)])
    return article


def _published_at(item: Item, stored: Article | None, now: datetime) -> datetime:
    """Returns when the story was first published, or when its embargo ends if that is later.

    A later version keeps the time of the first, unless that was the end of an embargo, which may have been lifted.
    """
    before = stored.published_at if stored and stored.published_at and stored.published_at <= now else None
    made = item.first_created or item.version_created or item.content_created
    first = item.first_published or before or made or now
    return max(first, item.embargoed) if item.embargoed else first


def _title(item: Item) -> str:
    headline = item.headline
    if headline is not None and (text := _plain(headline)):
        return text
    named = (item.title or "").strip() or (item.slugline or "").strip()
    return named or shorten(plain(_body(item)), TITLE_LENGTH)


def _is_html(part: Part) -> bool:
    """Returns whether a text is HTML: if nothing says so, whether it looks like it."""
    return bool(part.html) or (part.html is None and _MARKUP.search(part.value) is not None)


def _plain(part: Part) -> str:
    """Returns a headline as text: Superdesk writes plain text, and in some newsrooms entities and italics."""
    return plain(part.value) if _is_html(part) else " ".join(part.value.split())


def _shown(parts: Sequence[Part]) -> list[Part]:
    """Returns the texts that can be shown, those in HTML first; NITF and other XML cannot."""
    found = [part for part in parts if part.value.strip()]
    return [part for part in found if _is_html(part)] + [part for part in found if part.text and not _is_html(part)]


def _body(item: Item) -> str:
    found = _shown(item.bodies)
    if not found:
        return ""
    return found[0].value if _is_html(found[0]) else paragraphs(found[0].value)


def _summary(item: Item) -> str | None:
    found = _shown([part for part in item.descriptions if part.role != "caption"])
    if not found:
        return None
    return found[0].value if _is_html(found[0]) else escape(found[0].value.strip(), quote=False)


def paragraphs(text: str) -> str:
    """Returns plain text as HTML: a paragraph between blank lines, or of each line if there are none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    blocks = re.split(r"\n[^\S\n]*\n", lines)
    blocks = blocks if len(blocks) > 1 else lines.split("\n")
    return "".join(f"<p>{escape(' '.join(block.split()), quote=False)}</p>" for block in blocks if block.strip())


def _authors(item: Item) -> Iterator[dict[str, Any]]:
    """Yields the authors, or else the byline, the sources, or the holder of the rights: an agency signs its stories."""
    if item.writers:
        for writer in item.writers:
            uri = writer.uri if writer.uri and web_address(writer.uri) else None
            yield {"name": writer.name, "uri": uri, "email": writer.email, "id": writer.id}
        return
    byline = _BY.sub("", plain(item.byline or ""), count=1)
    names: Sequence[str] = (byline,) if byline else item.sources or ((item.copyright_holder or "").strip(),)
    yield from ({"name": name} for name in names if name)


def _sections(item: Item, rules: Rules) -> list[str]:
    found = dict.fromkeys(rules.section_of(concept) for concept in (*item.services, *item.subjects))
    slugs = [slug for slug in found if slug]
    return slugs or ([rules.section] if rules.section else [])


def _tags(item: Item, rules: Rules) -> Iterator[str]:
    """Yields keywords and the names of subjects that are no sections. Places and people are not what it is about."""
    subjects = (concept.name or "" for concept in item.subjects if rules.section_of(concept) is None)
    keywords = (word for word in item.keywords if word.strip().lower() not in rules.known)
    yield from dict.fromkeys(tag.strip() for tag in (*keywords, *subjects) if tag.strip())
