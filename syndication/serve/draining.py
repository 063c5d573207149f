"""The last seconds of a web process that is to stop: it answers as before, and sends load balancers elsewhere."""

import signal
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SIGNAL = signal.SIGUSR1
"""Tells a worker of a web process that the stop is near."""

READINESS = "/readyz"
LEAVING = b'{"draining": true}\n'
HEADERS = [
    ("Content-Type", "application/json"),
    ("Content-Length", str(len(LEAVING))),
    ("Cache-Control", "no-store"),
    ("Connection", "close"),
]


class Draining:
    """Answers /readyz with 503, and ends each connection after its answer, so that none is cut off later."""

    def __init__(self, app: "WSGIApplication") -> None:
        self.app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] == READINESS:
            start_response("503 Service Unavailable", HEADERS[:])
            return [LEAVING]

        def closing(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            return start_response(status, [*headers, ("Connection", "close")], exc_info)  # type: ignore[arg-type]

        return self.app(environ, closing)  # type: ignore[arg-type]


def drain_when_told(app: Flask) -> None:
    """Put ``Draining`` before the app when the signal comes: until then it costs nothing. In the main thread only."""
    signal.signal(SIGNAL, lambda *_: _drain(app))


def _drain(app: Flask) -> None:
    if not isinstance(app.wsgi_app, Draining):
        app.wsgi_app = Draining(app.wsgi_app)  # type: ignore[method-assign]  # Flask's documented way
