"""An article as JSON: the one shape that imports read, and that the API and webhooks take and give.

A value that is wrong is named with its field, and with what would be right.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from syndication.errors import ArticleError
from syndication.feeds import Article, Enclosure, Image, Person

LARGEST_NUMBER = 2**53 - 1
"""The largest whole number that every JSON parser reads as it was written (RFC 8259 section 6)."""

LARGEST_MEASURE = 2**31 - 1
"""Pixels and seconds: the largest number that an INTEGER of PostgreSQL holds."""

LONGEST_ID = 500
LONGEST_SECTION = 100
"""Characters: PostgreSQL refuses a key of more than some 2,700 bytes."""


def _text(value: Any) -> Any:
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("holds the character U+0000, which no database text may: take it out")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError("holds half a surrogate pair, which is no character: take it out") from error
    return value


def _moment(value: Any) -> Any:
    if value in (None, ""):
        return None
    if not isinstance(value, str):
        raise ValueError(f"is {kind(value)}: it should be a text like 2026-03-14T08:00:00+08:00 (RFC 3339)")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"is {short(value)}: it should be like 2026-03-14T08:00:00+08:00 (RFC 3339)") from error
    if moment.utcoffset() is None:
        raise ValueError(f"is {short(value)}, without a time zone: add one, like {value}+00:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"is {short(value)}: it should be in the years 1 to 9999, as UTC too") from error


def _nothing(value: Any) -> Any:
    """An empty text says the same as none."""
    return None if value == "" else value


def _listed(value: Any) -> Any:
    return [] if value is None else value


Text = Annotated[str, BeforeValidator(_text)]
Required = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Perhaps = Annotated[Text | None, BeforeValidator(_nothing)]
Moment = Annotated[
    datetime | None,
    BeforeValidator(_moment),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}),
]
Number = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
Measure = Annotated[int, Field(ge=0, le=LARGEST_MEASURE)]
Id = Annotated[str, Field(min_length=1, max_length=LONGEST_ID), BeforeValidator(_text)]
SectionName = Annotated[str, Field(min_length=1, max_length=LONGEST_SECTION), BeforeValidator(_text)]


class Shape(BaseModel):
    """An object with exactly these fields, each of exactly its type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class AuthorJson(Shape):
    """An author as the byline names them."""

    name: Required
    email: Perhaps = None
    uri: Perhaps = None


class ImageJson(Shape):
    """The lead image; width and height in pixels."""

    url: Required
    caption: Perhaps = None
    credit: Perhaps = None
    alt: Perhaps = None
    width: Measure | None = None
    height: Measure | None = None


class EnclosureJson(Shape):
    """A file that belongs to the article; length in bytes, duration in seconds."""

    url: Required
    media_type: Required
    length: Number | None = None
    title: Perhaps = None
    duration: Measure | None = None


def _author(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Author = Annotated[
    AuthorJson,
    BeforeValidator(_author),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "required": ["name"],
                    "additionalProperties": False,
                    "properties": {
                        "name": {"type": "string", "minLength": 1},
                        "email": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                        "uri": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    },
                },
            ]
        }
    ),
]


