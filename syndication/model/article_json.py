"""An article as JSON: the one format for imports, the API and webhooks.

Errors name the invalid field and say what is expected.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema

from syndication.errors import ArticleError
from syndication.model.field_limits import (
    MAX_AUTHOR_ID,
    MAX_AUTHORS,
    MAX_CAPTION,
    MAX_ENCLOSURES,
    MAX_HTML,
    MAX_LANGUAGE,
    MAX_MEDIA_TYPE,
    MAX_NAME,
    MAX_SECTIONS,
    MAX_SLUG,
    MAX_SUMMARY,
    MAX_TAG,
    MAX_TAGS,
    MAX_TITLE,
    MAX_URL,
)
from syndication.model.formats import rfc3339
from syndication.model.json_types import (
    Dimension,
    Id,
    Moment,
    NonEmptyText,
    Number,
    SectionName,
    StrictModel,
    Text,
    empty_list_if_none,
    kind,
    none_if_empty,
    problems,
)
from syndication.model.values import Article, Author, Enclosure, Image, Section

# An empty string is read as null; a longer one than this is rejected.
OptionalName = Annotated[Annotated[Text, Field(max_length=MAX_NAME)] | None, BeforeValidator(none_if_empty)]
OptionalAuthorId = Annotated[Annotated[Text, Field(max_length=MAX_AUTHOR_ID)] | None, BeforeValidator(none_if_empty)]
OptionalUrl = Annotated[Annotated[Text, Field(max_length=MAX_URL)] | None, BeforeValidator(none_if_empty)]
OptionalCaption = Annotated[Annotated[Text, Field(max_length=MAX_CAPTION)] | None, BeforeValidator(none_if_empty)]
OptionalTitle = Annotated[Annotated[Text, Field(max_length=MAX_TITLE)] | None, BeforeValidator(none_if_empty)]
OptionalSlug = Annotated[Annotated[Text, Field(max_length=MAX_SLUG)] | None, BeforeValidator(none_if_empty)]
OptionalSummary = Annotated[Annotated[Text, Field(max_length=MAX_SUMMARY)] | None, BeforeValidator(none_if_empty)]
OptionalLanguage = Annotated[Annotated[Text, Field(max_length=MAX_LANGUAGE)] | None, BeforeValidator(none_if_empty)]


class AuthorJson(StrictModel):
    """An author, as named in the byline. ``id`` is your own for this person; the feed's address is made from it."""

    name: Annotated[NonEmptyText, Field(max_length=MAX_NAME)]
    email: OptionalName = None
    uri: OptionalUrl = None
    id: OptionalAuthorId = None


class ImageJson(StrictModel):
    """The lead image; ``width`` and ``height`` in pixels."""

    url: Annotated[NonEmptyText, Field(max_length=MAX_URL)]
    caption: OptionalCaption = None
    credit: OptionalCaption = None
    alt: OptionalCaption = None
    width: Dimension | None = None
    height: Dimension | None = None


class EnclosureJson(StrictModel):
    """A file attached to the article; ``length`` in bytes, ``duration`` in seconds."""

    url: Annotated[NonEmptyText, Field(max_length=MAX_URL)]
    media_type: Annotated[NonEmptyText, Field(max_length=MAX_MEDIA_TYPE)]
    length: Number | None = None
    title: OptionalTitle = None
    duration: Dimension | None = None


def _author(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


AuthorOrName = Annotated[
    AuthorJson,
    BeforeValidator(_author),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
                {
                    "type": "object",
                    "required": ["name"],
                    "additionalProperties": False,
                    "properties": {
                        "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
                        "email": {"anyOf": [{"type": "string", "maxLength": MAX_NAME}, {"type": "null"}]},
                        "uri": {"anyOf": [{"type": "string", "maxLength": MAX_URL}, {"type": "null"}]},
                        "id": {"anyOf": [{"type": "string", "maxLength": MAX_AUTHOR_ID}, {"type": "null"}]},
                    },
                },
            ]
        }
    ),
]


Tag = Annotated[NonEmptyText, Field(max_length=MAX_TAG)]


