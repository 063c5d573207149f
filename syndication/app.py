"""The web application: Flask for pages, another for the editors behind a door, the short cut for polls in front."""

import os

from flask import Flask

from syndication import logs
from syndication.config import Settings, load_settings
from syndication.editors.application import editors_app
from syndication.editors.dashboard.application import dashboard_app
from syndication.editors.door import Door
from syndication.metrics import of_databases, of_web
from syndication.parent import exit_with_parent
from syndication.serve.catalogue import Catalogue
from syndication.serve.counts import WRITE_SECONDS, Counts
from syndication.serve.draining import drain_when_told
from syndication.serve.presence import Presence
from syndication.serve.shortcut import ShortCut
from syndication.serve.tally import Tally
from syndication.serve.views import flask_app
from syndication.serve.watcher import Watcher
from syndication.store import trouble
from syndication.store.engine import Database

EDITORS_PATIENCE = 10.0
"""Seconds that an editor's request waits for one answer of the database, before it says that none comes."""


def create_app(settings: Settings | None = None, *, write_polls_every: float = WRITE_SECONDS) -> Flask:
    """The app, its watcher and its counting running; called in each worker process, after the fork."""
    if settings is None:
        settings = load_settings()
    if "SYNDICATION_WEB" in os.environ:  # Only a process that run_web started has a parent to die with.
        exit_with_parent()
        logs.setup(settings.logs, "web")
    empty = Catalogue.empty(
        settings.site,
        settings.sections,
        settings.redirects,
        settings.retired,
        surrogate_keys=settings.server.surrogate_keys,
    )
    watcher = Watcher(Database(settings.database_url), empty, _flush)
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
    if "SYNDICATION_WEB" in os.environ:
        drain_when_told(app)
    Presence(watcher.database, watcher).start()
    watcher.start()
    Counts(watcher.database, watcher.tally, every=write_polls_every).start()
    return app


def _flush(tally: Tally) -> None:
    of_web.flush(tally)
    of_databases.flush(trouble.errors)