class ArticleJson(Shape):
    """An article.

    A ``published_at`` in the future is an embargo. ``status`` is published if there is a ``published_at``,
    and draft if there is none. ``url`` may be relative to the newsroom's home page. ``guid`` is the id that
    readers of an imported feed know; other articles need none. ``title`` is plain text, shown as it is written;
    ``html`` and ``summary`` are HTML, so that an ampersand in them is ``&amp;``.
    """

    id: Id
    title: Required
    url: Required
    slug: Perhaps = None
    html: Annotated[Text, BeforeValidator(lambda value: "" if value is None else value)] = ""
    summary: Perhaps = None
    authors: Annotated[list[Author], BeforeValidator(_listed)] = Field(default_factory=list)
    sections: Annotated[list[SectionName], BeforeValidator(_listed)] = Field(default_factory=list)
    tags: Annotated[list[Required], BeforeValidator(_listed)] = Field(default_factory=list)
    language: Perhaps = None
    image: ImageJson | None = None
    enclosures: Annotated[list[EnclosureJson], BeforeValidator(_listed)] = Field(default_factory=list)
    published_at: Moment = None
    updated_at: Moment = None
    expires_at: Moment = None
    status: Annotated[Literal["draft", "published", "withdrawn"] | None, BeforeValidator(_nothing)] = None
    correction: Perhaps = None
    guid: Perhaps = None

    def article(self, slugs: Mapping[str, str]) -> Article:
        """The article; ``slugs`` are the configured sections' slugs by their titles, lower-case."""
        sections = [_section(name, slugs) for name in self.sections]
        return Article(
            id=self.id,
            slug=self.slug or slugify(self.id),
            url=self.url,
            title=self.title,
            html=self.html,
            summary=self.summary,
            authors=tuple(Person(a.name, a.email, a.uri) for a in self.authors),
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
        )


FIELDS = tuple(ArticleJson.model_fields)


def article_from(value: Any, slugs: Mapping[str, str]) -> Article:
    """The article that ``value``, parsed JSON, describes; raises ArticleError, which names the first wrong field."""
    if not isinstance(value, dict):
        raise ArticleError(f"a line should be a JSON object, not {kind(value)}")
    try:
        return ArticleJson.model_validate(value).article(slugs)
    except ValidationError as error:
        field, words = problems(error)[0]
        raise ArticleError(f"{field} {words}") from error


def article_fields(article: Article) -> dict[str, Any]:
    """The article as JSON values, in the shape that ``article_from`` takes."""
    values = asdict(article)
    for name in ("published_at", "updated_at", "expires_at"):
        moment = values[name]
        values[name] = moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
    return {name: _plain(values[name]) for name in FIELDS}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def merge_patch(target: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7396): null takes a member away, an object goes into an object, all else replaces."""
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
    """``text`` as a slug: "Arts & Leisure" is arts-leisure; empty if nothing of it can stand in one."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", ascii_text))


def _section(name: str, slugs: Mapping[str, str]) -> str:
    slug = slugs.get(name.strip().lower()) or slugify(name)
    if not slug:
        raise ArticleError(f"sections has {name!r}, of which no slug can be made: use letters and digits")
    return slug


def problems(error: ValidationError) -> list[tuple[str, str]]:
    """Each wrong field, like ``authors.0.email``, and what is wrong with it, in words."""
    return [(_place(problem["loc"]), _words(problem)) for problem in error.errors(include_url=False)]


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc) or "the body"


_TYPES = {
    "string_type": "a text",
    "list_type": "a list",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "model_type": "an object",
    "dict_type": "an object",
}


def _words(problem: Any) -> str:
    of, value = problem["type"], problem["input"]
    top = len(problem["loc"]) == 1
    if of == "value_error":
        return str(problem["msg"]).removeprefix("Value error, ")
    if of == "missing":
        return "is missing: every article needs one" if top and problem["loc"][0] in FIELDS else "is missing"
    if of == "extra_forbidden":
        known = f": there are {', '.join(sorted(FIELDS))}" if top else ""
        return f"is not a field of an article{known}"
    if of in ("string_too_short", "too_short", "string_too_long"):
        most = problem["ctx"].get("max_length")
        long = f"has {len(value)} characters: it should have at most {most}"
        return long if most else "is empty: it should have at least one character"
    if of in _TYPES:
        return f"is {kind(value)}: it should be {_TYPES[of]}"
    return f"is {short(value)}: it {problem['msg'].removeprefix('Input ')}"


def short(value: Any) -> str:
    """A value as it may stand in a sentence."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


_KINDS: Mapping[type, str] = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", int: "a number"}


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    return "null" if value is None else _KINDS.get(type(value), "a number")
