"""The applications: what the editors process answers with, and the whole service as one WSGI app for other servers."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from syndication.api.app import editors_app
from syndication.config.loading import Settings, load_settings
from syndication.dashboard.app import dashboard_app
from syndication.metrics import database as database_metrics
from syndication.serve.poll_counter import Tally
from syndication.store.db import errors
from syndication.store.db.database import Database
from syndication.web.credentials import API
from syndication.web.document_loader import Watcher
from syndication.web.editors_server import SERVED_VERSIONS
from syndication.web.front import empty_catalogue, flush
from syndication.web.heartbeat import Presence
from syndication.web.poll_writer import WRITE_SECONDS, Counts
from syndication.web.public_pages import flask_app
from syndication.web.request_log import logged
from syndication.web.served_versions import EditorsWatcher, believe
from syndication.web.wsgi.admission import Door
from syndication.web.wsgi.feed_middleware import ShortCut

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

EDITORS_PATIENCE = 10.0
"""Seconds that an editor's request waits for one answer of the database, before it says that none comes."""


def create_app(settings: Settings | None = None, *, write_polls_every: float = WRITE_SECONDS) -> Flask:
    """The whole service as one WSGI app, its watcher and its counting running; called after a server's fork.

    `syndication web` does not run it: there the front admits requests, and API and dashboard have their own process.
    """
    settings = settings or load_settings()
    watcher = Watcher(Database(settings.database_url), empty_catalogue(settings), flush)
    app = flask_app(watcher)
    editors, of_editors = settings.editors, Database(settings.database_url, patience=EDITORS_PATIENCE)
    door = Door(
        app.wsgi_app,
        editors_app(settings, of_editors, watcher),
        dashboard_app(settings, of_editors, watcher),
        at_once=editors.at_once,
        waiting=editors.at_once,
        trusted_proxies=editors.trusted_proxies,
    )
    app.wsgi_app = ShortCut(door, watcher)  # type: ignore[method-assign]  # Flask's documented way
    Presence(watcher.database, watcher).start()
    watcher.start()
    Counts(watcher.database, watcher.tally, every=write_polls_every).start()
    return app


def create_editors(settings: Settings) -> "WSGIApplication":
    """What the editors process answers with: API and dashboard, beside a watcher whose documents pages show."""
    # The front measures and counts; this one's documents are for pages alone.
    watcher = EditorsWatcher(Database(settings.database_url), empty_catalogue(settings), _flush_errors, measured=False)
    database = Database(settings.database_url, patience=EDITORS_PATIENCE)
    api, dashboard = editors_app(settings, database, watcher), dashboard_app(settings, database, watcher)
    watcher.start()

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        believe(environ.get(SERVED_VERSIONS))
        app = api if environ["PATH_INFO"].startswith(API) else dashboard
        return logged(whole(app), environ, start_response)

    return answer


def whole(app: "WSGIApplication") -> "WSGIApplication":
    """The app, its answer read to the end and closed before it is given on."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        parts = app(environ, start_response)
        try:
            return list(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()

    return answer


def _flush_errors(_: Tally) -> None:
    database_metrics.flush(errors.errors)
