"""[[source]] with kind = "sql": the newsroom's own tables, read by two SELECTs of the operator."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from syndication.config.source_schema import ForeignDatabaseUrl, SourceTable
from syndication.config.value_types import TimeZone


def _select(value: str) -> str:
    if not re.match(r"\s*(SELECT|WITH)\b", value, re.IGNORECASE) or ";" in value.rstrip().rstrip(";"):
        raise ValueError("should be one SELECT statement")
    return value.strip().rstrip(";").rstrip()


def _articles(value: str) -> str:
    if not re.search(r"(?<![:\w]):ids\b", value):
        raise ValueError("should read only the stories asked for: add WHERE id IN :ids")
    return value


Select = Annotated[str, AfterValidator(_select)]


class SqlSource(SourceTable):
    """``ids`` selects id and published_at of all that is public; ``articles`` selects whole stories, for ``:ids``.

    ``timezone`` is that of times without one. ``window`` is how many of the newest are compared at each look.
    """

    kind: Literal["sql"]
    database: Annotated[ForeignDatabaseUrl, Field(min_length=1)]
    ids: Select
    articles: Annotated[Select, AfterValidator(_articles)]
    timezone: TimeZone = "UTC"
    window: Annotated[int, Field(ge=1, le=10_000)] = 500
