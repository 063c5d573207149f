"""How commands print. Control characters in data are escaped, so one line of output stays one line."""

import json

import click

from syndication.model.formats import rfc3339
from syndication.model.terminal import escape


def line(text: str = "", *, err: bool = False) -> None:
    """Prints one line, with control characters, line ends and bidi controls escaped."""
    click.echo(escape(text), err=err)


def json_document(value: object) -> None:
    """Prints a value as JSON, with times in RFC 3339. JSON escapes control characters itself."""
    click.echo(json.dumps(value, default=rfc3339, indent=2))
