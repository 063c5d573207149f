"""Setting a password by a link: it works once, for an hour, and needs no login.

The secret moves from the address into the cookie at once, so that it is in no history and no Referer. Opening the
link uses nothing up: programs that check mail open links too.
"""

from http import HTTPStatus

from flask import Response, flash, request, session
from werkzeug.wrappers import Response as BaseResponse

from syndication.api.operations import context
from syndication.auth.login import Denied
from syndication.auth.secrets import passwords
from syndication.dashboard.form_errors import Errors, sentence
from syndication.dashboard.login import client_address, login_service, show_denied
from syndication.dashboard.pages import PUBLIC, Pages, back, page
from syndication.errors import SyndicationError
from syndication.store.access import password_links
from syndication.store.access.users import User

pages = Pages("password_link")

MAX_SECRET = 100
"""Characters of a secret that are kept in the cookie: ours have fewer."""


@pages.get("/password/<secret>", PUBLIC)
def open_link(secret: str) -> BaseResponse:
    """Remembers the link in this browser, and shows the form at an address without the secret."""
    session["password_link"] = secret[:MAX_SECRET]
    answer = back("/password")
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@pages.get("/password", PUBLIC)
def ask_for_password() -> Response:
    """Shows the form to set a password."""
    found = _find_user()
    return _form(found) if isinstance(found, User) else _refuse(found)


@pages.post("/password", PUBLIC)
def set_password() -> BaseResponse:
    """Sets the password, once, and logs the user out everywhere."""
    found, form, database = _find_user(), request.form, context().database
    if not isinstance(found, User):
        return _refuse(found)
    if form.get("new", "") != form.get("again", ""):
        return _form(found, {"again": "The passwords do not match."})
    try:
        hash = passwords.hash_password(form.get("new", ""), found.name, context().settings.site.names)
    except SyndicationError as error:
        return _form(found, {"new": sentence(str(error))})
    with database.write() as conn:
        user = password_links.use(conn, _secret(), hash, client_address(), database.now(conn))
    if user is None:
        return _refuse(None)
    session.clear()
    flash("Password set. Log in with it.")
    return back("/login")


def _secret() -> str:
    return str(session.get("password_link", ""))


def _find_user() -> User | Denied | None:
    return login_service().find_link_user(_secret(), client_address())


def _form(user: User, errors: Errors | None = None) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return page("password.html", status, user=user, errors=errors or {}, shortest=passwords.SHORTEST)


def _refuse(denied: Denied | None) -> Response:
    answer = page("password.html", HTTPStatus.GONE, user=None, wrong=denied.detail if denied else "")
    return answer if denied is None else show_denied(denied, answer)
