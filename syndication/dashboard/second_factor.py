"""One's own second factor: set up with an app on a phone, and turned off again.

Between the steps of setting it up the secret is in this browser's signed cookie alone: nothing is stored before a
code has shown that the app has it.
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
from syndication.dashboard.login import address, login_service, show_denied
from syndication.dashboard.pages import LOGGED_IN, Pages, back, page
from syndication.errors import SyndicationError
from syndication.store.access import audit_log, users
from syndication.store.access import second_factor as stored
from syndication.store.access.audit_log import Act

pages = Pages("second_factor")

SET_UP = timedelta(minutes=15)
"""How long somebody may take between the QR code and the first code of the app."""

REQUIRED = "Everybody needs a second factor here: to set up another phone, ask an admin to reset yours"


@pages.get("/account/second-factor", LOGGED_IN)
def show_second_factor() -> Response:
    """Whether it is on; and the QR code, once the password was given."""
    return _page()


@pages.post("/account/second-factor/set-up", LOGGED_IN)
def set_up() -> BaseResponse:
    """Make a secret, after asking for the password again: a browser may stand open."""
    refused = _refused_password("set up second factor of user")
    if refused is not None:
        return show_denied(refused, _page(refused.detail))
    session["second_factor"] = [second_factor.new_secret(), caller().now.timestamp()]
    return back("/account/second-factor")


@pages.get("/account/second-factor.svg", LOGGED_IN)
def show_qr_code() -> Response:
    """The secret as a QR code, while it is being set up."""
    if (secret := _secret()) is None:
        raise NotFound
    text = second_factor.uri(secret, g.user.name, context().settings.site.title)
    return Response(second_factor.qr_code(text), content_type="image/svg+xml")


@pages.post("/account/second-factor/turn-on", LOGGED_IN)
def turn_on() -> BaseResponse:
    """Turn it on, if the app shows the right code; the recovery codes are in this answer and nowhere else."""
    secret, database = _secret(), context().database
    if secret is None:
        return _page("That took too long, and nothing was changed. Start again with your password.")
    with database.write() as conn:
        now = database.now(conn)
        step = second_factor.accepted_step(secret, request.form.get("code", ""), now, 0)
        if step is not None:
            codes = stored.enable(conn, g.user, secret, step, caller().actor, now, keep=session["login"])
    if step is None:
        return _page(WRONG_CODE)
    session.pop("second_factor", None)
    return _page(codes=codes)


@pages.post("/account/second-factor/turn-off", LOGGED_IN)
def turn_off() -> BaseResponse:
    """Turn it off, with the password and a code."""
    if context().settings.editors.require_second_factor:
        raise SyndicationError(REQUIRED)
    refused = _refused_password("turn off second factor of user")
    if refused is None:
        refused = login_service().verify_code(g.user, request.form.get("code", ""), address(), known_devices())
    if refused is not None:
        return show_denied(refused, _page(refused.detail))
    database = context().database
    with database.write() as conn:
        stored.disable(conn, g.user, caller().actor, database.now(conn), keep=session["login"])
    flash("Your second factor is off. You are logged out in other browsers.")
    return back("/account")


def _refused_password(act: str) -> Denied | None:
    verified = login_service().verify(g.user, request.form.get("password", ""), address(), known_devices())
    if not isinstance(verified, Denied):
        return None
    if verified.wait is None:
        with context().database.write() as conn:
            refused = Act(act, g.user.name, "refused", "wrong password")
            audit_log.record(conn, caller().actor, [refused], caller().now)
    return verified


def _secret() -> str | None:
    """The secret that is being set up in this browser."""
    secret, since = session.get("second_factor", [None, 0])
    fresh = datetime.fromtimestamp(since, caller().now.tzinfo) > caller().now - SET_UP
    return secret if secret is not None and fresh and g.user.second_factor_at is None else None


def _page(wrong: str = "", codes: list[str] | None = None) -> Response:
    with context().database.read() as conn:
        user = users.find(conn, g.user.id) or g.user
        left = stored.count_recovery_codes(conn, user)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return page(
        "second_factor.html",
        status,
        wrong=wrong,
        codes=codes,
        left=left,
        since=user.second_factor_at,
        secret=_secret() if user.second_factor_at is None else None,
        required=context().settings.editors.require_second_factor,
    )
