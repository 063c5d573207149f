"""The messages that ``serve`` prints at startup, and the demonstration's user and token."""

from datetime import timedelta

from syndication.auth.secrets import passwords
from syndication.cli.common import base_url, open_database
from syndication.config.example_values import find_example_values
from syndication.config.loading import Settings
from syndication.logs import print_message
from syndication.model.scopes import SCOPES
from syndication.store import Connection
from syndication.store.access import tokens, user_changes, users
from syndication.store.access.audit_log import SERVICE
from syndication.store.db.database import Database

DEMONSTRATION = "demonstration"
"""The name of the demonstration's user and of its token."""


def print_addresses(settings: Settings) -> None:
    """Prints the addresses of the front page, the feeds and the API."""
    base = base_url(settings)
    print_message(f"Front page  {base}/")
    for name, format in (("Atom", "atom"), ("RSS", "rss"), ("JSON Feed", "json")):
        print_message(f"{name:<12}{base}/feeds/all.{format}")
    print_message(f"API         {base}/api/v1/docs")


def print_example_values(settings: Settings) -> None:
    """Warns of settings that still have the values of an example."""
    found = list(find_example_values(settings))
    for words in found:
        print_message(f"Warning: {words}.")
    if found:
        print_message(
            "Before your first reader, set up your newsroom with `syndication init` in an empty folder, or change"
            f" {settings.source}."
        )


def print_access(settings: Settings, demonstration: bool) -> None:
    """Prints a log-in and a token for a demonstration, else how to create the first user and token."""
    with open_database(settings) as database:
        if demonstration:
            _enable_demonstration_user(settings, database)
        else:
            _print_how_to_add_user(database)


def end_demonstration(settings: Settings) -> None:
    """Disables the demonstration's user."""
    with open_database(settings, check=False) as database, database.write() as conn:
        _disable_demonstration_user(conn, database)


def _enable_demonstration_user(settings: Settings, database: Database) -> None:
    password = passwords.generate_password()
    hash = passwords.hash_password(password, DEMONSTRATION)
    with database.write() as conn:
        now = database.now(conn)
        tokens.revoke(conn, DEMONSTRATION, SERVICE, now)
        _, secret = tokens.create(conn, DEMONSTRATION, SCOPES, now + timedelta(days=1), SERVICE, now)
        user = users.find_by_name(conn, DEMONSTRATION)
        if user is None:
            users.create(conn, DEMONSTRATION, hash, SCOPES, SERVICE, now)
        else:
            user_changes.set_password(conn, user, hash, SERVICE, now)
            user_changes.set_scopes(conn, user, SCOPES, SERVICE, now)
            user_changes.enable(conn, user, SERVICE, now)
    print_message(f"Dashboard   {base_url(settings)}/editors/  (log in as {DEMONSTRATION}, password {password})")
    print_message(f"Token       {secret} (all permissions, expires in 24 h)")


def _print_how_to_add_user(database: Database) -> None:
    with database.write() as conn:
        # A demonstration that was killed left its user enabled.
        _disable_demonstration_user(conn, database)
        any_user, any_token = users.any_enabled(conn), tokens.any_usable(conn, database.now(conn))
    if not any_token:
        print_message("No API tokens yet. Create one with `syndication token create NAME --scope read`.")
    if not any_user:
        print_message("No dashboard users yet. Create one with `syndication user create NAME --all`.")


def _disable_demonstration_user(conn: Connection, database: Database) -> None:
    user = users.find_by_name(conn, DEMONSTRATION)
    if user is not None and user.created_by == SERVICE.name:
        user_changes.disable(conn, user, SERVICE, database.now(conn), force=True)
