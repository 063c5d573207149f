"""A ninjs item of either shape as one value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from syndication.errors import SyndicationError
from syndication.importing.ninjs.shapes import Concept, Content, NewItem, OldItem, Rendition, is_new, lower_names
from syndication.model.field_limits import MAX_AUTHOR_ID
from syndication.model.json_types import kind, problems


class InvalidItemError(SyndicationError):
    """An item that cannot be read; ``errors`` are its fields, as the sender spelled them, each with the reason."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__(" ".join(errors[0]).strip())
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Part:
    """A text of an item. ``html``: it is HTML, or None if nothing says so; ``text``: it may be plain text.

    Neither is true of NITF and other XML.
    """

    value: str
    role: str
    html: bool | None
    text: bool


@dataclass(frozen=True, slots=True)
class Writer:
    """An author; ``id`` is the sender's own."""

    name: str
    uri: str | None = None
    email: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A news item. ``name`` and ``rel`` are those of an association; ``names`` are its words for our fields."""

    uri: str
    type: str
    partial: bool
    version: str | None
    pub_status: str
    first_created: datetime | None
    version_created: datetime | None
    content_created: datetime | None
    first_published: datetime | None
    embargoed: datetime | None
    expires: datetime | None
    language: str | None
    ednote: str | None
    copyright_holder: str | None
    headline: Part | None
    title: str | None
    slugline: str | None
    byline: str | None
    writers: tuple[Writer, ...]
    sources: tuple[str, ...]
    bodies: tuple[Part, ...]
    descriptions: tuple[Part, ...]
    services: tuple[Concept, ...]
    subjects: tuple[Concept, ...]
    keywords: tuple[str, ...]
    renditions: tuple[Rendition, ...]
    attachments: tuple[Rendition, ...]
    associations: tuple["Item", ...]
    evolved_from: str | None = None
    name: str = ""
    rel: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


OLD_NAMES = {
    "id": "guid", "guid": "guid", "title": "headline", "html": "body_html", "summary": "description_html",
    "authors": "byline", "tags": "keywords", "image": "associations", "enclosures": "associations",
    "published_at": "firstpublished", "updated_at": "versioncreated", "expires_at": "expires", "correction": "ednote",
}  # fmt: skip
NEW_NAMES = {
    "id": "uri", "guid": "uri", "title": "headlines", "html": "bodies", "summary": "descriptions", "authors": "by",
    "tags": "subjects", "image": "associations", "enclosures": "associations", "published_at": "firstCreated",
    "updated_at": "versionCreated", "expires_at": "expires", "correction": "edNote",
}  # fmt: skip
"""The field of ninjs from which each of ours comes, for errors."""


def read_item(value: Any) -> Item:
    """Returns the item of parsed JSON; raises InvalidItemError with each invalid field."""
    if not isinstance(value, dict):
        raise InvalidItemError([("", f"The body must be one ninjs item, an object, not {kind(value)}")])
    spelled: dict[str, str] = {}
    lower = lower_names(value, spelled)
    shape = NewItem if is_new(lower) else OldItem
    try:
        read = shape.model_validate(lower)
    except ValidationError as error:
        raise InvalidItemError([(_spell(place, spelled), words) for place, words in problems(error)]) from error
    item = _new(read) if isinstance(read, NewItem) else _old(read)
    if not item.uri:
        name = "uri" if shape is NewItem else "guid"
        raise InvalidItemError([(name, "is required: it identifies the story")])
    return item


def _spell(place: str, spelled: Mapping[str, str]) -> str:
    return ".".join(spelled.get(part, part) for part in place.replace("_.", "_").split("."))


def _common(read: NewItem | OldItem) -> dict[str, Any]:
    return {
        "uri": read.uri or "",
        "type": (read.type or "").lower(),
        "partial": read.representationtype == "partial",
        "version": read.version,
        "pub_status": read.pubstatus,
        "first_created": read.firstcreated,
        "version_created": read.versioncreated,
        "content_created": read.contentcreated,
        "first_published": read.firstpublished,
        "embargoed": read.embargoeduntil or read.embargoed,
        "expires": read.expires,
        "language": read.language,
        "ednote": read.ednote,
        "copyright_holder": read.copyrightholder,
        "title": read.title,
        "slugline": read.slugline,
    }


def _id(code: Any) -> str | None:
    """Returns an author's id; one that is no text, or too long, is none: it must not stop a story."""
    text = code.strip() if isinstance(code, str) else ""
    return text if 0 < len(text) <= MAX_AUTHOR_ID and text.isprintable() else None


