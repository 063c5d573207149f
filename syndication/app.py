"""The WSGI applications: one for the editors process, and the whole service as one app for other servers."""

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from syndication.api.app import editors_app
from syndication.config.loading import Settings, load_settings
from syndication.dashboard.app import dashboard_app
from syndication.metrics import database as database_metrics
from syndication.model.hub_addresses import ECHO_PATH
from syndication.notifications.notifier import Notifier
from syndication.notifications.sending import MessageQueue
from syndication.outbound.engine import Engine
from syndication.serve.poll_counter import PollCounter
from syndication.store.db import errors
from syndication.store.db.database import Database
from syndication.store.publishing.effective_settings import EffectiveSettings
from syndication.web.credentials import API, is_for_hub
from syndication.web.editors_server import SERVED_VERSIONS
from syndication.web.feed_asker import FeedAsker
from syndication.web.front import empty_catalogue, serving_loader
from syndication.web.heartbeat import HeartbeatThread
from syndication.web.hub.app import hub_app
from syndication.web.hub.echo import echo_app
from syndication.web.pages.settings import page_settings
from syndication.web.poll_writer import WRITE_SECONDS, PollWriter
from syndication.web.public_pages import flask_app
from syndication.web.request_log import log_requests
from syndication.web.served_versions import EditorsLoader, update_served
from syndication.web.term_search import term_search
from syndication.web.wsgi.admission import AdmissionControl
from syndication.web.wsgi.feed_middleware import FeedMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

EDITORS_TIMEOUT = 10.0
"""Seconds that an editor's request waits for a reply from the database before it fails."""


def create_app(settings: Settings | None = None, *, write_polls_every: float = WRITE_SECONDS) -> Flask:
    """Returns the whole service as one WSGI app, and starts its threads. Call it after the server has forked.

    `syndication web` does not use it: there the front admits requests, and API and dashboard have their own process.
    """
    settings = settings or load_settings()
    loader = serving_loader(settings)
    app = flask_app(
        loader,
        pages=page_settings(settings),
        find_terms=term_search(settings, lambda: loader.catalogue.memory.generation),
    )
    editors, database = settings.editors, Database(settings.database_url, timeout=EDITORS_TIMEOUT)
    admission = AdmissionControl(
        app.wsgi_app,
        editors_app(settings, database, loader),
        dashboard_app(settings, database, loader),
        _hub(settings, database),
        at_once=editors.at_once,
        waiting=editors.at_once,
        trusted_proxies=editors.trusted_proxies,
    )
    asker, proxies = FeedAsker(settings, loader), settings.editors.trusted_proxies
    app.wsgi_app = FeedMiddleware(admission, loader, asker, trusted_proxies=proxies)  # type: ignore[method-assign]  # Flask's documented way
    HeartbeatThread(loader.database, loader).start()
    loader.start()
    PollWriter(loader.database, loader.counter, every=write_polls_every).start()
    _notify_without_workers(settings, None)
    return app


def create_editors(settings: Settings) -> "WSGIApplication":
    """Returns the app of the editors process: API, dashboard and hub, with a loader of published versions."""
    effective = EffectiveSettings(settings)
    loader = EditorsLoader(Database(settings.database_url), empty_catalogue(settings), _flush_errors, effective)
    database = Database(settings.database_url, timeout=EDITORS_TIMEOUT)
    _notify_without_workers(settings, effective)
    api, dashboard = editors_app(settings, database, loader), dashboard_app(settings, database, loader)
    hub = _hub(settings, database)
    loader.start()

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        update_served(environ.get(SERVED_VERSIONS))
        path = environ["PATH_INFO"]
        app = hub if is_for_hub(path, environ["REQUEST_METHOD"]) else api if path.startswith(API) else dashboard
        return log_requests(whole(app), environ, start_response)

    return answer


def whole(app: "WSGIApplication") -> "WSGIApplication":
    """Wraps ``app`` so that its response is read to the end and closed before it is returned."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        parts = app(environ, start_response)
        try:
            return list(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()

    return answer


def _hub(settings: Settings, database: Database) -> "WSGIApplication":
    """Returns the app of everything below /hub: our own hub, and where other hubs answer us."""
    hub, echo = hub_app(settings, database), echo_app(settings, database)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return (echo if environ["PATH_INFO"].startswith(ECHO_PATH) else hub)(environ, start_response)

    return answer


def _notify_without_workers(settings: Settings, effective: EffectiveSettings | None) -> None:
    """Starts what tells people that no worker is running, as no worker can."""
    if settings.channels:
        database = Database(settings.database_url)
        current = (lambda: effective.current) if effective is not None else (lambda: settings)
        owner = f"web-{uuid.uuid4().hex}"
        Notifier(current, database, owner, only_without_workers=True).start()
        Engine(database, [MessageQueue(current, owner, only_without_workers=True)]).start()


def _flush_errors(_: PollCounter) -> None:
    database_metrics.flush(errors.counted)
