"""Every request of editors has an id, which stands in its answer and in all that is logged of it, and an own line.

Polls come nowhere near. A line tells the rule of an address, and of what stands in it only sections: an article's id
may be the name of a story under embargo, and what somebody pastes in the place of another may be a token.
"""

import re
import time
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import request
from structlog.contextvars import bind_contextvars, bound_contextvars, get_contextvars, unbind_contextvars

from syndication.config.schema import SLUG
from syndication.logs import get_logger
from syndication.store.access.audit_log import Actor

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = get_logger(__name__)

HEADER = "X-Request-ID"

RULE = "syndication.rule"
"""Where the app that answers leaves the rule; an address that is none of ours has none."""

WAITED_SECONDS = "syndication.waited_seconds"
"""How long the request was on its way to here, where another process has received it."""

ACTOR = "syndication.actor"
"""Here who was recognized is left for the process that received the request."""

SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
"""An id that a caller or a proxy may give: it can be searched for in any log, and breaks none."""


def log_requests(
    app: "WSGIApplication", environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Answer with ``app``, which gives its answer as a whole, under the id of the request; then log the line."""
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
            log.info(
                "request",
                method=environ["REQUEST_METHOD"],
                path=environ.get(RULE),
                status=int(answered[-1][:3]) if answered else 500,
                ms=round((time.perf_counter() - began) * 1000, 1),
            )
            environ[ACTOR] = get_contextvars().get("actor")
            unbind_contextvars("actor")


def sanitize_id(given: str) -> str:
    """The id of a request: the given one, unless it could break a log."""
    return given if SAFE_ID.fullmatch(given) else uuid.uuid4().hex


def request_id() -> str | None:
    """The id of the request that this thread answers; None where no server asks, as in a test of the app alone."""
    id: str | None = get_contextvars().get("request_id")
    return id


def set_actor(actor: Actor) -> None:
    """From here on the lines of this request tell who asks."""
    bind_contextvars(actor=actor.name)


def set_rule() -> None:
    """Note the rule of the address that is asked for, like ``/api/v1/articles/<article:id>``."""
    if request.url_rule is None:
        return
    slug = str((request.view_args or {}).get("slug", ""))
    rule = request.url_rule.rule
    request.environ[RULE] = rule.replace("<slug>", slug) if SLUG.fullmatch(slug) else rule
