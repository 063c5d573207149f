"""Commands for dashboard users: user create, list, scopes, password, password-link, sessions, log-out, disable, ..."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from syndication.cli.common import current_user, open_database, settings_of
from syndication.cli.output import line
from syndication.errors import SyndicationError
from syndication.model.scopes import ROLES, SCOPES, role_of

if TYPE_CHECKING:
    from syndication.store import Connection
    from syndication.store.access.users import User


@click.group()
def user() -> None:
    """Create, list, change and disable users of the dashboard.

    A role is a preset of scopes: a reader looks, an editor also sees drafts, writes and regenerates, a producer also
    makes feeds, an admin may do everything. The scopes are those of tokens: see `syndication token --help`. Names are
    lower-case, and passwords have at least twelve characters.
    """


def _password_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the two options that supply a password. Without them, the command prompts for it."""
    command = click.option("--password-stdin", "piped", is_flag=True, help="Read the password from standard input.")(
        command
    )
    return click.option("--generate", is_flag=True, help="Generate a strong password, shown only once.")(command)


def _scope_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the three options that set a user's scopes."""
    command = click.option("--all", "everything", is_flag=True, help="Grant every scope.")(command)
    command = click.option(
        "--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="A scope to grant. Repeat for more."
    )(command)
    return click.option("--role", type=click.Choice(list(ROLES)), help="A preset of scopes to grant.")(command)


def _wanted_scopes(role: str | None, scopes: tuple[str, ...], everything: bool) -> tuple[str, ...]:
    """Returns the scopes that the options grant; raises UsageError if both a role and scopes are given."""
    if role is not None and (scopes or everything):
        raise click.UsageError("Use --role, or --scope and --all, not both.")
    return ROLES[role] if role is not None else SCOPES if everything else scopes


_force_option = click.option("--force", is_flag=True, help="Continue even if no user with the scope admin remains.")


@user.command()
@click.argument("name")
@_scope_options
@_password_options
@click.option("--link", is_flag=True, help="Print a link by which the user sets the password: once, within an hour.")
@click.pass_context
def create(
    ctx: click.Context,
    name: str,
    role: str | None,
    scopes: tuple[str, ...],
    everything: bool,
    piped: bool,
    generate: bool,
    link: bool,
) -> None:
    """Create a user who can log in to the dashboard. Prompts twice for the password.

    \b
    For an editor, who sets the password by the link that is printed:
      syndication user create mei-hua --role editor --link
    For somebody who regenerates feeds but writes no articles:
      syndication user create mei-hua --scope read --scope preview --scope regenerate
    """
    from syndication.auth.secrets import passwords
    from syndication.store.access import users

    if link and (piped or generate):
        raise click.UsageError("Use --link, --password-stdin or --generate, only one of them.")
    users.check_name(name)
    wanted = users.check_scopes(_wanted_scopes(role, scopes, everything))
    with open_database(settings_of(ctx)) as database:
        with database.read() as conn:
            users.reject_taken(conn, name)
        password = passwords.generate_password() if link else _password(piped, generate)
        hash = passwords.hash_password(password, name, settings_of(ctx).site.names)
        with database.write() as conn:
            made, now = users.create(conn, name, hash, wanted, current_user(), database.now(conn)), database.now(conn)
            url = _create_link(ctx, conn, made, now) if link else ""
    line(f"Created user {name}.", err=True)
    if link:
        _show_link(name, url)
    else:
        _show(password, generate)


@user.command("list")
@click.option("--all", "everything", is_flag=True, help="Include disabled users.")
@click.pass_context
def list_(ctx: click.Context, everything: bool) -> None:
    """List users, with the time of their last log-in."""
    from syndication.store.access import users

    with open_database(settings_of(ctx)) as database, database.read() as conn:
        found = [user for user in users.list_all(conn) if everything or user.enabled]
    if not found:
        line("No enabled users. Create one with `syndication user create NAME --all`.")
        return
    width = max(len("name"), *(len(user.name) for user in found))
    line(f"{'name':<{width}}  {'last login':<16}  {'second factor':<13}  state     role      scopes")
    for user in found:
        state = "enabled" if user.enabled else "disabled"
        factor = "on" if user.second_factor_at else "off"
        role, granted = role_of(user.scopes) or "-", ", ".join(user.scopes)
        line(f"{user.name:<{width}}  {_when(user.last_login_at):<16}  {factor:<13}  {state:<8}  {role:<8}  {granted}")


@user.command()
@click.argument("name")
@_scope_options
@_force_option
@click.pass_context
def scopes(
    ctx: click.Context, name: str, role: str | None, scopes: tuple[str, ...], everything: bool, force: bool
) -> None:
    """Replace a user's scopes. The user is logged out."""
    from syndication.store.access import user_changes

    with _changing(ctx, name) as (conn, user, now):
        wanted = _wanted_scopes(role, scopes, everything)
        with _or_by_force():
            changed = user_changes.set_scopes(conn, user, wanted, current_user(), now, force=force)
    line(f"Scopes of {name}: {', '.join(changed.scopes)}.")


@user.command()
@click.argument("name")
@_password_options
@click.pass_context
def password(ctx: click.Context, name: str, piped: bool, generate: bool) -> None:
    """Change a user's password. Prompts twice for the new one. The user is logged out."""
    from syndication.auth.secrets import passwords
    from syndication.store.access import user_changes

    with _changing(ctx, name):
        pass  # Reports a mistyped name before the prompt for the password.
    password = _password(piped, generate)
    hash = passwords.hash_password(password, name, settings_of(ctx).site.names)
    with _changing(ctx, name) as (conn, user, now):
        user_changes.set_password(conn, user, hash, current_user(), now)
    line(f"Changed the password of {name}.", err=True)
    _show(password, generate)


