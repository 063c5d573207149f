"""People: who may log in here, and what each may."""

from flask import Response, flash, g, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import users as api
from syndication.auth import passwords
from syndication.dashboard.pages import Pages, ask, asked_for, back, page
from syndication.errors import SyndicationError
from syndication.store.access.tokens import SCOPES
from syndication.web.problems import not_found

pages = Pages("people")


@pages.get("/people", "admin")
def show_people() -> Response:
    """Everybody; those who are disabled last."""
    return _page()


@pages.post("/people", "admin")
def let_in() -> Response:
    """Let somebody in, with a password that is shown this once."""
    name = request.form.get("name", "").strip().lower()
    body = asked_for(api.UserRequest, name=name, scopes=request.form.getlist("scope"))
    made = ask(api.create_user, api.NewUser, body=body)
    return _page(made.name, made.password)


@pages.get("/people/<name>", "admin")
def show_person(name: str) -> Response:
    """One person."""
    return page("user.html", person=_person(name), scopes=SCOPES)


@pages.post("/people/<name>/scopes", "admin")
def change_scopes(name: str) -> BaseResponse:
    """Change what a person may."""
    _change(name, scopes=request.form.getlist("scope"))
    flash(f"What {name} may is changed. {name} has to log in again.")
    return back(f"/people/{name}")


@pages.post("/people/<name>/password", "admin")
def give_password(name: str) -> Response:
    """Give a person a new password, which is shown this once."""
    made = passwords.made()
    _change(name, password=made)
    return page("user.html", person=_person(name), scopes=SCOPES, password=made)


@pages.post("/people/<name>/disable", "admin")
def disable(name: str) -> BaseResponse:
    """Let a person in no more."""
    _change(name, disabled=True)
    flash(f"{name} is logged out and cannot log in any more.")
    return back(f"/people/{name}")


@pages.post("/people/<name>/enable", "admin")
def enable(name: str) -> BaseResponse:
    """Let a person in again."""
    _change(name, disabled=False)
    flash(f"{name} can log in again, with the password from before.")
    return back(f"/people/{name}")


@pages.post("/people/<name>/second-factor", "admin")
def reset_second_factor(name: str) -> BaseResponse:
    """Remove a user's second factor: the phone is lost."""
    if name == g.account.name:  # Their own page asks for the password and a code.
        raise SyndicationError("your own second factor is turned off on your account page, with a code of the app")
    ask(api.reset_second_factor, api.UserAnswer, path=asked_for(api.NamePath, name=name))
    flash(f"{name} has no second factor now, and has to log in again.")
    return back(f"/people/{name}")


def _change(name: str, **changes: object) -> None:
    body = asked_for(api.UserChange, **changes)
    ask(api.change_user, api.UserAnswer, path=asked_for(api.NamePath, name=name), body=body)


def _people() -> list[api.UserAnswer]:
    return sorted(ask(api.list_users, api.UsersAnswer).users, key=lambda user: user.disabled_at is not None)


def _person(name: str) -> api.UserAnswer:
    for user in _people():
        if user.name == name:
            return user
    raise not_found(f"person {name!r}")


def _page(name: str | None = None, password: str | None = None) -> Response:
    return page("users.html", people=_people(), scopes=SCOPES, name=name, password=password)
