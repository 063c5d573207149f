"""Users for tests; their passwords are hashed once for all tests, because hashing is slow."""

from functools import cache
from typing import Any

from syndication.auth.secrets import passwords
from syndication.store.access import users
from syndication.store.access.audit_log import Actor
from syndication.store.access.users import User
from syndication.store.db.database import Database

PASSWORD = "three ferries to Matsu"
OTHER = "seven lanterns over Pingxi"

BOSS = Actor("boss", "a test")


@cache
def hash_of(password: str) -> passwords.PasswordHash:
    """Returns the hash of a password that is not weak."""
    return passwords.hash_password(password, "nobody")


def person(database: Database, name: str = "mei", *scopes: str, password: str = PASSWORD) -> User:
    """Creates a user, by default with the scope read."""
    with database.write() as conn:
        return users.create(conn, name, hash_of(password), scopes or ("read",), BOSS, database.now(conn))


def change(database: Database, act: Any, *arguments: Any, **options: Any) -> Any:
    """Calls a function of the store whose last arguments are the actor and the time."""
    with database.write() as conn:
        return act(conn, *arguments, BOSS, database.now(conn), **options)
