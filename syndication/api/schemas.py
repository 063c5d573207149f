"""Schemas shared by several parts of the API."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from syndication.model.article_json import ArticleJson
from syndication.model.field_limits import MAX_CURSOR, MAX_QUERY_TEXT, MAX_REFERENCE
from syndication.model.json_types import MAX_SECTION_NAME, Id, Text

Limit = Annotated[int, Field(ge=1, le=200)]

Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""A time as ``instant`` writes it."""

Reference = Annotated[Text, Field(max_length=MAX_REFERENCE)]
Cursor = Annotated[Text, Field(max_length=MAX_CURSOR, json_schema_extra={"pattern": "^[A-Za-z0-9_=-]*$"})]
Slug = Annotated[Text, Field(max_length=MAX_SECTION_NAME)]
Filter = Annotated[Text, Field(max_length=MAX_QUERY_TEXT)]


class RequestModel(BaseModel):
    """Parameters of a path or query: strings, converted to numbers where needed. Bodies are a ``StrictModel``."""

    model_config = ConfigDict(extra="forbid")


class ResponseModel(BaseModel):
    """The body of a response."""


class ArticlePath(RequestModel):
    """An article id, percent-encoded."""

    id: Id


class SectionPath(RequestModel):
    """A section slug."""

    slug: Slug


class IdPath(RequestModel):
    """The id of a token, preview or regeneration."""

    id: Reference


class StoredArticle(ArticleJson):
    """An article as stored; it can be sent back in a PUT."""


class ArticleBody(ArticleJson):
    """An article; ``id`` is optional, since it is in the URL."""

    id: Id | None = None  # type: ignore[assignment]  # wider here
