"""The user's own second factor: set up with an authenticator app, and turned off.

During set-up the secret is only in the browser's signed cookie: nothing is stored before a correct code proves that
the app has it.
"""

from datetime import datetime, timedelta
from http import HTTPStatus

from flask import Response, flash, g, request, session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from syndication.api.operations import caller, context
from syndication.auth.known_devices import known_devices
from syndication.auth.login import WRONG_CODE, Denied
from syndication.auth.secrets import second_factor
from syndication.dashboard.form_errors import Errors
from syndication.dashboard.login import client_address, login_service, show_denied
from syndication.dashboard.pages import LOGGED_IN, Pages, back, page
from syndication.errors import SyndicationError
from syndication.store.access import audit_log, users
from syndication.store.access import second_factor as stored
from syndication.store.access.audit_log import Act

pages = Pages("second_factor")

SET_UP = timedelta(minutes=15)
"""The time limit between the QR code and the first code from the app."""

REQUIRED = "A second factor is required here. To use a different phone, ask an admin to reset your second factor"


@pages.get("/account/second-factor", LOGGED_IN)
def show_second_factor() -> Response:
    """Shows whether it is on, and the QR code after the password was verified."""
    return _page()


@pages.post("/account/second-factor/set-up", LOGGED_IN)
def set_up() -> BaseResponse:
    """Creates a secret; the password is required again, because a browser may be left unattended."""
    refused = _refused_password("set up second factor of user")
    if refused is not None:
        return show_denied(refused, _page(_at("password", refused)))
    session["second_factor"] = [second_factor.new_secret(), caller().now.timestamp()]
    return back("/account/second-factor")


@pages.get("/account/second-factor.svg", LOGGED_IN)
def show_qr_code() -> Response:
    """Returns the secret as a QR code during set-up."""
    if (secret := _secret()) is None:
        raise NotFound
    text = second_factor.uri(secret, g.user.name, context().settings.site.title)
    return Response(second_factor.qr_code(text), content_type="image/svg+xml")


@pages.post("/account/second-factor/turn-on", LOGGED_IN)
def turn_on() -> BaseResponse:
    """Turns it on if the code is correct; this response is the only one with the recovery codes."""
    secret, database = _secret(), context().database
    if secret is None:
        return _page({"": "The set-up expired. Nothing was changed. Start again with your password."})
    with database.write() as conn:
        now = database.now(conn)
        step = second_factor.accepted_step(secret, request.form.get("code", ""), now, 0)
        if step is not None:
            codes = stored.enable(conn, g.user, secret, step, caller().actor, now, keep=session["login"])
    if step is None:
        return _page({"code": WRONG_CODE})
    session.pop("second_factor", None)
    return _page(codes=codes)


@pages.post("/account/second-factor/turn-off", LOGGED_IN)
def turn_off() -> BaseResponse:
    """Turns it off; requires the password and a code."""
    if context().settings.editors.require_second_factor:
        raise SyndicationError(REQUIRED)
    refused, field = _refused_password("turn off second factor of user"), "password"
    if refused is None:
        field = "code"
        refused = login_service().verify_code(g.user, request.form.get("code", ""), client_address(), known_devices())
    if refused is not None:
        return show_denied(refused, _page(_at(field, refused)))
    database = context().database
    with database.write() as conn:
        stored.disable(conn, g.user, caller().actor, database.now(conn), keep=session["login"])
    flash("Second factor turned off. You are logged out in other browsers.")
    return back("/account")


def _refused_password(act: str) -> Denied | None:
    verified = login_service().verify(g.user, request.form.get("password", ""), client_address(), known_devices())
    if not isinstance(verified, Denied):
        return None
    if verified.wait is None:
        with context().database.write() as conn:
            refused = Act(act, g.user.name, "refused", "wrong password")
            audit_log.record(conn, caller().actor, [refused], caller().now)
    return verified


def _at(field: str, refused: Denied) -> Errors:
    """Returns the error at the field that was wrong; one that is about the number of attempts concerns none."""
    return {"" if refused.wait is not None else field: refused.detail}


def _secret() -> str | None:
    """Returns the secret that is being set up in this browser."""
    secret, since = session.get("second_factor", [None, 0])
    fresh = datetime.fromtimestamp(since, caller().now.tzinfo) > caller().now - SET_UP
    return secret if secret is not None and fresh and g.user.second_factor_at is None else None


def _page(errors: Errors | None = None, codes: list[str] | None = None) -> Response:
    with context().database.read() as conn:
        user = users.find(conn, g.user.id) or g.user
        left = stored.count_recovery_codes(conn, user)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return page(
        "second_factor.html",
        status,
        errors=errors or {},
        codes=codes,
        left=left,
        since=user.second_factor_at,
        secret=_secret() if user.second_factor_at is None else None,
        required=context().settings.editors.require_second_factor,
    )
