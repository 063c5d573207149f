"""API tokens."""

from datetime import timedelta
from http import HTTPStatus

from flask import Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import tokens as api
from syndication.api.operations import caller
from syndication.api.schemas import IdPath
from syndication.dashboard.filters import after
from syndication.dashboard.pages import Pages, Question, back, call, page, parse_request, selected_scopes
from syndication.model.scopes import SCOPES
from syndication.web.problems import Problem

pages = Pages("tokens")


@pages.get("/tokens", "admin")
def show_tokens() -> Response:
    """Lists all tokens; revoked and expired ones last."""
    return _page()


@pages.post("/tokens", "admin")
def create_token() -> Response:
    """Creates a token and shows its secret once."""
    days = request.form.get("days", "")
    if days and not (days.isascii() and days.isdecimal() and 1 <= int(days[:9]) <= 36_500):
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid",
            f"days is {days[:20]!r}: it must be 1 to 36500.",
        )
    body = parse_request(
        api.TokenRequest,
        name=request.form.get("name", "").strip(),
        scopes=selected_scopes(),
        expires_at=(caller().now + timedelta(days=int(days))).isoformat() if days else None,
    )
    return _page(call(api.create_token, body=body))


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


def _page(made: api.NewToken | None = None) -> Response:
    found = call(api.list_tokens).tokens
    states = {token.id: _state(token) for token in found}
    return page(
        "tokens.html",
        active=[token for token in found if states[token.id] == "active"],
        inactive=[token for token in found if states[token.id] != "active"],
        states=states,
        made=made,
        scopes=SCOPES,
    )


def _state(token: api.TokenResponse) -> str:
    if token.revoked_at:
        return "revoked"
    return "expired" if token.expires_at and not after(token.expires_at, caller().now) else "active"