@user.command("password-link")
@click.argument("name")
@click.pass_context
def password_link(ctx: click.Context, name: str) -> None:
    """Create a link by which a user sets a password. It works once, for an hour, and replaces an earlier one."""
    with _changing(ctx, name) as (conn, user, now):
        url = _create_link(ctx, conn, user, now)
    _show_link(name, url)


@user.command()
@click.argument("name", required=False)
@click.pass_context
def sessions(ctx: click.Context, name: str | None) -> None:
    """List who is logged in, and where: everybody, or one user."""
    from syndication.store.access import sessions as stored
    from syndication.store.access import users

    with open_database(settings_of(ctx)) as database, database.read() as conn:
        user = users.find_by_name(conn, name) if name is not None else None
        if name is not None and user is None:
            raise _unknown(name)
        found = stored.list_sessions(conn, database.now(conn), user.id if user else None)
    if not found:
        line("Nobody is logged in." if name is None else f"{name} is not logged in.")
        return
    width = max(len("user"), *(len(session.user) for session in found))
    line(f"{'session':<16}  {'user':<{width}}  {'logged in':<16}  {'expires':<16}  {'browser':<26}  address")
    for session in found:
        browser = session.browser or "unknown"
        line(
            f"{session.id}  {session.user:<{width}}  {_when(session.created_at)}  {_when(session.expires_at)}"
            f"  {browser:<26}  {session.source}"
        )


@user.command("log-out")
@click.argument("name")
@click.option("--session", "id", help="End only this session, by its id from `syndication user sessions`.")
@click.pass_context
def log_out(ctx: click.Context, name: str, id: str | None) -> None:
    """End all sessions of a user, or one."""
    from syndication.store.access import sessions as stored

    with _changing(ctx, name) as (conn, user, now):
        if id is None:
            ended = stored.log_out(conn, user, current_user(), now)
        elif stored.end_by_id(conn, id, current_user(), now, user.id) is None:
            raise SyndicationError(f"{name} has no session {id!r}: `syndication user sessions {name}` lists them")
        else:
            ended = 1
    line(f"Ended {ended} session{'' if ended == 1 else 's'} of {name}.")


@user.command()
@click.argument("name")
@_force_option
@click.pass_context
def disable(ctx: click.Context, name: str, force: bool) -> None:
    """Disable a user and end all their sessions. The name stays in use, for the audit log."""
    from syndication.store.access import user_changes

    with _changing(ctx, name) as (conn, user, now), _or_by_force():
        user_changes.disable(conn, user, current_user(), now, force=force)
    line(f"{name} is disabled.")


@user.command()
@click.argument("name")
@click.pass_context
def enable(ctx: click.Context, name: str) -> None:
    """Enable a disabled user, with the same password and scopes as before."""
    from syndication.store.access import user_changes

    with _changing(ctx, name) as (conn, user, now):
        user_changes.enable(conn, user, current_user(), now)
    line(f"{name} is enabled.")


@user.command("reset-second-factor")
@click.argument("name")
@click.pass_context
def reset_second_factor(ctx: click.Context, name: str) -> None:
    """Remove the second factor of a user who lost their phone. The user is logged out."""
    from syndication.store.access import second_factor

    with _changing(ctx, name) as (conn, user, now):
        removed = second_factor.disable(conn, user, current_user(), now)
    line(f"Removed the second factor of {name}." if removed else f"{name} has no second factor.")


@contextmanager
def _changing(ctx: click.Context, name: str) -> Iterator[tuple["Connection", "User", datetime]]:
    """Opens a transaction that changes a user; yields the connection, the user and the time."""
    from syndication.store.access import users

    with open_database(settings_of(ctx)) as database, database.write() as conn:
        user = users.find_by_name(conn, name)
        if user is None:
            raise _unknown(name)
        yield conn, user, database.now(conn)


def _unknown(name: str) -> SyndicationError:
    return SyndicationError(f"there is no user {name!r}: `syndication user list --all` lists all users")


def _create_link(ctx: click.Context, conn: "Connection", user: "User", now: datetime) -> str:
    from syndication.store.access import password_links

    secret, _ = password_links.create(conn, user, current_user(), now)
    return password_links.url(settings_of(ctx).site.base_url, secret)


def _show_link(name: str, url: str) -> None:
    line(f"Send {name} this link. It works once, for an hour, and is not shown again.", err=True)
    line(url)


@contextmanager
def _or_by_force() -> Iterator[None]:
    """Adds the hint about --force to LastAdminError: the command line can always create another admin."""
    from syndication.store.access import user_changes

    try:
        yield
    except user_changes.LastAdminError as error:
        raise SyndicationError(f"{error} (use --force to do it anyway)") from error


def _password(piped: bool, generate: bool) -> str:
    """Returns the password that the options supply, else prompts for it twice without echo."""
    if piped and generate:
        raise click.UsageError("Use --password-stdin or --generate, not both.")
    if generate:
        from syndication.auth.secrets import passwords

        return passwords.generate_password()
    if piped:
        return sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not sys.stdin.isatty():
        raise SyndicationError("there is no terminal to prompt for the password: use --password-stdin or --generate")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt="Repeat password")
    return password


def _show(password: str, generate: bool) -> None:
    if generate:
        line("Keep it secret; it is not shown again.", err=True)
        line(password)


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"
