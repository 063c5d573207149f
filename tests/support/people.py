"""People who log in, for tests; their passwords are hashed once for all tests, as a hash takes its time."""

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
    """The hash of a password that is not weak."""
    return passwords.hash_password(password, "nobody")


def person(database: Database, name: str = "mei", *scopes: str, password: str = PASSWORD) -> User:
    """Let somebody in, with the scope read unless told."""
    with database.write() as conn:
        return users.create(conn, name, hash_of(password), scopes or ("read",), BOSS, database.now(conn))


def change(database: Database, act: Any, *arguments: Any, **options: Any) -> Any:
    """Do an act of the store whose last arguments are who does it and when."""
    with database.write() as conn:
        return act(conn, *arguments, BOSS, database.now(conn), **options)
