"""Logging in and out. The cookie holds a signed secret; each request looks up its session in the database."""

from http import HTTPStatus
from typing import cast
from urllib.parse import SplitResult, quote, urlsplit

from flask import Response, current_app, flash, g, request, session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from syndication.api.operations import context
from syndication.auth.bearer import Caller, refuse_token_in_address, refuse_unreadable_address
from syndication.auth.known_devices import known_devices, remember_device
from syndication.auth.login import CodeNeeded, Denied, LoggedIn, LoginService
from syndication.dashboard.pages import LOGGED_IN, PREFIX, PUBLIC, Pages, back, is_live, missing_scope, page
from syndication.model.browsers import describe_browser
from syndication.store.access import audit_log, pending_logins, sessions, users
from syndication.store.access.audit_log import Actor
from syndication.store.access.users import User
from syndication.store.db.database import DatabaseDown
from syndication.web.problems import Problem
from syndication.web.request_log import set_actor

pages = Pages("login")

OPEN_WITHOUT_SECOND_FACTOR = {
    "login.log_out",
    *(f"second_factor.{view}" for view in ("show_second_factor", "set_up", "show_qr_code", "turn_on", "turn_off")),
}
"""Views for users who must set up a second factor first."""


def authenticate() -> BaseResponse | None:
    """Authenticates before routing: an unauthenticated client learns nothing but the login page."""
    if request.endpoint == "static":
        return None
    if current_app.session_interface.is_null_session(session):
        raise DatabaseDown("the key that signs cookies cannot be read")
    refuse_unreadable_address(request)
    refuse_token_in_address(request)
    scope = Pages.scopes.get(request.endpoint or "")
    if scope == PUBLIC:
        return None
    secret = session.get("login", "")
    database = context().database
    with database.read() as conn:
        now = database.now(conn)
        user = sessions.find_user(conn, secret, now) if secret else None
    if user is None:
        return _to_log_in()
    g.user = user
    g.caller = Caller(Actor(f"user {user.name}", client_address()), frozenset(user.scopes), now)
    set_actor(g.caller.actor)
    if scope is None:
        raise request.routing_exception or NotFound
    if _lacks_second_factor(user) and request.endpoint not in OPEN_WITHOUT_SECOND_FACTOR:
        return _to_set_up()
    if scope != LOGGED_IN and scope not in user.scopes:
        if request.method == "POST":
            _record_refusal(scope)
        raise missing_scope(scope)
    return None


@pages.get("/login", PUBLIC)
def log_in() -> Response:
    """Shows the login form."""
    return _form()


@pages.post("/login", PUBLIC)
def check_log_in() -> BaseResponse:
    """Logs a user in; a refusal never reveals whether name or password was wrong."""
    form = request.form
    outcome = login_service().log_in(
        form.get("name", ""), form.get("password", ""), client_address(), known_devices(), browser=_browser()
    )
    if isinstance(outcome, Denied):
        return show_denied(outcome, _form(outcome.detail))
    if isinstance(outcome, CodeNeeded):
        _end_session()
        session["pending"] = outcome.secret
        wanted = _wanted()
        return back("/login/code", next=wanted if wanted != f"{PREFIX}/" else None)
    return _log_in(outcome)


@pages.get("/login/code", PUBLIC)
def ask_for_code() -> BaseResponse:
    """Shows the form for the code, after a correct password; otherwise restarts the login."""
    database = context().database
    with database.read() as conn:
        waits = pending_logins.find(conn, _pending(), database.now(conn)) is not None
    return _code_form() if waits else _restart()


@pages.post("/login/code", PUBLIC)
def check_code() -> BaseResponse:
    """Logs a user in whose password and code are correct."""
    code = request.form.get("code", "")
    outcome = login_service().check_code(_pending(), code, client_address(), known_devices(), browser=_browser())
    if outcome is None:
        return _restart()
    if isinstance(outcome, Denied):
        return show_denied(outcome, _code_form(outcome.detail))
    return _log_in(outcome)


def _log_in(logged_in: LoggedIn) -> BaseResponse:
    set_actor(Actor(f"user {logged_in.user.name}", client_address()))
    _end_session()  # Prevents session fixation.
    session["login"] = logged_in.secret
    answer = back(_wanted().removeprefix(PREFIX))
    remember_device(answer, logged_in.user.id)
    return answer


