"""[[source]] with kind = "wordpress": found in its database, rendered by its REST API; or by the REST API alone."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from syndication.config.source_schema import SourceTable
from syndication.config.value_types import SLUG, Address

REST_INTERVAL = 60.0
"""Seconds between two looks without a database: WordPress renders the whole window for each."""

MAX_REST_WINDOW = 100
"""The largest page that WordPress' REST API allows."""


def _sections(value: dict[str, str]) -> dict[str, str]:
    for category, section in value.items():
        if section and not SLUG.fullmatch(section):
            raise ValueError(f"should lead the category {category!r} to the slug of a section, or to an empty text")
    return value


class WordPressSource(SourceTable):
    """``url`` is the site's home page. ``prefix`` begins the names of its tables, ``$table_prefix`` of wp-config.php.

    ``categories`` maps a category's slug or name to a section, empty: to none. A category that it does not name
    belongs to the section with the same slug or title, and each to those of its parents too. ``window`` is how many
    of the newest posts are compared at each look; without a database at most MAX_REST_WINDOW. Without a database
    ``every`` is at least REST_INTERVAL, unless it is set.
    """

    kind: Literal["wordpress"]
    url: Address
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{0,40}$")] = "wp_"
    window: Annotated[int, Field(ge=1, le=10_000)] = 500
    categories: Annotated[dict[str, str], AfterValidator(_sections)] = Field(default_factory=dict)

    @field_validator("database")
    @classmethod
    def _mysql(cls, value: str) -> str:
        if value and not value.startswith(("mysql://", "mariadb://")):
            raise ValueError("should be an address like mysql://reader:password@host/name, of MySQL or MariaDB")
        return value

    @model_validator(mode="before")
    @classmethod
    def _slower_without_database(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("database"):
            return {"every": REST_INTERVAL, **values}
        return values

    @property
    def rest_window(self) -> int:
        """How many of the newest posts are compared without a database."""
        return min(self.window, MAX_REST_WINDOW)

    @property
    def asked_url(self) -> str:
        """The address that is asked over HTTP; empty if none is."""
        return self.url
