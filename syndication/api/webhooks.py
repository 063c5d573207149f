"""Webhooks: a CMS announces a changed article, signed as Standard Webhooks describes (standardwebhooks.com)."""

import base64
import binascii
import contextlib
import hmac
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from flask import Response, request

from syndication.api.articles import Outcome, outcome_for, stays_withdrawn
from syndication.api.operations import PUBLIC, Operations, context, respond
from syndication.api.schemas import ResponseModel
from syndication.api.visibility import Visibility
from syndication.model.article_json import ArticleJson
from syndication.model.json_types import StrictModel
from syndication.store import Connection
from syndication.store.access import webhook_ids
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles
from syndication.store.articles.shown_articles import exposure
from syndication.web.problems import Problem
from syndication.web.request_log import set_actor

operation = Operations("webhooks", "Webhook", "How a CMS announces a changed article, signed instead of with a token.")

TOLERANCE = 300
"""Seconds that the sender's clock may be off, and for which a signature is valid."""


class Announcement(StrictModel):
    """That an article changed, with the article as it is now."""

    type: Literal["article.changed", "article.created", "article.updated"]
    data: ArticleJson


class WebhookResponse(ResponseModel):
    """What came of it."""

    id: str
    outcome: Outcome
    message: str | None


@operation("POST", "/webhooks/articles", PUBLIC, {200: WebhookResponse}, problems=(409,))
def receive_article(body: Announcement) -> Response:
    """Take the changed article of a CMS.

    The headers webhook-id, webhook-timestamp (seconds since 1970) and webhook-signature are needed; the signature
    is "v1," and the base64 of HMAC-SHA256 over id, timestamp and body with dots between, keyed by the setting
    editors.webhook_secret. 409 says that this id was received already.
    """
    database = context().database
    article = body.data.article(context().slugs)
    id = request.headers["webhook-id"]

    found: list[Visibility] = []

    def once(conn: Connection) -> None:
        # In the transaction that stores the article: a webhook that failed may be sent again.
        if not webhook_ids.record_if_new(conn, id, database.now(conn)):
            raise Problem(HTTPStatus.CONFLICT, "replayed", f"The webhook {id!r} was received already.")
        found[:] = [Visibility(exposure(conn, article.id, now := database.now(conn)), False, now)]

    actor = Actor("the CMS's webhook", request.remote_addr or "unknown")
    set_actor(actor)
    done, there = articles.change_article(
        database, article.id, lambda _stored: article, actor, act="webhook", first=once, blind=True
    )
    outcome = outcome_for(done, found[0])
    return respond(WebhookResponse(id=done.article_id, outcome=outcome, message=stays_withdrawn(outcome, there)))


def check_signature(secret: str) -> None:
    """Raise Problem unless the request is signed with ``secret``, and lately."""
    if not secret:
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", "No webhook is taken here: editors.webhook_secret is not set.")
    id, timestamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
    address = request.remote_addr or "unknown"
    if not re.fullmatch(r"[\x21-\x7e]{1,200}", id) or not re.fullmatch(r"\d{1,12}", timestamp):
        raise context().access.refuse(address, "webhook-id and webhook-timestamp are needed, with webhook-signature.")
    if not signed(secret, id, timestamp, request.get_data(), request.headers.get("webhook-signature", "")):
        raise context().access.refuse(address, "webhook-signature is not that of this body with the shared secret.")
    if abs(datetime.now(UTC).timestamp() - int(timestamp)) > TOLERANCE:
        raise context().access.refuse(address, f"webhook-timestamp is more than {TOLERANCE} s from the time here.")


def signed(secret: str, id: str, timestamp: str, body: bytes, signatures: str) -> bool:
    """Whether one of the signatures, parted by spaces, is right; told in the same time wherever one differs."""
    wanted = signature(secret, id, timestamp, body).encode()
    found = [hmac.compare_digest(wanted, one.encode()) for one in signatures.split()]
    return any(found)


def signature(secret: str, id: str, timestamp: str, body: bytes) -> str:
    """The signature of a webhook."""
    content = b".".join((id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(_key(secret), content, "sha256")).decode()


def _key(secret: str) -> bytes:
    """A secret that begins with whsec_ is base64 of the key, as Standard Webhooks has it; any other is the key."""
    if secret.startswith("whsec_"):
        with contextlib.suppress(binascii.Error):
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return secret.encode()
