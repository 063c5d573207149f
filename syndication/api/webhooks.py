"""Webhooks from a CMS about changed articles, signed as in Standard Webhooks (standardwebhooks.com)."""

from http import HTTPStatus
from typing import Literal

from flask import request

from syndication.api.operations import PUBLIC, Operations, context
from syndication.api.schemas import ResponseModel
from syndication.api.signatures import check_signature
from syndication.api.visibility import Visibility
from syndication.api.write_outcomes import DateOutcome, Outcome, owning_sources, write_outcome
from syndication.model.article_json import ArticleJson
from syndication.model.json_types import StrictModel
from syndication.store import Connection
from syndication.store.access import webhook_ids
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles
from syndication.store.articles.shown_articles import exposure
from syndication.web.problems import FieldProblem, Problem
from syndication.web.request_log import set_actor

operation = Operations("webhooks", "Webhook", "A CMS can send changed articles with a signature instead of a token.")


class Announcement(StrictModel):
    """A changed article, as it is now."""

    type: Literal["article.changed", "article.created", "article.updated"]
    data: ArticleJson


class WebhookResponse(ResponseModel):
    """The outcome for the article; ``date``, ``warnings`` and ``kept`` are as in the outcome of a PUT."""

    id: str
    outcome: Outcome
    date: DateOutcome | None
    message: str | None
    warnings: list[FieldProblem]
    kept: list[str]


@operation("POST", "/webhooks/articles", PUBLIC, {200: WebhookResponse}, problems=(409,))
def receive_article(body: Announcement) -> WebhookResponse:
    """Receive a changed article from a CMS.

    Requires the headers webhook-id, webhook-timestamp (seconds since 1970) and webhook-signature. The signature is
    "v1," and the base64 of the HMAC-SHA256 of id, timestamp and body, joined by dots, with the key in the setting
    editors.webhook_secret. A repeated id is refused with 409.
    """
    database = context().database
    article = body.data.article(context().slugs)
    id = request.headers["webhook-id"]

    found: list[Visibility] = []
    sources: dict[str, str] = {}

    def once(conn: Connection) -> None:
        # In the transaction that stores the article, so that a failed webhook can be sent again.
        if not webhook_ids.record_if_new(conn, id, database.now(conn)):
            raise Problem(HTTPStatus.CONFLICT, "replayed", f"The webhook {id!r} was already received.")
        found[:] = [Visibility(exposure(conn, article.id, now := database.now(conn)), False, now)]
        sources.update(owning_sources(conn, [article.id]))

    actor = Actor("the CMS's webhook", request.remote_addr or "unknown")
    set_actor(actor)
    done, _ = articles.change_article(database, article.id, lambda _stored: article, actor, act="webhook", first=once)
    told = write_outcome(done, found[0], article, sources.get(article.id))
    return WebhookResponse(id=done.article_id, **told._asdict())


def check(secret: str) -> None:
    """Raises Problem unless the request has a recent signature made with ``secret``."""
    if not secret:
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", "Webhooks are not enabled: editors.webhook_secret is not set.")
    check_signature(secret)
