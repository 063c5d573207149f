"""Users and their permissions."""

from http import HTTPStatus
from typing import Any

from flask import Response, flash, g, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import users as api
from syndication.dashboard.form_errors import refused_form
from syndication.dashboard.pages import Pages, Question, back, call, page, parse_request, selected_role
from syndication.dashboard.sessions import session_here, sessions_of
from syndication.errors import SyndicationError
from syndication.model.scopes import ROLES, SCOPES
from syndication.store.access.user_changes import LastAdminError
from syndication.web.problems import not_found

pages = Pages("users")

FIELDS = {"name": "the name", "role": "the role", "scope": "", "scopes": "the permissions"}
"""What the fields of the forms are called in sentences."""


@pages.get("/users", "admin")
def show_users() -> Response:
    """Lists all users; disabled ones last."""
    return _page()


@pages.post("/users", "admin")
def create_user() -> Response:
    """Creates a user, and shows the link by which they choose a password."""
    form = request.form
    try:
        body = parse_request(api.UserRequest, name=form.get("name", "").strip().lower(), **selected_role())
        made = call(api.create_user, body=body)
    except SyndicationError as error:
        status, errors = refused_form(error, FIELDS, "name")
        return _page(status, errors=errors, given=form.get("name", ""), **_chosen())
    return _page(name=made.name, link=made.password_link)


@pages.get("/users/<name>", "admin")
def show_user(name: str) -> Response:
    """Shows one user."""
    return _user_page(name)


@pages.post("/users/<name>/scopes", "admin")
def change_scopes(name: str) -> BaseResponse:
    """Changes a user's permissions."""
    try:
        _change(name, **selected_role())
    except LastAdminError as error:  # The sentence begins with a name, which has no capital.
        return _user_page(name, HTTPStatus.UNPROCESSABLE_ENTITY, errors={"role": f"{error}."}, **_chosen())
    except SyndicationError as error:
        status, errors = refused_form(error, FIELDS, "role")
        return _user_page(name, status=status, errors=errors, **_chosen())
    flash(f"Permissions of {name} changed. {name} has to log in again.")
    return back(f"/users/{name}")


DISABLE = Question(
    "Disable {name}?",
    "{name} is logged out of all browsers and cannot log in until somebody enables the account. Nothing is deleted.",
    "Disable",
    "/users/{name}",
)

FORGET_SECOND_FACTOR = Question(
    "Reset the second factor of {name}?",
    "{name} then logs in with the password alone, and is logged out of all browsers now.",
    "Reset second factor",
    "/users/{name}",
)


@pages.post("/users/<name>/password", "admin")
def create_password_link(name: str) -> Response:
    """Creates a link by which a user sets a new password; it is shown once."""
    return _user_page(name, link=call(api.create_password_link, path=parse_request(api.NamePath, name=name)))


@pages.post("/users/<name>/disable", "admin", ask=DISABLE)
def disable(name: str) -> BaseResponse:
    """Disables a user."""
    _change(name, disabled=True)
    flash(f"{name} is logged out and can no longer log in.")
    return back(f"/users/{name}")


@pages.post("/users/<name>/enable", "admin")
def enable(name: str) -> BaseResponse:
    """Enables a user."""
    _change(name, disabled=False)
    flash(f"{name} can log in again with the previous password.")
    return back(f"/users/{name}")


@pages.post("/users/<name>/second-factor", "admin", ask=FORGET_SECOND_FACTOR)
def reset_second_factor(name: str) -> BaseResponse:
    """Removes a user's second factor, for example after a lost phone."""
    if name == g.user.name:  # The account page requires the password and a code.
        raise SyndicationError("turn off your own second factor on your account page, with a code from the app")
    call(api.reset_second_factor, path=parse_request(api.NamePath, name=name))
    flash(f"Second factor of {name} removed. {name} has to log in again.")
    return back(f"/users/{name}")


def _change(name: str, **changes: object) -> None:
    body = parse_request(api.UserChange, **changes)
    call(api.change_user, path=parse_request(api.NamePath, name=name), body=body)


def _users() -> list[api.UserResponse]:
    return sorted(call(api.list_users).users, key=lambda user: user.disabled_at is not None)


def _user(name: str) -> api.UserResponse:
    for user in _users():
        if user.name == name:
            return user
    raise not_found(f"user {name!r}")


def _chosen() -> dict[str, Any]:
    """Returns the role and the permissions that the form had when it was sent."""
    return {"role": request.form.get("role", "custom"), "has": request.form.getlist("scope")}


def _page(status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> Response:
    empty: dict[str, Any] = {"name": None, "link": None, "errors": {}, "given": "", "role": "reader", "has": ["read"]}
    return page("users.html", status, users=_users(), scopes=SCOPES, roles=ROLES, **empty | shown)


def _user_page(name: str, status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> Response:
    user = _user(name)
    stored: dict[str, Any] = {"link": None, "errors": {}, "role": user.role or "custom", "has": user.scopes}
    return page(
        "user.html",
        status,
        user=user,
        scopes=SCOPES,
        roles=ROLES,
        sessions=sessions_of(user.id),
        this_session=session_here(),
        **stored | shown,
    )
