"""[[source]] with kind = "feed": RSS, Atom or JSON Feed, polled."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from syndication.config.source_schema import Interval, SourceTable
from syndication.config.value_types import SLUG, Switch
from syndication.model.addresses import web_address

POLL_INTERVAL = 900.0
"""Seconds between two requests, if ``every`` does not say otherwise."""


def _feed(value: str) -> str:
    if web_address(value) is None:
        raise ValueError("should be the address of a feed, like https://daily.example/feed/")
    return value.strip()


def _sections(value: dict[str, str]) -> dict[str, str]:
    for category, section in value.items():
        if section and not SLUG.fullmatch(section):
            raise ValueError(f"should lead the category {category!r} to the slug of a section, or to an empty text")
    return value


class FeedSource(SourceTable):
    """``url`` is the address of the feed.

    ``categories`` maps a category of its entries to a section, empty: to none. A category that it does not name belongs
    to the section with the same slug or title. ``polite``: the pauses that the feed itself asks for are kept.
    ``withdraw_missing``: entries that are taken out of the middle of the feed are withdrawn.
    """

    kind: Literal["feed"]
    url: Annotated[str, AfterValidator(_feed)]
    every: Interval = POLL_INTERVAL
    categories: Annotated[dict[str, str], AfterValidator(_sections)] = Field(default_factory=dict)
    polite: Switch = True
    withdraw_missing: Switch = False

    @field_validator("database")
    @classmethod
    def _none(cls, value: str) -> str:
        if value:
            raise ValueError("should be left out: a feed is read at its url")
        return value

    @property
    def asked_url(self) -> str:
        """The address that is asked over HTTP; empty if none is."""
        return self.url
