"""The user's own account: permissions and password."""

from http import HTTPStatus

from flask import Response, flash, g, request, session
from werkzeug.wrappers import Response as BaseResponse

from syndication.api.operations import caller, context
from syndication.auth.known_devices import known_devices
from syndication.auth.login import NOT_CURRENT, Denied
from syndication.auth.secrets import passwords
from syndication.dashboard.form_errors import Errors, sentence
from syndication.dashboard.login import client_address, login_service, show_denied
from syndication.dashboard.pages import LOGGED_IN, Pages, back, page
from syndication.dashboard.sessions import session_here, sessions_of
from syndication.errors import SyndicationError
from syndication.model.scopes import SCOPES, role_of
from syndication.store.access import audit_log, user_changes, users
from syndication.store.access.audit_log import Act

pages = Pages("account")


@pages.get("/account", LOGGED_IN)
def show_account() -> Response:
    """Shows the user's permissions and the form to change the password."""
    return _page()


@pages.post("/account", LOGGED_IN)
def change_own_password() -> BaseResponse:
    """Changes the user's own password; the current one is required, because a browser may be left unattended."""
    form, user, database = request.form, g.user, context().database
    verified = login_service().verify(user, form.get("old", ""), client_address(), known_devices())
    if isinstance(verified, Denied):
        return _refuse(verified)
    if form.get("new", "") != form.get("again", ""):
        return _page({"again": "The new passwords do not match."})
    try:
        made = passwords.hash_password(form.get("new", ""), user.name, context().settings.site.names)
    except SyndicationError as error:
        return _page({"new": sentence(str(error))})
    with database.write() as conn:
        # Verification takes a while: a password that was changed meanwhile, to lock out a thief, is not overwritten.
        unchanged, now = users.is_unchanged(conn, user, verified), database.now(conn)
        if unchanged:
            user_changes.set_password(conn, user, made, caller().actor, now, keep=session["login"])
    if not unchanged:
        return _refuse(Denied(NOT_CURRENT))
    flash("Password changed. You are logged out in other browsers.")
    return back("/account")


def _refuse(refused: Denied) -> Response:
    if refused.wait is None:
        act = Act("change password of user", g.user.name, "refused", "wrong password")
        with context().database.write() as conn:
            audit_log.record(conn, caller().actor, [act], caller().now)
    return show_denied(refused, _page({"" if refused.wait is not None else "old": refused.detail}))


def _page(errors: Errors | None = None) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return page(
        "account.html",
        status,
        errors=errors or {},
        shortest=passwords.SHORTEST,
        role=role_of(g.user.scopes),
        lacked=[scope for scope in SCOPES if scope not in g.user.scopes],
        sessions=sessions_of(g.user.id),
        this_session=session_here(),
    )
