"""The WSGI door between polls and people: who works on feeds must never hold up those who read them.

A web process has a few threads. Requests of editors may wait for a database; so many of them at once are let in
that threads are left for polls, and the others are asked to come back.
"""

import threading
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from syndication.editors.problems import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BELOW = ("/api/",)
"""The addresses that belong to the editors' app."""

PATIENCE = 2.0
"""Seconds that a request waits for its turn."""


class Door:
    """Sends what is below ``/api/`` to the editors' app, so many requests at once, and passes on the rest."""

    def __init__(
        self, app: "WSGIApplication", editors: "WSGIApplication", at_once: int, waiting: int, trusted_proxies: int
    ) -> None:
        self.app = app
        self.editors = ProxyFix(editors, x_for=trusted_proxies, x_proto=0, x_host=0) if trusted_proxies else editors
        self._inside = threading.BoundedSemaphore(at_once)
        self._here = threading.BoundedSemaphore(at_once + waiting)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(BELOW):
            return self.app(environ, start_response)
        if not self._here.acquire(blocking=False):
            return _busy()(environ, start_response)
        try:
            if not self._inside.acquire(timeout=PATIENCE):
                return _busy()(environ, start_response)
            try:
                # Read to its end and closed here: what is sent later is in memory and needs no place, nor a file.
                answer = self.editors(environ, start_response)
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


def _busy() -> "WSGIApplication":
    detail = "So many requests are being answered that this one would have to wait: try again."
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", detail, headers={"Retry-After": "1"}).response()
