"""API tokens."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import tokens as api
from syndication.api.operations import caller
from syndication.api.schemas import IdPath
from syndication.dashboard.filters import after
from syndication.dashboard.form_errors import refused_form
from syndication.dashboard.pages import Pages, Question, back, call, page, parse_request, selected_scopes
from syndication.errors import SyndicationError
from syndication.model.scopes import SCOPES
from syndication.web.problems import Problem

pages = Pages("tokens")

FIELDS = {"name": "the name", "scope": "", "scopes": "the permissions", "days": "the number of days"}
"""What the fields of the form are called in sentences."""

MOST_DAYS = 36_500


@pages.get("/tokens", "admin")
def show_tokens() -> Response:
    """Lists all tokens; revoked and expired ones last."""
    return _page()


@pages.post("/tokens", "admin")
def create_token() -> Response:
    """Creates a token and shows its secret once."""
    form = request.form
    try:
        body = parse_request(
            api.TokenRequest, name=form.get("name", "").strip(), scopes=selected_scopes(), expires_at=_expiry()
        )
        return _page(call(api.create_token, body=body))
    except SyndicationError as error:
        status, errors = refused_form(error, FIELDS, "name")
        given = {"name": form.get("name", ""), "days": form.get("days", ""), "scope": form.getlist("scope")}
        return _page(status=status, errors=errors, given=given)


def _expiry() -> str | None:
    """Returns when the token of the form expires; raises Problem if its days cannot be read."""
    days = request.form.get("days", "").strip()
    if not days:
        return None
    if not (days.isascii() and days.isdecimal() and 1 <= int(days[:9]) <= MOST_DAYS):
        words = f"must be a number from 1 to {MOST_DAYS}, or empty"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"days {words}", errors=[("days", words)])
    return (caller().now + timedelta(days=int(days))).isoformat()


REVOKE = Question(
    "Revoke this token?",
    "Programs that use {name} lose access at once. A token cannot be reinstated: they need a new one.",
    "Revoke",
    "/tokens",
)


@pages.post("/tokens/revoke", "admin", ask=REVOKE)
def revoke_token() -> BaseResponse:
    """Revokes a token."""
    revoked = call(api.revoke_token, path=parse_request(IdPath, id=request.form.get("id", "")))
    flash(f"Token {revoked.name} revoked: it no longer works.")
    return back("/tokens")


def _page(made: api.NewToken | None = None, status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> Response:
    found = call(api.list_tokens).tokens
    states = {token.id: _state(token) for token in found}
    return page(
        "tokens.html",
        status,
        active=[token for token in found if states[token.id] == "active"],
        inactive=[token for token in found if states[token.id] != "active"],
        states=states,
        made=made,
        scopes=SCOPES,
        **{"errors": {}, "given": {"name": "", "days": "", "scope": []}} | shown,
    )


def _state(token: api.TokenResponse) -> str:
    if token.revoked_at:
        return "revoked"
    return "expired" if token.expires_at and not after(token.expires_at, caller().now) else "active"
