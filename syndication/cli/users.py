"""Commands about who may log in to the dashboard: user create, list, scopes, password, disable, enable,
reset-second-factor.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from syndication.cli.common import current_user, open_database, settings_of
from syndication.cli.output import line
from syndication.errors import SyndicationError
from syndication.model.scopes import SCOPES

if TYPE_CHECKING:
    from syndication.store import Connection
    from syndication.store.access.users import User


@click.group()
def user() -> None:
    """Make, list, change and disable the people who log in to the dashboard.

    What a person may is said by the scopes of tokens: see `syndication token --help`. A name is lower-case, a password
    has twelve characters or more.
    """


def _asks_password(command: Callable[..., Any]) -> Callable[..., Any]:
    """The two options that say where a password comes from; without, it is asked for."""
    command = click.option("--password-stdin", "piped", is_flag=True, help="Read the password from standard input.")(
        command
    )
    return click.option("--generate", is_flag=True, help="Make a good password, and show it this once.")(command)


def _asks_scopes(command: Callable[..., Any]) -> Callable[..., Any]:
    """The two options that say what a person may."""
    command = click.option("--all", "everything", is_flag=True, help="Every scope.")(command)
    return click.option(
        "--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="What the person may; again for each."
    )(command)


_forces = click.option("--force", is_flag=True, help="Even if nobody with the scope admin is left.")


@user.command()
@click.argument("name")
@_asks_scopes
@_asks_password
@click.pass_context
def create(
    ctx: click.Context, name: str, scopes: tuple[str, ...], everything: bool, piped: bool, generate: bool
) -> None:
    """Let a person log in; the password is asked for twice.

    \b
    For an editor who regenerates feeds but writes no articles:
      syndication user create mei-hua --scope read --scope preview --scope regenerate
    """
    from syndication.auth.secrets import passwords
    from syndication.store.access import users

    users.check_name(name)
    wanted = users.check_scopes(SCOPES if everything else scopes)
    with open_database(settings_of(ctx)) as database:
        with database.read() as conn:
            users.reject_taken(conn, name)
        password = _password(piped, generate)
        hash = passwords.hash_password(password, name, settings_of(ctx).site.names)
        with database.write() as conn:
            users.create(conn, name, hash, wanted, current_user(), database.now(conn))
    line(f"{name} may log in.", err=True)
    _show(password, generate)


@user.command("list")
@click.option("--all", "everything", is_flag=True, help="Disabled ones too.")
@click.pass_context
def list_(ctx: click.Context, everything: bool) -> None:
    """List the people who may log in to the dashboard, and when each did last."""
    from syndication.store.access import users

    with open_database(settings_of(ctx)) as database, database.read() as conn:
        found = [user for user in users.list_all(conn) if everything or user.enabled]
    if not found:
        line("Nobody may log in: let somebody in with `syndication user create NAME --all`.")
        return
    width = max(len("name"), *(len(user.name) for user in found))
    line(f"{'name':<{width}}  {'last login':<16}  {'second factor':<13}  state     scopes")
    for user in found:
        state = "enabled" if user.enabled else "disabled"
        factor = "on" if user.second_factor_at else "off"
        line(
            f"{user.name:<{width}}  {_when(user.last_login_at):<16}  {factor:<13}  {state:<8}  {', '.join(user.scopes)}"
        )


@user.command()
@click.argument("name")
@_asks_scopes
@_forces
@click.pass_context
def scopes(ctx: click.Context, name: str, scopes: tuple[str, ...], everything: bool, force: bool) -> None:
    """Change what a person may, to these scopes and no others; the person is logged out."""
    from syndication.store.access import user_changes

    with _changing(ctx, name) as (conn, user, now):
        wanted = SCOPES if everything else scopes
        with _or_by_force():
            changed = user_changes.set_scopes(conn, user, wanted, current_user(), now, force=force)
    line(f"{name} has {', '.join(changed.scopes)}.")


@user.command()
@click.argument("name")
@_asks_password
@click.pass_context
def password(ctx: click.Context, name: str, piped: bool, generate: bool) -> None:
    """Give a person another password; it is asked for twice. The person is logged out."""
    from syndication.auth.secrets import passwords
    from syndication.store.access import user_changes

    with _changing(ctx, name):
        pass  # Whoever has mistyped the name is told so before the password is asked for.
    password = _password(piped, generate)
    hash = passwords.hash_password(password, name, settings_of(ctx).site.names)
    with _changing(ctx, name) as (conn, user, now):
        user_changes.set_password(conn, user, hash, current_user(), now)
    line(f"{name} has another password.", err=True)
    _show(password, generate)


@user.command()
@click.argument("name")
@_forces
@click.pass_context
def disable(ctx: click.Context, name: str, force: bool) -> None:
    """Let a person in no more: all logins end at once. The name stays, for the audit log."""
    from syndication.store.access import user_changes

    with _changing(ctx, name) as (conn, user, now), _or_by_force():
        user_changes.disable(conn, user, current_user(), now, force=force)
    line(f"{name} is disabled.")


@user.command()
@click.argument("name")
@click.pass_context
def enable(ctx: click.Context, name: str) -> None:
    """Let a person who was disabled in again, with the password and scopes from before."""
    from syndication.store.access import user_changes

    with _changing(ctx, name) as (conn, user, now):
        user_changes.enable(conn, user, current_user(), now)
    line(f"{name} is enabled.")


@user.command("reset-second-factor")
@click.argument("name")
@click.pass_context
def reset_second_factor(ctx: click.Context, name: str) -> None:
    """Remove the second factor of a user who lost the phone; the user is logged out, and the password alone logs in."""
    from syndication.store.access import second_factor

    with _changing(ctx, name) as (conn, user, now):
        removed = second_factor.disable(conn, user, current_user(), now)
    line(f"{name} has no second factor {'now' if removed else 'and had none'}.")


@contextmanager
def _changing(ctx: click.Context, name: str) -> Iterator[tuple["Connection", "User", datetime]]:
    """A transaction in which somebody is changed, who is that, and the time."""
    from syndication.store.access import users

    with open_database(settings_of(ctx)) as database, database.write() as conn:
        user = users.find_by_name(conn, name)
        if user is None:
            raise SyndicationError(f"there is no person {name!r}: `syndication user list --all` shows who there is")
        yield conn, user, database.now(conn)


@contextmanager
def _or_by_force() -> Iterator[None]:
    """Who has the command line can always let somebody in again, and so may go on."""
    from syndication.store.access import user_changes

    try:
        yield
    except user_changes.LastAdminError as error:
        raise SyndicationError(f"{error} (--force does it all the same)") from error


def _password(piped: bool, generate: bool) -> str:
    """A password, from where the options say; else asked for twice, without showing what is typed."""
    if piped and generate:
        raise click.UsageError("Give --password-stdin or --generate, not both.")
    if generate:
        from syndication.auth.secrets import passwords

        return passwords.generate_password()
    if piped:
        return sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not sys.stdin.isatty():
        raise SyndicationError("there is no terminal to ask for the password: give --password-stdin or --generate")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt="The same again")
    return asked


def _show(password: str, generate: bool) -> None:
    if generate:
        line("Tell it to nobody else: it is shown this once.", err=True)
        line(password)


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"
