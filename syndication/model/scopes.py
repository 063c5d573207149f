"""The scopes of tokens and users, and the presets of them for people."""

from collections.abc import Iterable

SCOPES = ("read", "preview", "write", "regenerate", "feeds", "admin")
"""What a token or a user may do: read; see drafts and embargoed articles; write articles; regenerate feeds; create,
change, rename and retire feeds; manage tokens and users."""

ROLES = {
    "reader": ("read",),
    "editor": ("read", "preview", "write", "regenerate"),
    "producer": ("read", "preview", "write", "regenerate", "feeds"),
    "admin": SCOPES,
}
"""Presets of scopes for people: a user has a role exactly if their scopes are those of the role."""


def role_of(scopes: Iterable[str]) -> str | None:
    """Returns the role whose scopes these are; None if they are no preset."""
    given = frozenset(scopes)
    return next((role for role, preset in ROLES.items() if given == frozenset(preset)), None)


def who_may(scope: str) -> str:
    """Returns the roles that have a scope, as people say them: "editors, producers and admins"."""
    *others, last = [f"{role}s" for role, preset in ROLES.items() if scope in preset]
    return f"{', '.join(others)} and {last}" if others else last
