"""What a start says: where everything is, and who may; and how the demonstration's visitors come and go."""

from datetime import timedelta

from syndication.auth.secrets import passwords
from syndication.cli.common import base_url, open_database
from syndication.config.loading import Settings
from syndication.logs import print_message
from syndication.model.scopes import SCOPES
from syndication.store import Connection
from syndication.store.access import tokens, user_changes, users
from syndication.store.access.audit_log import SERVICE
from syndication.store.db.database import Database

DEMONSTRATION = "demonstration"
"""The name of the demonstration's token, and of its person."""


def print_addresses(settings: Settings) -> None:
    """Print the addresses of the front page, the feeds and the API."""
    base = base_url(settings)
    print_message(f"Front page  {base}/")
    for name, format in (("Atom", "atom"), ("RSS", "rss"), ("JSON Feed", "json")):
        print_message(f"{name:<12}{base}/feeds/all.{format}")
    print_message(f"API         {base}/api/v1/docs")


def print_access(settings: Settings, demonstration: bool) -> None:
    """A real newsroom starts with nobody let in; a demonstration hands out a token for a day, and a password."""
    with open_database(settings) as database:
        if demonstration:
            _enable_demonstration_user(settings, database)
        else:
            _print_how_to_add_user(database)


def end_demonstration(settings: Settings) -> None:
    """Close the dashboard to the demonstration's person."""
    with open_database(settings, check=False) as database, database.write() as conn:
        _disable_demonstration_user(conn, database)


def _enable_demonstration_user(settings: Settings, database: Database) -> None:
    password = passwords.generate_password()
    hash = passwords.hash_password(password, DEMONSTRATION)
    with database.write() as conn:
        now = database.now(conn)
        tokens.revoke(conn, DEMONSTRATION, SERVICE, now)
        _, secret = tokens.create(conn, DEMONSTRATION, SCOPES, now + timedelta(days=1), SERVICE, now)
        visitor = users.find_by_name(conn, DEMONSTRATION)
        if visitor is None:
            users.create(conn, DEMONSTRATION, hash, SCOPES, SERVICE, now)
        else:
            user_changes.set_password(conn, visitor, hash, SERVICE, now)
            user_changes.set_scopes(conn, visitor, SCOPES, SERVICE, now)
            user_changes.enable(conn, visitor, SERVICE, now)
    print_message(f"Dashboard   {base_url(settings)}/editors/  (log in as {DEMONSTRATION}, password {password})")
    print_message(f"Token       {secret} (may everything, for a day)")


def _print_how_to_add_user(database: Database) -> None:
    with database.write() as conn:
        # A demonstration that was killed could not do it itself.
        _disable_demonstration_user(conn, database)
        anybody, any_token = users.any_enabled(conn), tokens.any_usable(conn, database.now(conn))
    if not any_token:
        print_message("Nobody may use the API yet: `syndication token create NAME --scope read` lets somebody in.")
    if not anybody:
        print_message("Nobody may log in to the dashboard yet: `syndication user create NAME --all` lets somebody in.")


def _disable_demonstration_user(conn: Connection, database: Database) -> None:
    visitor = users.find_by_name(conn, DEMONSTRATION)
    if visitor is not None and visitor.created_by == SERVICE.name:
        user_changes.disable(conn, visitor, SERVICE, database.now(conn), force=True)
