"""The dashboard's own Flask app: authentication, response headers, error pages."""

import hashlib
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, current_app, g, get_flashed_messages, request
from flask_wtf.csrf import CSRFProtect, generate_csrf

from syndication import __version__
from syndication.api.operations import Context
from syndication.auth.bearer import FailureLimiter, TokenAccess
from syndication.auth.login import LoginService
from syndication.config.loading import Settings
from syndication.dashboard import (
    account,
    article_edit,
    articles,
    audit_log,
    chart_pages,
    deliveries,
    documents,
    feeds,
    holds,
    login,
    notifications,
    overview,
    password_link,
    previews,
    regenerate,
    regenerations,
    revisions,
    scheduling,
    second_factor,
    sections,
    sessions,
    sources,
    subscribers,
    tokens,
    upcoming,
    users,
    verdict,
    withdrawals,
)
from syndication.dashboard.charts.svg import inline_svg
from syndication.dashboard.errors import handle_errors
from syndication.dashboard.filters import TimeFilters
from syndication.dashboard.pages import POLICY, PREFIX, is_live
from syndication.dashboard.session_cookie import SessionCookies
from syndication.dashboard.ttl_cache import TTLCache
from syndication.dashboard.verdict import current_verdict
from syndication.diagnostics.trace import DATE_WORDS
from syndication.model.body_limits import SMALL_BYTES, largest_body
from syndication.model.scopes import who_may
from syndication.store.db.database import Database
from syndication.web.document_loader import DocumentLoader
from syndication.web.request_log import LIVE, set_rule

SUBJECTS = (
    login, overview, verdict, regenerate, regenerations, sections, holds, documents, feeds, articles, article_edit,
    revisions, scheduling, withdrawals, previews, sources, notifications, upcoming, deliveries, subscribers,
    chart_pages, audit_log, tokens, users, sessions, account, second_factor, password_link,
)  # fmt: skip

STATIC_AGE = 365 * 86400
"""Seconds for which a browser caches a static file; its address contains the digest of its content."""


def dashboard_app(settings: Settings, database: Database, loader: DocumentLoader) -> Flask:
    """Returns the app; ``database`` is the editors' own, so that a slow page takes no connection from the watcher."""
    app = Flask("syndication.dashboard", static_folder="static", static_url_path=f"{PREFIX}/static", root_path=None)
    app.session_interface = SessionCookies(database)
    app.config.update(
        MAX_CONTENT_LENGTH=SMALL_BYTES,  # _admit sets the limit of each form.
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_AGE,
        SESSION_COOKIE_NAME="syndication_editors",
        SESSION_COOKIE_PATH=PREFIX,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.site.base_url.startswith("https:"),
        WTF_CSRF_TIME_LIMIT=None,  # A form stays valid for as long as the user is logged in.
        WTF_CSRF_SSL_STRICT=False,  # It compares the Referer with the Host header, which a proxy may have changed.
    )
    app.url_map.merge_slashes = app.url_map.strict_slashes = app.url_map.redirect_defaults = False
    app.jinja_options = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    limits = settings.editors
    access = TokenAccess(database, FailureLimiter(limits.failed_attempts))
    app.extensions["editors"] = Context(database, loader, access, settings)
    app.extensions["login_service"] = LoginService(
        database, FailureLimiter(limits.failed_attempts), limits.session_hours, limits.user_failed_attempts
    )
    app.extensions["ttl_cache"] = TTLCache()
    handle_errors(app)
    app.before_request(set_rule)
    app.before_request(_admit)
    app.before_request(_mark_live)
    app.before_request(login.authenticate)
    CSRFProtect(app)
    app.after_request(_complete)
    app.after_request(_show_at_once)
    _describe(app, settings)
    for subject in SUBJECTS:
        app.register_blueprint(subject.pages.blueprint)
    return app


def _admit() -> None:
    """Sets the limit of each form: a story may be large."""
    files: Context = current_app.extensions["editors"]
    largest = largest_body(request.method, request.path, files.files.editors.body_limits)
    request.max_content_length = request.max_form_memory_size = largest


def _mark_live() -> None:
    """Marks the part of a page that its script refreshes: a log line every two seconds for each open page says nothing.

    A refused one is logged all the same.
    """
    if request.method == "GET" and is_live():
        request.environ[LIVE] = True


def _complete(response: Response) -> Response:
    """Adds the headers of every response."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Referrer-Policy", "same-origin")
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["X-Robots-Tag"] = "noindex"
    headers.setdefault("Cache-Control", "no-store")
    return response


def _show_at_once(response: Response) -> Response:
    """Lets the next page show what a form did, not what was read a moment before it."""
    if request.method == "POST":
        cache: TTLCache = current_app.extensions["ttl_cache"]
        cache.forget("health", "overview", "subscribers")
    return response


def _describe(app: Flask, settings: Settings) -> None:
    """Adds the filters and variables of every template."""
    time_filters = TimeFilters(ZoneInfo(settings.editors.timezone))
    time_filters.add_to(app)
    app.jinja_env.filters["plot"] = inline_svg
    digests = {
        item.name: hashlib.sha256(item.read_bytes()).hexdigest()[:12]
        for item in files("syndication.dashboard").joinpath("static").iterdir()
    }

    @app.context_processor
    def known() -> dict[str, Any]:
        current = g.get("caller")
        return {
            "site": settings.site,
            "zone": time_filters.name,
            "date_words": DATE_WORDS,
            "csrf_token": generate_csrf,
            "flashes": get_flashed_messages,
            "has_sources": bool(settings.sources),
            "has_channels": bool(settings.channels),
            "has_push": settings.hub.enabled or bool(settings.hub.outside),
            "program": __version__,
            "current_user": g.get("user"),
            "current_verdict": current_verdict,
            "may": lambda scope: current is not None and current.may(scope),
            "who_may": who_may,
            "static": lambda name: f"{PREFIX}/static/{name}?{digests[name]}",
            "now": current.now if current else datetime.now(UTC),
        }
