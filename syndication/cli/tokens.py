"""Commands about who may use the API: token create, list, revoke."""

import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from syndication.cli.common import current_user, open_database, settings_of
from syndication.cli.output import line
from syndication.model.scopes import SCOPES

if TYPE_CHECKING:
    from syndication.store.access.tokens import Token


@click.group()
def token() -> None:
    """Make, list and revoke the tokens with which editors and a CMS use the API.

    \b
    What a token may, by its scopes:
      read         see public articles, sections, versions and outcomes
      preview      see drafts and embargoed articles too, and preview feeds
      write        put, change, withdraw and restore articles
      regenerate   ask for feeds to be regenerated
      admin        manage tokens and people, read the audit log
    """


@token.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="What it may; again for each.")
@click.option("--all", "everything", is_flag=True, help="Every scope.")
@click.option("--days", type=click.IntRange(1, 36500), help="For how many days; without, until it is revoked.")
@click.pass_context
def create(ctx: click.Context, name: str, scopes: tuple[str, ...], everything: bool, days: int | None) -> None:
    """Make a token; it is shown this once.

    \b
    For a CMS that pushes articles:
      syndication token create cms --scope write --scope read --scope preview
    """
    from syndication.store.access import tokens

    with open_database(settings_of(ctx)) as database, database.write() as conn:
        now = database.now(conn)
        expires = now + timedelta(days=days) if days else None
        _, secret = tokens.create(conn, name, SCOPES if everything else scopes, expires, current_user(), now)
    line("Keep it: it is shown this once, and sent as Authorization: Bearer TOKEN.", err=True)
    line(secret)


@token.command("list")
@click.option("--all", "everything", is_flag=True, help="Revoked and expired ones too.")
@click.pass_context
def list_(ctx: click.Context, everything: bool) -> None:
    """List the tokens, without their secrets."""
    from syndication.store.access import tokens

    with open_database(settings_of(ctx)) as database, database.read() as conn:
        now = database.now(conn)
        found = [token for token in tokens.list_all(conn) if everything or token.usable(now)]
    if not found:
        line("Nobody is let in: make a token with `syndication token create NAME --scope read`.")
        return
    width = max(len(token.name) for token in found)
    line(f"{'name':<{width}}  {'id':<12}  {'last used':<16}  state     scopes")
    for token in found:
        line(
            f"{token.name:<{width}}  {token.id:<12}  {_when(token.last_used_at):<16}  {_state(token, now):<8}"
            f"  {', '.join(token.scopes)}"
        )


@token.command()
@click.argument("name")
@click.pass_context
def revoke(ctx: click.Context, name: str) -> None:
    """Revoke a token, by its name or id: it opens nothing from now on."""
    from syndication.store.access import tokens

    with open_database(settings_of(ctx)) as database, database.write() as conn:
        revoked = tokens.revoke(conn, name, current_user(), database.now(conn))
    if not revoked:
        line(f"There is no token {name!r} in use.", err=True)
        sys.exit(1)
    line(f"{name} is revoked.")


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"


def _state(token: "Token", now: datetime) -> str:
    if token.revoked_at:
        return "revoked"
    return "open" if token.usable(now) else "expired"
