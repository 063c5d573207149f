"""Commands for API tokens: token create, list, revoke."""

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
    """Create, list and revoke tokens, with which editors and a CMS use the API.

    \b
    Scopes:
      read         see public articles, sections, versions and results
      preview      see drafts and embargoed articles too, and preview feeds
      write        create, change, withdraw and restore articles
      regenerate   request the regeneration of feeds
      feeds        create, change, rename and retire feeds
      admin        manage tokens and users, read the audit log
    """


@token.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="A scope to grant. Repeat for more.")
@click.option("--all", "everything", is_flag=True, help="Grant every scope.")
@click.option("--days", type=click.IntRange(1, 36500), help="Days until the token expires. Without it, never.")
@click.pass_context
def create(ctx: click.Context, name: str, scopes: tuple[str, ...], everything: bool, days: int | None) -> None:
    """Create a token. It is shown only once.

    \b
    For a CMS that sends articles:
      syndication token create cms --scope write --scope read --scope preview
    """
    from syndication.store.access import tokens

    with open_database(settings_of(ctx)) as database, database.write() as conn:
        now = database.now(conn)
        expires = now + timedelta(days=days) if days else None
        _, secret = tokens.create(conn, name, SCOPES if everything else scopes, expires, current_user(), now)
    line("Keep it secret; it is not shown again. Send it as Authorization: Bearer TOKEN.", err=True)
    line(secret)


@token.command("list")
@click.option("--all", "everything", is_flag=True, help="Include revoked and expired tokens.")
@click.pass_context
def list_(ctx: click.Context, everything: bool) -> None:
    """List tokens, without their secrets."""
    from syndication.store.access import tokens

    with open_database(settings_of(ctx)) as database, database.read() as conn:
        now = database.now(conn)
        found = [token for token in tokens.list_all(conn) if everything or token.usable(now)]
    if not found:
        line("No active tokens. Create one with `syndication token create NAME --scope read`.")
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
    """Revoke a token, by its name or ID. It stops working at once."""
    from syndication.store.access import tokens

    with open_database(settings_of(ctx)) as database, database.write() as conn:
        revoked = tokens.revoke(conn, name, current_user(), database.now(conn))
    if not revoked:
        line(f"There is no active token {name!r}.", err=True)
        sys.exit(1)
    line(f"{name} is revoked.")


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"


def _state(token: "Token", now: datetime) -> str:
    if token.revoked_at:
        return "revoked"
    return "active" if token.usable(now) else "expired"
