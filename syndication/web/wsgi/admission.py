"""WSGI admission control: editors' requests must never hold up polls.

A web process has few threads, and editors' requests may wait for the database. Only a limited number of them is
admitted, so that threads are left for polls; the others get 503 with Retry-After.

Only ``create_app`` uses it, for other WSGI servers. ``syndication web`` has ``web/admission.py``, which shares nothing
with it: here threads wait for semaphores, there requests wait in the queues of one event loop.
"""

import threading
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.middleware.proxy_fix import ProxyFix

from syndication.model.body_limits import is_ping
from syndication.web.credentials import is_for_hub
from syndication.web.problems import Problem
from syndication.web.request_log import log_requests
from syndication.web.wsgi.body_buffer import BodyBuffer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

API, DASHBOARD = "/api/", "/editors"
"""The paths of the editors' two apps."""

WEBHOOKS = "/api/v1/webhooks/"
"""The path where the API must read the body before it can authenticate the sender."""

TIMEOUT_SECONDS = 2.0
"""How long a request waits for a place."""

BUSY = "The service is busy. Nothing was changed. Try again."


class AdmissionControl:
    """Sends requests below ``/api/`` and ``/editors`` to the editors' apps, and those to the hub: so many at once."""

    def __init__(
        self,
        app: "WSGIApplication",
        api: "WSGIApplication",
        dashboard: "WSGIApplication",
        hub: "WSGIApplication | None" = None,
        *,
        at_once: int,
        waiting: int,
        trusted_proxies: int,
    ) -> None:
        self.app = app
        self.api = _behind(api, trusted_proxies)
        self.dashboard = _behind(dashboard, trusted_proxies)
        self.hub = None if hub is None else _behind(hub, trusted_proxies)
        self._inside = threading.BoundedSemaphore(at_once)
        self._here = threading.BoundedSemaphore(at_once + waiting)
        self._arrivals = BodyBuffer()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Lets the request in, or answers that the process is busy."""
        editors = self._editors(environ["PATH_INFO"], environ["REQUEST_METHOD"])
        if editors is None:
            return self.app(environ, start_response)
        busy = _busy if editors is self.api else _busy_page
        return log_requests(partial(self._admit, editors, busy), environ, start_response)

    def _admit(
        self,
        editors: "WSGIApplication",
        busy: "Callable[[], WSGIApplication]",
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
    ) -> Iterable[bytes]:
        if self._is_unauthenticated(environ["PATH_INFO"]) and not self._arrivals.read(environ):
            return busy()(environ, start_response)
        if not self._here.acquire(blocking=False):
            return busy()(environ, start_response)
        try:
            if not self._inside.acquire(timeout=TIMEOUT_SECONDS):
                return busy()(environ, start_response)
            try:
                # Read and close the response here: it is then sent from memory and needs no place.
                answer = editors(environ, start_response)
                try:
                    return list(answer)
                finally:
                    close = getattr(answer, "close", None)
                    if close is not None:
                        close()
            finally:
                self._inside.release()
        finally:
            self._here.release()

    def _is_unauthenticated(self, path: str) -> bool:
        """Returns whether the body is read before authentication; elsewhere a token is required first."""
        return not path.startswith(API) or path.startswith(WEBHOOKS) or is_ping(path)

    def _editors(self, path: str, method: str) -> "WSGIApplication | None":
        """Returns the editors' app of a path, or the hub; None for a public path."""
        if is_for_hub(path, method):
            return self.hub
        if path.startswith(API):
            return self.api
        return self.dashboard if path == DASHBOARD or path.startswith(f"{DASHBOARD}/") else None


def _behind(app: "WSGIApplication", proxies: int) -> "WSGIApplication":
    return ProxyFix(app, x_for=proxies, x_proto=0, x_host=0) if proxies else app


def _busy() -> Response:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", BUSY, headers={"Retry-After": "1"}).response()


def _busy_page() -> Response:
    """Returns the same as plain text, because rendering a page would need a place too."""
    headers = {"Retry-After": "1", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(f"{BUSY}\n", HTTPStatus.SERVICE_UNAVAILABLE, headers, content_type="text/plain; charset=utf-8")
