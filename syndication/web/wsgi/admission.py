"""The WSGI door between polls and people: who works on feeds must never hold up those who read them.

A web process has a few threads. Requests of editors may wait for a database; so many of them at once are let in
that threads are left for polls, and the others are asked to come back.

Only ``create_app`` uses it, for WSGI servers other than ours. ``syndication web`` has ``web/admission.py``, which
shares nothing with it: here threads wait for semaphores, there requests wait in the queues of one event loop.
"""

import threading
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.middleware.proxy_fix import ProxyFix

from syndication.web.problems import Problem
from syndication.web.request_log import log_requests
from syndication.web.wsgi.body_buffer import BodyBuffer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

API, DASHBOARD = "/api/", "/editors"
"""Below these addresses are the editors' two apps."""

WEBHOOKS = "/api/v1/webhooks/"
"""Here the API must read what a stranger sends, before it knows who it is."""

TIMEOUT_SECONDS = 2.0
"""Seconds that a request waits for its turn."""

BUSY = "So many requests are being answered that this one would have to wait: try again."


class AdmissionControl:
    """Sends what is below ``/api/`` and ``/editors`` to the editors' apps, so many requests at once."""

    def __init__(
        self,
        app: "WSGIApplication",
        api: "WSGIApplication",
        dashboard: "WSGIApplication",
        *,
        at_once: int,
        waiting: int,
        trusted_proxies: int,
    ) -> None:
        self.app = app
        self.api = _behind(api, trusted_proxies)
        self.dashboard = _behind(dashboard, trusted_proxies)
        self._inside = threading.BoundedSemaphore(at_once)
        self._here = threading.BoundedSemaphore(at_once + waiting)
        self._arrivals = BodyBuffer()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        editors = self._editors(environ["PATH_INFO"])
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
                # Read to its end and closed here: what is sent later is in memory and needs no place, nor a file.
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
        """Whether a body is read there before anybody is known: all else asks for a token first."""
        return not path.startswith(API) or path.startswith(WEBHOOKS)

    def _editors(self, path: str) -> "WSGIApplication | None":
        """The editors' app to which an address belongs; None if it is a reader's."""
        if path.startswith(API):
            return self.api
        return self.dashboard if path == DASHBOARD or path.startswith(f"{DASHBOARD}/") else None


def _behind(app: "WSGIApplication", proxies: int) -> "WSGIApplication":
    return ProxyFix(app, x_for=proxies, x_proto=0, x_host=0) if proxies else app


def _busy() -> Response:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", BUSY, headers={"Retry-After": "1"}).response()


def _busy_page() -> Response:
    """The same for people: in plain words, as a page would have to wait for its turn as well."""
    headers = {"Retry-After": "1", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(f"{BUSY}\n", HTTPStatus.SERVICE_UNAVAILABLE, headers, content_type="text/plain; charset=utf-8")
