"""How commands print. Control characters in data are escaped, so one line of output stays one line."""

import click

from syndication.model.terminal import escape


def line(text: str = "", *, err: bool = False) -> None:
    """Prints one line, with control characters, line ends and bidi controls escaped."""
    click.echo(escape(text), err=err)


def json_document(text: str) -> None:
    """Prints JSON unchanged: it escapes control characters already, and its line ends are ours."""
    click.echo(text)
