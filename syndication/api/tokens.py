"""Tokens for the API."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from syndication.api.operations import Operations, caller, context, instant
from syndication.api.schemas import IdPath, ResponseModel, Time
from syndication.model.field_limits import MAX_SCOPES
from syndication.model.json_types import Moment, StrictModel, Text
from syndication.store.access import tokens
from syndication.web.problems import not_found

operation = Operations(
    "tokens", "Tokens", "Tokens for the API; all operations need the scope admin. A secret is shown only once."
)

Scope = Literal["read", "preview", "write", "regenerate", "feeds", "admin"]


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
    """A token with its secret, which is shown only once."""

    secret: str


class TokensResponse(ResponseModel):
    """Tokens, newest first."""

    tokens: list[TokenResponse]


class TokenRequest(StrictModel):
    """A name for the owner, the scopes, and when the token expires (never, by default)."""

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    scopes: list[Scope] = Field(min_length=1, max_length=MAX_SCOPES)
    expires_at: Moment = None


@operation("GET", "/tokens", "admin", {200: TokensResponse})
def list_tokens() -> TokensResponse:
    """List tokens, including expired and revoked ones."""
    with context().database.read() as conn:
        found = tokens.list_all(conn)
    return TokensResponse(tokens=[TokenResponse.model_validate(_values(token)) for token in found])


@operation("POST", "/tokens", "admin", {201: NewToken})
def create_token(body: TokenRequest) -> NewToken:
    """Create a token.

    Its secret (256 random bits) is only in this response.
    """
    database = context().database
    expires: datetime | None = body.expires_at
    with database.write() as conn:
        now = database.now(conn)
        token, secret = tokens.create(conn, body.name, body.scopes, expires, caller().actor, now)
    return NewToken.model_validate({**_values(token), "secret": secret})


@operation("DELETE", "/tokens/<id>", "admin", {200: TokenResponse})
def revoke_token(path: IdPath) -> TokenResponse:
    """Revoke a token, by its id or name.

    It stops working immediately.
    """
    database = context().database
    with database.write() as conn:
        revoked = tokens.revoke(conn, path.id, caller().actor, database.now(conn))
        found = tokens.find_by_name(conn, path.id) if revoked else []
    if not found:
        raise not_found(f"active token {path.id!r}")
    return TokenResponse.model_validate(_values(found[-1]))


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
