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
from syndication.store.access import password_links, second_factor, user_changes
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


class PasswordLink(ResponseModel):
    """A link by which a user sets a password. It works once, until it expires, and is shown only once."""

    url: str
    expires_at: Time


class NewUser(UserResponse):
    """A new user, with a link to set the password if the request had none."""

    password_link: PasswordLink | None


class UsersResponse(ResponseModel):
    """Users by name, including disabled ones."""

    users: list[UserResponse]


class UserRequest(StrictModel):
    """A lower-case name, a role or scopes, and a password of at least 12 characters.

    Without a password, the answer has a link by which the user sets one.
    """

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

    Without a password, send the user the link in the answer: it works once, for an hour.
    """
    database = context().database
    stored_users.check_name(body.name)
    wanted = _wanted_scopes(body.role, body.scopes) or ()
    stored_users.check_scopes(wanted)
    # Until the link is used, nobody knows the password.
    password = passwords.generate_password() if body.password is None else body.password
    hash = passwords.hash_password(password, body.name, context().settings.site.names)
    with database.write() as conn:
        user = stored_users.create(conn, body.name, hash, wanted, caller().actor, database.now(conn))
        link = _create_link(conn, user) if body.password is None else None
    return NewUser.model_validate({**_values(user), "password_link": link})


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


@operation("POST", "/users/<name>/password-link", "admin", {201: PasswordLink})
def create_password_link(path: NamePath) -> PasswordLink:
    """Create a link by which a user sets a new password.

    It works once, for an hour, and replaces an earlier link. The old password works until the link is used, which logs
    the user out everywhere.
    """
    with context().database.write() as conn:
        return _create_link(conn, _get_user(conn, path.name))


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


def _create_link(conn: Connection, user: User) -> PasswordLink:
    secret, expires_at = password_links.create(conn, user, caller().actor, context().database.now(conn))
    url = password_links.url(context().settings.site.base_url, secret)
    return PasswordLink(url=url, expires_at=instant(expires_at))


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
