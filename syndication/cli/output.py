"""The one way in which commands print: whatever data holds, a line stays one line."""

import click

from syndication.model.terminal import escape


def line(text: str = "", *, err: bool = False) -> None:
    """Print one line, with control characters, line ends and bidi controls escaped."""
    click.echo(escape(text), err=err)


def json_document(text: str) -> None:
    """Print JSON as it is: it has escapes of its own, and its line ends are ours."""
    click.echo(text)
