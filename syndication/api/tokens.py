"""Tokens: who may use the API."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from flask import Response
from pydantic import Field

from syndication.api.operations import Operations, caller, context, instant, respond
from syndication.api.schemas import IdPath, ResponseModel, Time
from syndication.model.field_limits import MAX_SCOPES
from syndication.model.json_types import Moment, StrictModel, Text
from syndication.store.access import tokens
from syndication.web.problems import not_found

operation = Operations("tokens", "Tokens", "Who may use the API. Only admin sees them, and nobody the secret again.")

Scope = Literal["read", "preview", "write", "regenerate", "admin"]


class TokenResponse(ResponseModel):
    """A token without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    created_at: Time
    created_by: str
    expires_at: Time | None
    last_used_at: Time | None
    revoked_at: Time | None


class NewToken(TokenResponse):
    """A token with its secret, which is shown this once."""

    secret: str


class TokensResponse(ResponseModel):
    """Every token that there was, the newest first."""

    tokens: list[TokenResponse]


class TokenRequest(StrictModel):
    """A name that says whose it is, what it may, and until when (never, if nothing is said)."""

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    scopes: list[Scope] = Field(min_length=1, max_length=MAX_SCOPES)
    expires_at: Moment = None


@operation("GET", "/tokens", "admin", {200: TokensResponse})
def list_tokens() -> Response:
    """Every token, also expired and revoked ones."""
    with context().database.read() as conn:
        found = tokens.list_all(conn)
    return respond(TokensResponse(tokens=[TokenResponse.model_validate(_values(token)) for token in found]))


@operation("POST", "/tokens", "admin", {201: NewToken})
def create_token(body: TokenRequest) -> Response:
    """Make a token. Its secret, 256 random bits, is in this answer and nowhere else."""
    database = context().database
    expires: datetime | None = body.expires_at
    with database.write() as conn:
        now = database.now(conn)
        token, secret = tokens.create(conn, body.name, body.scopes, expires, caller().actor, now)
    return respond(NewToken.model_validate({**_values(token), "secret": secret}), HTTPStatus.CREATED)


@operation("DELETE", "/tokens/<id>", "admin", {200: TokenResponse})
def revoke_token(path: IdPath) -> Response:
    """Revoke a token, by its id or name: from now on it opens nothing."""
    database = context().database
    with database.write() as conn:
        revoked = tokens.revoke(conn, path.id, caller().actor, database.now(conn))
        found = tokens.find_by_name(conn, path.id) if revoked else []
    if not found:
        raise not_found(f"token {path.id!r} that is in use")
    return respond(TokenResponse.model_validate(_values(found[-1])))


def _values(token: tokens.Token) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "created_at": instant(token.created_at),
        "created_by": token.created_by,
        "expires_at": instant(token.expires_at),
        "last_used_at": instant(token.last_used_at),
        "revoked_at": instant(token.revoked_at),
    }