def _pending() -> str:
    """Returns the secret of the login that is waiting for its code in this browser."""
    return str(session.get("pending", ""))


def _restart() -> BaseResponse:
    wanted = _wanted()
    if session.pop("pending", None) is not None:
        flash("The login expired, or your account was changed. Please log in again.")
    return back("/login", next=wanted if wanted != f"{PREFIX}/" else None)


def _code_form(wrong: str = "") -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return page("login_code.html", status, wrong=wrong, wanted=_wanted())


@pages.post("/logout", LOGGED_IN)
def log_out() -> BaseResponse:
    """Ends the session, in this browser and in the database."""
    _end_session()
    flash("You are logged out.")
    return back("/login")


def login_service() -> LoginService:
    """Returns the current app's login service."""
    return cast(LoginService, current_app.extensions["login_service"])


def client_address() -> str:
    """Returns the client's address."""
    return request.remote_addr or "unknown"


def _browser() -> str | None:
    return describe_browser(request.headers.get("User-Agent", ""))


def _end_session() -> None:
    """Ends this browser's session in the database too, so that copies of its cookie stop working."""
    secret, pending, database = session.get("login"), session.get("pending"), context().database
    if pending is not None:
        with database.write() as conn:
            pending_logins.end(conn, pending)
    if secret is not None:
        with database.write() as conn:
            sessions.end_session(conn, secret, client_address(), database.now(conn))
    session.clear()


def show_denied(denied: Denied, form: Response) -> Response:
    """Returns the form with the error; with Retry-After when failed attempts are throttled."""
    if denied.wait is not None:
        form.status_code = HTTPStatus.SERVICE_UNAVAILABLE if denied.busy else HTTPStatus.TOO_MANY_REQUESTS
        form.headers["Retry-After"] = str(denied.wait)
    return form


def _form(wrong: str = "") -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    name = request.form.get("name", "")
    return page("login.html", status, wrong=wrong, name=name, wanted=_wanted(), no_users=_no_users_yet())


def _no_users_yet() -> bool:
    database = context().database
    with database.read() as conn:
        return not users.any_enabled(conn)


def _wanted() -> str:
    """Returns the requested page if it is in the dashboard; prevents open redirects."""
    wanted = request.values.get("next", "")
    ours = wanted == PREFIX or wanted.startswith((f"{PREFIX}/", f"{PREFIX}?"))
    plain = "\\" not in wanted and wanted.isprintable()
    return wanted if ours and plain and not wanted.startswith(f"{PREFIX}/log") else f"{PREFIX}/"


def _lacks_second_factor(user: User) -> bool:
    return context().settings.editors.require_second_factor and user.second_factor_at is None


def _to_set_up() -> BaseResponse:
    """Redirects to the set-up of a required second factor."""
    if request.method not in ("GET", "HEAD"):
        detail = "Nothing was changed: a second factor is required here. Set yours up first."
        raise Problem(HTTPStatus.FORBIDDEN, "scope", detail)
    answer = back("/account/second-factor")
    if not is_live():
        return answer
    return Response(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": answer.headers["Location"]})


def _to_log_in() -> BaseResponse:
    """Redirects pages and live parts to the login form and back; the content of a sent form is not kept."""
    if request.method not in ("GET", "HEAD"):
        detail = "You are logged out. Nothing was changed. Log in and try again."
        raise Problem(HTTPStatus.UNAUTHORIZED, "token", detail)
    if is_live():
        seen = _parts(request.headers.get("HX-Current-URL", ""))
        wanted = _joined(seen.path, seen.query)
    else:
        wanted = _joined(quote(request.path), request.query_string.decode())
    answer = back("/login", next=wanted if wanted not in ("", PREFIX, f"{PREFIX}/") else None)
    if not is_live():
        return answer
    return Response(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": answer.headers["Location"]})


def _parts(address: str) -> SplitResult:
    """Returns the parts of a client's address; empty ones if it is malformed."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _joined(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _record_refusal(scope: str) -> None:
    database = context().database
    act, current = f"{request.method} {request.endpoint}", g.caller
    with database.write() as conn:
        audit_log.record_refusal(conn, current.actor, act, request.path[:200], f"needs {scope}", current.now)
