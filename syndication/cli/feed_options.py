"""The options that describe a feed on the command line, and the definition that they make."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from syndication.errors import FeedError
from syndication.model.selection import TERM_KINDS

if TYPE_CHECKING:
    from syndication.model.feed_definition import FeedDefinition
    from syndication.model.feed_json import FeedJson

F = TypeVar("F", bound=Callable[..., Any])

GROUPS = {"any": "at least one of", "all": "each of", "none": "none of"}

DEFAULTS = (
    "description", "language", "any", "all", "none", "content", "entries", "hours", "max-entries", "summary-length",
    "cache", "image",
)  # fmt: skip
"""What can be set back to its default; of any, all and none: nothing chosen."""


class TermType(click.ParamType[dict[str, str]]):
    """A term as KIND:NAME; a name alone is that of a section."""

    name = "term"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, str]:
        """Returns the term as JSON has it."""
        kind, colon, name = str(value).partition(":")
        if not colon:
            kind, name = "section", kind
        if kind not in TERM_KINDS or not name.strip():
            self.fail(f"{value!r} should be SECTION, tag:NAME, author:NAME or language:TAG", param, ctx)
        return {"kind": kind, "name": name.strip()}


def feed_options(function: F) -> F:
    """Adds the options that describe a feed."""
    for group, words in reversed(GROUPS.items()):
        text = f"Stories with {words} these: SECTION, tag:NAME, author:NAME or language:TAG. Repeat for more."
        function = click.option(f"--{group}", multiple=True, type=TermType(), metavar="TERM", help=text)(function)
    for name, kind, text in reversed(
        (
            ("description", str, "What the feed is about."),
            ("language", str, "The language that the feed says it has, like en or zh-Hant."),
            ("content", click.Choice(("full", "summary")), "What entries contain."),
            ("entries", int, "The number of newest entries."),
            ("hours", int, "Also everything from the last hours."),
            ("max-entries", int, "The most entries."),
            ("summary-length", int, "Characters of a summary that is made from the text."),
            ("cache", str, "The name of a [cache.NAME] of syndication.toml."),
            ("image", str, "The address of the feed's icon in podcast players."),
        )
    ):
        function = click.option(f"--{name}", type=kind, help=text)(function)
    listed = "Whether it is in the public lists of feeds."
    return click.option("--listed/--unlisted", default=None, help=listed)(function)


def default_option(function: F) -> F:
    """Adds the option that sets fields back to their defaults."""
    text = "Set this back to its default; of any, all and none: nothing. Repeat for more."
    return click.option("--default", "defaults", multiple=True, type=click.Choice(DEFAULTS), help=text)(function)


def valid_slug(slug: str) -> str:
    """Returns the slug of a new address; raises FeedError with what is wrong with it."""
    from pydantic import TypeAdapter, ValidationError

    from syndication.model.feed_json import FeedSlug

    try:
        return TypeAdapter[str](FeedSlug).validate_python(slug)
    except ValidationError as error:
        rule = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise FeedError(f"the address {slug[:100]!r} {rule}") from error


def described(base: dict[str, Any], given: dict[str, Any]) -> "FeedJson":
    """Returns the definition with what was given; raises FeedError with each field that is wrong."""
    from pydantic import ValidationError

    from syndication.model.feed_json import FeedJson
    from syndication.model.json_types import problems

    values = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    try:
        return FeedJson.model_validate(
            base | {name: value for name, value in values.items() if value not in (None, [])}
        )
    except ValidationError as error:
        raise FeedError(
            "the feed cannot be stored", [f"{field} {words}" for field, words in problems(error)]
        ) from error


def changed(stored: "FeedDefinition", given: dict[str, Any], defaults: tuple[str, ...]) -> "FeedJson":
    """Returns a stored definition with what was given, and the ``defaults`` set back."""
    from syndication.model.feed_json import feed_json

    base = feed_json(stored).model_dump()
    for name in defaults:
        base.pop(name.replace("-", "_"))
    return described(base, given)