def _old(read: OldItem, name: str = "") -> Item:
    headlines = [Part(read.headline, "", None, True)] if read.headline and read.headline.strip() else []
    return Item(
        **_common(read) | {"uri": read.guid or read.uri or ""},
        headline=next(iter([*headlines, *_old_parts(read.headline_)]), None),
        byline=read.byline or read.by,
        writers=tuple(Writer(one.name, one.uri, one.email, _id(one.code)) for one in read.authors or () if one.name),
        sources=tuple(_names(read.infosource)) or ((read.source,) if read.source else ()),
        bodies=tuple(_old_parts(read.body_)),
        descriptions=tuple(_old_parts(read.description_)),
        services=tuple(read.service or ()),
        subjects=tuple(read.subject or ()),
        keywords=tuple(read.keywords or ()),
        renditions=tuple(_named(read.renditions or {})),
        attachments=tuple(read.attachments or ()),
        associations=tuple(_old(one, key) for key, one in (read.associations or {}).items() if one is not None),
        evolved_from=read.evolvedfrom,
        name=name,
        names=OLD_NAMES,
    )


def _old_parts(texts: Mapping[str, str | None]) -> Iterator[Part]:
    yield from (_by_role(value, role) for role, value in texts.items() if value and value.strip())


def _new(read: NewItem) -> Item:
    headlines = [_part(one) for one in read.headlines or () if one.value.strip()]
    main = [one for one in headlines if one.role in ("main", "headline")]
    return Item(
        **_common(read),
        headline=next(iter(main or headlines), None),
        byline=read.by,
        writers=(),
        sources=tuple(_names(read.infosources)),
        bodies=tuple(_part(one) for one in read.bodies or () if one.value.strip()),
        descriptions=tuple(_part(one) for one in read.descriptions or () if one.value.strip()),
        services=(),
        subjects=tuple(read.subjects or ()),
        keywords=(),
        renditions=tuple(read.renditions or ()),
        attachments=(),
        associations=tuple(_new(one) for one in read.associations or ()),
        name=read.name or "",
        rel=read.rel or "",
        names=NEW_NAMES,
    )


_HTML, _TEXT = ("text/html", "application/xhtml+xml"), ("text/plain",)


def _part(content: Content) -> Part:
    """Returns a text with its kind: by its media type, or by a role that names it (IPTC's examples have ``html``)."""
    media = (content.contenttype or "").partition(";")[0].strip().lower()
    role = (content.role or "").lower()
    if media:
        return Part(content.value, role, media in _HTML, media in _TEXT)
    return _by_role(content.value, role)


def _by_role(value: str, role: str) -> Part:
    if "html" in role:
        return Part(value, role, True, False)
    if any(form in role for form in ("nitf", "newsml", "xml")):
        return Part(value, role, False, False)
    return Part(value, role, False if role == "text" else None, True)


def _names(sources: Sequence[Any] | None) -> Iterator[str]:
    yield from dict.fromkeys(one.name.strip() for one in sources or () if one.name and one.name.strip())


def _named(renditions: Mapping[str, Rendition | None]) -> Iterator[Rendition]:
    for name, one in renditions.items():
        if one is not None:
            yield one.model_copy(update={"name": one.name or name})
