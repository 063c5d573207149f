"""Users of the dashboard."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import Field

from syndication.api.operations import Operations, caller, context, instant
from syndication.api.schemas import Reference, RequestModel, ResponseModel, Time
from syndication.api.tokens import Scope
from syndication.auth.secrets import passwords
from syndication.model.field_limits import MAX_SCOPES
from syndication.model.json_types import StrictModel, Text
from syndication.model.scopes import ROLES, role_of
from syndication.store import Connection
from syndication.store.access import second_factor, user_changes
from syndication.store.access import users as stored_users
from syndication.store.access.users import User
from syndication.web.problems import Problem, not_found

operation = Operations("users", "Users", "Users of the dashboard; all operations need the scope admin.")

Role = Literal["reader", "editor", "producer", "admin"]
"""A preset of scopes: ``ROLES``."""

Password = Annotated[Text, Field(min_length=1, max_length=passwords.LONGEST)]


class NamePath(RequestModel):
    """A user's name."""

    name: Reference


class UserResponse(ResponseModel):
    """A user, without the password. ``role`` is the preset that the scopes are; null if they are no preset."""

    id: str
    name: str
    role: Role | None
    scopes: list[Scope]
    created_at: Time
    created_by: str
    last_login_at: Time | None
    disabled_at: Time | None
    second_factor_at: Time | None


class NewUser(UserResponse):
    """A new user, with the password if it was generated: it is shown only once."""

    password: str | None


class UsersResponse(ResponseModel):
    """Users by name, including disabled ones."""

    users: list[UserResponse]


class UserRequest(StrictModel):
    """A lower-case name, a role or scopes, and a password of at least 12 characters (by default, one is generated)."""

    name: Annotated[Text, Field(min_length=1, max_length=64)]
    role: Role | None = None
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=MAX_SCOPES)] | None = None
    password: Password | None = None


class UserChange(StrictModel):
    """The changes; fields that are omitted or null stay unchanged."""

    role: Role | None = None
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=MAX_SCOPES)] | None = None
    password: Password | None = None
    disabled: bool | None = None


@operation("GET", "/users", "admin", {200: UsersResponse})
def list_users() -> UsersResponse:
    """List users, including disabled ones."""
    with context().database.read() as conn:
        found = stored_users.list_all(conn)
    return UsersResponse(users=[UserResponse.model_validate(_values(user)) for user in found])


@operation("POST", "/users", "admin", {201: NewUser})
def create_user(body: UserRequest) -> NewUser:
    """Create a user.

    A generated password is only in this response.
    """
    database = context().database
    stored_users.check_name(body.name)
    wanted = _wanted_scopes(body.role, body.scopes) or ()
    stored_users.check_scopes(wanted)
    made = passwords.generate_password() if body.password is None else None
    hash = passwords.hash_password(body.password or made or "", body.name, context().settings.site.names)
    with database.write() as conn:
        user = stored_users.create(conn, body.name, hash, wanted, caller().actor, database.now(conn))
    return NewUser.model_validate({**_values(user), "password": made})


@operation("PATCH", "/users/<name>", "admin", {200: UserResponse})
def change_user(path: NamePath, body: UserChange) -> UserResponse:
    """Change a user's role, scopes or password, or disable or enable the user.

    All changes but enabling log the user out everywhere. The last user with the scope admin cannot lose it or be
    disabled.
    """
    database, wanted = context().database, _wanted_scopes(body.role, body.scopes)
    with database.read() as conn:
        _get_user(conn, path.name)
    # Outside of the transaction, since hashing is slow.
    known = context().settings.site.names
    hash = passwords.hash_password(body.password, path.name, known) if body.password is not None else None
    by = caller().actor
    with database.write() as conn:
        user, now = _get_user(conn, path.name), database.now(conn)
        if hash is not None:
            user_changes.set_password(conn, user, hash, by, now)
        if wanted is not None:
            user = user_changes.set_scopes(conn, user, wanted, by, now)
        if body.disabled is not None:
            change = user_changes.disable if body.disabled else user_changes.enable
            user = change(conn, user, by, now)
    return UserResponse.model_validate(_values(user))


@operation("DELETE", "/users/<name>/second-factor", "admin", {200: UserResponse})
def reset_second_factor(path: NamePath) -> UserResponse:
    """Remove a user's second factor, after the loss of a phone.

    This logs the user out everywhere. The user can then log in with the password alone. A user without a second factor
    is not changed.
    """
    database = context().database
    with database.write() as conn:
        second_factor.disable(conn, _get_user(conn, path.name), caller().actor, database.now(conn))
        user = _get_user(conn, path.name)
    return UserResponse.model_validate(_values(user))


def _wanted_scopes(role: Role | None, scopes: Sequence[str] | None) -> Sequence[str] | None:
    """Returns the scopes that a request names, as a role or one by one; None if it names none. Raises Problem."""
    if role is None:
        return scopes
    if scopes is not None:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "role and scopes exclude each other: send one of them."
        )
    return ROLES[role]


def _get_user(conn: Connection, name: str) -> User:
    user = stored_users.find_by_name(conn, name)
    if user is None:
        raise not_found(f"user {name!r}")
    return user


def _values(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "name": user.name,
        "role": role_of(user.scopes),
        "scopes": list(user.scopes),
        "created_at": instant(user.created_at),
        "created_by": user.created_by,
        "last_login_at": instant(user.last_login_at),
        "disabled_at": instant(user.disabled_at),
        "second_factor_at": instant(user.second_factor_at),
    }
