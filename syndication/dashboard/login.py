"""Logging in and out. The cookie holds a signed secret; what it opens is decided by the database, at each request."""

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
"""What is open to those who need a second factor and have none yet."""


def authenticate() -> BaseResponse | None:
    """First who asks, then what: a stranger learns nothing but where to log in."""
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
    g.caller = Caller(Actor(f"user {user.name}", address()), frozenset(user.scopes), now)
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
    """The form."""
    return _form()


@pages.post("/login", PUBLIC)
def check_log_in() -> BaseResponse:
    """Let somebody in, or say that name and password do not belong together: never which of them is wrong."""
    form = request.form
    outcome = login_service().log_in(form.get("name", ""), form.get("password", ""), address(), known_devices())
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
    """The second step, for those whose password was right; all others begin with the first."""
    database = context().database
    with database.read() as conn:
        waits = pending_logins.find(conn, _pending(), database.now(conn)) is not None
    return _code_form() if waits else _restart()


@pages.post("/login/code", PUBLIC)
def check_code() -> BaseResponse:
    """Let somebody in whose password was right before, and whose code is right now."""
    code = request.form.get("code", "")
    outcome = login_service().check_code(_pending(), code, address(), known_devices())
    if outcome is None:
        return _restart()
    if isinstance(outcome, Denied):
        return show_denied(outcome, _code_form(outcome.detail))
    return _log_in(outcome)


def _log_in(logged_in: LoggedIn) -> BaseResponse:
    set_actor(Actor(f"user {logged_in.user.name}", address()))
    _end_session()  # What a stranger may have put into this browser does not become a login.
    session["login"] = logged_in.secret
    answer = back(_wanted().removeprefix(PREFIX))
    remember_device(answer, logged_in.user.id)
    return answer


def _pending() -> str:
    """The secret of the log-in that waits for its code in this browser."""
    return str(session.get("pending", ""))


def _restart() -> BaseResponse:
    wanted = _wanted()
    if session.pop("pending", None) is not None:
        flash("That took too long, or your account was changed meanwhile: log in again.")
    return back("/login", next=wanted if wanted != f"{PREFIX}/" else None)


def _code_form(wrong: str = "") -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return page("login_code.html", status, wrong=wrong, wanted=_wanted())


@pages.post("/logout", LOGGED_IN)
def log_out() -> BaseResponse:
    """End the login, here and in the database."""
    _end_session()
    flash("You are logged out.")
    return back("/login")


def login_service() -> LoginService:
    """Where people come in, in the app that answers this request."""
    return cast(LoginService, current_app.extensions["login_service"])


def address() -> str:
    """Where the request comes from."""
    return request.remote_addr or "unknown"


def _end_session() -> None:
    """Forget what this browser has, and let it open nothing any more, whoever has a copy of it."""
    secret, pending, database = session.get("login"), session.get("pending"), context().database
    if pending is not None:
        with database.write() as conn:
            pending_logins.end(conn, pending)
    if secret is not None:
        with database.write() as conn:
            sessions.end_session(conn, secret, address(), database.now(conn))
    session.clear()


def show_denied(denied: Denied, form: Response) -> Response:
    """The form again, which says what was wrong; and when to come back after too many wrong passwords."""
    if denied.wait is not None:
        form.status_code = HTTPStatus.SERVICE_UNAVAILABLE if denied.busy else HTTPStatus.TOO_MANY_REQUESTS
        form.headers["Retry-After"] = str(denied.wait)
    return form


def _form(wrong: str = "") -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    name = request.form.get("name", "")
    return page("login.html", status, wrong=wrong, name=name, wanted=_wanted(), nobody=_no_users_yet())


def _no_users_yet() -> bool:
    database = context().database
    with database.read() as conn:
        return not users.any_enabled(conn)


def _wanted() -> str:
    """The page that was asked for, if it is one of ours: an address from elsewhere is not followed."""
    wanted = request.values.get("next", "")
    ours = wanted == PREFIX or wanted.startswith((f"{PREFIX}/", f"{PREFIX}?"))
    plain = "\\" not in wanted and wanted.isprintable()
    return wanted if ours and plain and not wanted.startswith(f"{PREFIX}/log") else f"{PREFIX}/"


def _lacks_second_factor(user: User) -> bool:
    return context().settings.editors.require_second_factor and user.second_factor_at is None


def _to_set_up() -> BaseResponse:
    """Where a second factor is required, nothing comes before it."""
    if request.method not in ("GET", "HEAD"):
        detail = "Set up a second factor first: everybody needs one here. Nothing was changed."
        raise Problem(HTTPStatus.FORBIDDEN, "scope", detail)
    answer = back("/account/second-factor")
    if not is_live():
        return answer
    return Response(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": answer.headers["Location"]})


def _to_log_in() -> BaseResponse:
    """A page leads to the form and back; a part of one makes the browser go there; a form is not kept."""
    if request.method not in ("GET", "HEAD"):
        detail = "You are logged out: log in again, and repeat what you did. Nothing was changed."
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
    """The parts of an address from outside; none of one that cannot be read."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _joined(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _record_refusal(scope: str) -> None:
    database = context().database
    act, who = f"{request.method} {request.endpoint}", g.caller
    with database.write() as conn:
        audit_log.record_refusal(conn, who.actor, act, request.path[:200], f"needs {scope}", who.now)
