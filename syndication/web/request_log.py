"""The request log of the editors process: a request ID in each response and log line, and one line per request.

Polls are not logged, nor the parts of pages that open dashboards refresh. A line has the URL rule instead of the
address, and of its values only sections: an article ID may reveal an embargoed story, and a mistyped address may
contain a token.
"""

import re
import time
import uuid
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import request
from structlog.contextvars import bind_contextvars, bound_contextvars, get_contextvars, unbind_contextvars

from syndication.config.value_types import SLUG
from syndication.logs import get_logger
from syndication.store.access.audit_log import Actor

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = get_logger(__name__)

HEADER = "X-Request-ID"

RULE = "syndication.rule"
"""The environ key under which the app stores the URL rule; unknown addresses have none."""

LIVE = "syndication.live"
"""The environ key that an app sets for the part of a page that a browser asks for every few seconds.

It is no line, nor while the database is away, of which the processes that need it say so once. A refused one is.
"""

WAITED_SECONDS = "syndication.waited_seconds"
"""The environ key of the time that the request has spent in the front."""

ACTOR = "syndication.actor"
"""The environ key of the authenticated user or token, for the process that received the request."""

SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
"""A request ID that a client or a proxy may set: safe in any log."""


def log_requests(
    app: "WSGIApplication", environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Answers with ``app``, which returns its whole response, under the request ID, and logs the request."""
    id = sanitize_id(environ.get("HTTP_X_REQUEST_ID", ""))
    began = time.perf_counter() - environ.get(WAITED_SECONDS, 0.0)
    answered: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        answered.append(status)
        return start_response(status, [*headers, (HEADER, id)], *rest)

    with bound_contextvars(request_id=id):
        try:
            return app(environ, start)
        finally:
            status = int(answered[-1][:3]) if answered else 500
            is_quiet = environ.get(LIVE) and (status < 400 or status == HTTPStatus.SERVICE_UNAVAILABLE)
            write = log.debug if is_quiet else log.info
            write(
                "request",
                method=environ["REQUEST_METHOD"],
                path=environ.get(RULE),
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 1),
            )
            environ[ACTOR] = get_contextvars().get("actor")
            unbind_contextvars("actor")


def sanitize_id(given: str) -> str:
    """Returns the given request ID if it is safe in a log, else a new one."""
    return given if SAFE_ID.fullmatch(given) else uuid.uuid4().hex


def request_id() -> str | None:
    """Returns the ID of the request that this thread answers; None without a server, as in a test of the app alone."""
    id: str | None = get_contextvars().get("request_id")
    return id


def set_actor(actor: Actor) -> None:
    """Adds the actor to the log lines of this request."""
    bind_contextvars(actor=actor.name)


def set_rule() -> None:
    """Records the URL rule of the request, such as ``/api/v1/articles/<article:id>``."""
    if request.url_rule is None:
        return
    slug = str((request.view_args or {}).get("slug", ""))
    rule = request.url_rule.rule
    request.environ[RULE] = rule.replace("<slug>", slug) if SLUG.fullmatch(slug) else rule