class ArticleJson(StrictModel):
    """An article.

    A ``published_at`` in the future is an embargo. ``status`` defaults to published if ``published_at`` is set, and
    otherwise to draft. ``url`` may be relative to the newsroom's home page. ``guid`` keeps the id of an article
    imported from another feed; other articles do not need one. ``title`` is plain text; ``html`` and ``summary`` are
    HTML, so write an ampersand in them as ``&amp;``. A new text for ``correction`` moves the date of the
    last update to the time of the request, unless ``updated_at`` changes with it. ``access`` is public, if omitted, or
    members: the feeds then have the body up to ``<!--members-only-->``, or no body without this marker, and no
    enclosures.
    """

    id: Id
    title: Annotated[NonEmptyText, Field(max_length=MAX_TITLE)]
    url: Annotated[NonEmptyText, Field(max_length=MAX_URL)]
    slug: OptionalSlug = None
    html: Annotated[Text, BeforeValidator(lambda value: "" if value is None else value), Field(max_length=MAX_HTML)] = (
        ""
    )
    summary: OptionalSummary = None
    authors: Annotated[list[AuthorOrName], BeforeValidator(empty_list_if_none)] = Field(
        default_factory=list, max_length=MAX_AUTHORS
    )
    sections: Annotated[list[SectionName], BeforeValidator(empty_list_if_none)] = Field(
        default_factory=list, max_length=MAX_SECTIONS
    )
    tags: Annotated[list[Tag], BeforeValidator(empty_list_if_none)] = Field(default_factory=list, max_length=MAX_TAGS)
    language: OptionalLanguage = None
    image: ImageJson | None = None
    enclosures: Annotated[list[EnclosureJson], BeforeValidator(empty_list_if_none)] = Field(
        default_factory=list, max_length=MAX_ENCLOSURES
    )
    published_at: Moment = None
    updated_at: Moment = None
    expires_at: Moment = None
    status: Annotated[Literal["draft", "published", "withdrawn"] | None, BeforeValidator(none_if_empty)] = None
    correction: OptionalCaption = None
    guid: OptionalUrl = None
    access: Annotated[Literal["public", "members"] | None, BeforeValidator(none_if_empty)] = None

    def article(self, slugs: Mapping[str, str]) -> Article:
        """Returns the article; ``slugs`` maps lower-case titles of configured sections to slugs."""
        sections = [_section(name, slugs) for name in self.sections]
        return Article(
            id=self.id,
            slug=self.slug or slugify(self.id),
            url=self.url,
            title=self.title,
            html=self.html,
            summary=self.summary,
            authors=tuple(Author(a.name, a.email, a.uri, a.id) for a in self.authors),
            sections=tuple(dict.fromkeys(sections)),
            tags=tuple(self.tags),
            language=self.language,
            image=Image(**self.image.model_dump()) if self.image else None,
            enclosures=tuple(Enclosure(**file.model_dump()) for file in self.enclosures),
            published_at=self.published_at,
            updated_at=self.updated_at,
            expires_at=self.expires_at,
            status=self.status or ("published" if self.published_at else "draft"),
            correction=self.correction,
            guid=self.guid,
            access=self.access or "public",
        )


FIELDS = tuple(ArticleJson.model_fields)


def parse_article(value: Any, slugs: Mapping[str, str]) -> Article:
    """Returns the article from parsed JSON; raises ArticleError for the first invalid field."""
    if not isinstance(value, dict):
        raise ArticleError(f"each line must be a JSON object, not {kind(value)}")
    try:
        return ArticleJson.model_validate(value).article(slugs)
    except ValidationError as error:
        field, words = problems(error, FIELDS)[0]
        raise ArticleError(f"{field} {words}") from error


def dump_article(article: Article) -> dict[str, Any]:
    """Returns the article as JSON values, in the format that ``parse_article`` reads."""
    values = asdict(article)
    for name in ("published_at", "updated_at", "expires_at"):
        moment = values[name]
        values[name] = rfc3339(moment) if moment else None
    return {name: _to_json(values[name]) for name in FIELDS}


def _to_json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def slugs_by_title(sections: Mapping[str, Section]) -> dict[str, str]:
    """Returns section slugs by lower-case title: articles may name a section by either."""
    return {section.title.lower(): slug for slug, section in sections.items()}


def merge_patch(target: Any, patch: Any) -> Any:
    """Applies a JSON Merge Patch (RFC 7396): null removes a member, objects are merged, everything else is replaced."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def slugify(text: str) -> str:
    """Returns ``text`` as a slug ("Arts & Leisure" becomes arts-leisure), empty if it has no letters or digits."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", ascii_text))


def _section(name: str, slugs: Mapping[str, str]) -> str:
    slug = slugs.get(name.strip().lower()) or slugify(name)
    if not slug:
        raise ArticleError(f"sections has {name!r}, which cannot become a slug: use letters a to z and digits")
    return slug
