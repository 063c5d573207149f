"""[[source]] with kind = "ghost": a Ghost, read in its database (MySQL, MariaDB, or the SQLite file of a small one)."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from syndication.config.source_schema import ForeignDatabaseUrl, SourceTable
from syndication.config.value_types import SLUG, Address, Secret, TimeZone

PARTS = ("slug", "id", "year", "month", "day", "primary_tag", "primary_author")
"""What a permalink may be made of, as in Ghost's routes.yaml."""


def _sections(value: dict[str, str]) -> dict[str, str]:
    for tag, section in value.items():
        if section and not SLUG.fullmatch(section):
            raise ValueError(f"should lead the tag {tag!r} to the slug of a section, or to an empty text")
    return value


def _permalink(value: str) -> str:
    used = set(re.findall(r"{(\w+)}", value))
    rest = re.sub(r"{\w+}", "", value)
    if (
        not value.startswith("/")
        or not re.fullmatch(r"[A-Za-z0-9/_.~-]*", rest)
        or used - set(PARTS)
        or not used & {"slug", "id"}
    ):
        allowed = ", ".join(f"{{{part}}}" for part in PARTS)
        raise ValueError(f"should be the permalink of posts in routes.yaml, like /{{slug}}/: made of {allowed}")
    return value


class GhostSource(SourceTable):
    """``url`` is the site's home page, as in Ghost's configuration. ``permalink`` and ``timezone`` are as in Ghost.

    With ``content_api_key`` Ghost's Content API is asked for the address of each post, so that several collections in
    routes.yaml, each with a permalink of its own, are right. ``tags`` maps a tag's slug or name to a section, empty: to
    none. A tag that it does not name belongs to the section with the same slug or title. ``window`` is how many of the
    newest posts are compared at each look.
    """

    kind: Literal["ghost"]
    url: Address
    database: Annotated[ForeignDatabaseUrl, Field(min_length=1)]
    permalink: Annotated[str, AfterValidator(_permalink)] = "/{slug}/"
    timezone: TimeZone = "UTC"
    content_api_key: Secret = ""
    tags: Annotated[dict[str, str], AfterValidator(_sections)] = Field(default_factory=dict)
    window: Annotated[int, Field(ge=1, le=10_000)] = 500

    @field_validator("database")
    @classmethod
    def _known(cls, value: str) -> str:
        if value.startswith("postgres"):
            raise ValueError("should be an address like mysql://reader:password@host/name, or sqlite:////file")
        return value

    @property
    def asked_url(self) -> str:
        """The address of the Content API; its database alone needs no request."""
        return self.url if self.content_api_key else ""
