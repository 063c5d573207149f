"""What several subjects of the API take and give."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from syndication.model.article_json import ArticleJson
from syndication.model.field_limits import MAX_CURSOR, MAX_QUERY_TEXT, MAX_REFERENCE
from syndication.model.json_types import MAX_SECTION_NAME, Id, Text

Limit = Annotated[int, Field(ge=1, le=200)]


Reference = Annotated[Text, Field(max_length=MAX_REFERENCE)]
Cursor = Annotated[Text, Field(max_length=MAX_CURSOR)]
Slug = Annotated[Text, Field(max_length=MAX_SECTION_NAME)]
Filter = Annotated[Text, Field(max_length=MAX_QUERY_TEXT)]


class RequestModel(BaseModel):
    """Parameters of a path or a query: texts, of which numbers are made."""

    model_config = ConfigDict(extra="forbid")


class ResponseModel(BaseModel):
    """What the API gives."""


class ArticlePath(RequestModel):
    """An article's id, percent-encoded."""

    id: Id


class SectionPath(RequestModel):
    """A section's slug."""

    slug: Slug


class IdPath(RequestModel):
    """The id of something that was asked for."""

    id: Reference


class StoredArticle(ArticleJson):
    """An article as it is stored; what is given can be put again."""


class ArticleBody(ArticleJson):
    """An article; ``id`` may be left out, as it stands in the address."""

    id: Id | None = None  # type: ignore[assignment]  # wider here
