"""The API on a real database, used over WSGI with tokens of given scopes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask
from sqlalchemy import text

from syndication.api.app import editors_app
from syndication.config.loading import Settings, load_settings
from syndication.config.schema import EditorsSettings, NinjsSettings
from syndication.config.source_schema import SourceTable
from syndication.pipeline.preview import Previewer
from syndication.serve.catalogue import Catalogue
from syndication.store.access import tokens
from syndication.store.access.audit_log import Actor, AuditEntry, list_entries
from syndication.store.access.tokens import SCOPES
from syndication.store.db.database import Database
from syndication.store.processes import web_processes, workers
from syndication.web.served_versions import EditorsLoader
from tests.support.desk import Desk
from tests.support.newsroom import at
from tests.support.ninjs import SECRET

ROOT = Path(__file__).parents[2]

PREFIX = "/api/v1"

TESTER = Actor("a test", "the tests")

WEBHOOK_SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"

NINJS = {"secret": SECRET, "url": "/news/{slug}", "sections": {"medtop:04000000": "china"}}

FULL: dict[str, Any] = {
    "title": "Night train — 夜車 🚆",
    "url": "/news/full?a=1&b=2",
    "slug": "night-train",
    "html": "<p>The body.</p>",
    "summary": "The summary.",
    "authors": [{"name": "Lin", "email": "lin@daily.example", "uri": "https://daily.example/lin", "id": "lin-7"}],
    "sections": ["taiwan", "china"],
    "tags": ["rail", "night"],
    "language": "zh-Hant",
    "image": {"url": "/i.jpg", "caption": "c", "credit": "CNA", "alt": "a", "width": 1200, "height": 800},
    "enclosures": [
        {"url": "/a.mp3", "media_type": "audio/mpeg", "length": 5_000_000_000, "title": "Listen", "duration": 90}
    ],
    "published_at": "2026-03-14T11:00:00Z",
    "updated_at": "2026-03-14T11:30:00.000001Z",
    "expires_at": "2027-03-14T11:00:00Z",
    "status": "published",
    "correction": "The date was wrong.",
    "guid": "https://old.example/?p=1",
    "access": "members",
}
"""An article with every field except its ID."""


def story(**changes: Any) -> dict[str, Any]:
    """Returns an article as a CMS sends it, published an hour ago."""
    return {"title": "Story", "url": "/s", "sections": ["taiwan"], "published_at": when(hours=-1)} | changes


def when(**delta: float) -> str:
    """Returns noon plus ``delta`` in JSON form."""
    return at(**delta).isoformat().replace("+00:00", "Z")


@cache
def bundled_settings() -> Settings:
    """Returns the settings of the bundled configuration, read once."""
    return load_settings(ROOT / "config/syndication.toml", {})


class Said:
    """A response of the API."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.body: bytes = response.data
        self.json: Any = json.loads(self.body) if "json" in (response.content_type or "") else None
        response.close()

    @property
    def kind(self) -> str:
        """The type of the problem."""
        assert self.headers["Content-Type"] == "application/problem+json", self.body
        assert self.json["status"] == self.status and self.headers["Cache-Control"] == "no-store"
        return self.json["type"].partition("#")[2]

    @property
    def next(self) -> str | None:
        """The URL of the next page."""
        link = self.headers.get("Link")
        return link.partition("<")[2].partition(">")[0] if link else None


class Api:
    """The API with a newsroom; ``editors`` and ``ninjs`` are its settings, ``sources`` what it reads."""

    def __init__(
        self,
        database: Database,
        clock: Any,
        sources: tuple[SourceTable, ...] = (),
        *,
        ninjs: Mapping[str, Any] | None = None,
        **editors: Any,
    ) -> None:
        self.database = database
        self.clock = clock
        self.desk = Desk(database, clock)
        self.settings = replace(
            bundled_settings(),
            database_url=database.url,
            site=self.desk.site,
            sections=self.desk.sections,
            sources=sources,
            editors=EditorsSettings(**{"webhook_secret": WEBHOOK_SECRET} | editors),
            ninjs=NinjsSettings(**NINJS | (ninjs or {})),
        )
        empty = Catalogue.empty(self.desk.site, self.desk.sections, {}, frozenset())
        self.loader = EditorsLoader(database, empty, lambda counter: None)
        self.previewer = Previewer(database, self.desk.regenerator.newsroom, self.desk.regenerator.renderer)
        self._secrets: dict[tuple[str, ...], str] = {}

    @cached_property
    def app(self) -> Flask:
        """The app, made when it is first asked: tests of the dashboard rarely do."""
        return editors_app(self.settings, self.database, self.loader)

    def restart(self) -> None:
        """Starts another web process, which reads the sections as they are now."""
        self.__dict__.pop("app", None)

    def token(self, *scopes: str, name: str | None = None, expires_at: datetime | None = None) -> str:
        """Creates a token and returns its secret."""
        with self.database.write() as conn:
            now = self.database.now(conn)
            _, secret = tokens.create(conn, name or "-".join(scopes), scopes, expires_at, TESTER, now)
        return secret

    def ask(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        scopes: tuple[str, ...] = SCOPES,
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
        address: str = "192.0.2.7",
        **more: Any,
    ) -> Said:
        """Sends a request with a token of these scopes (``()``: without a token), or with this secret."""
        if secret is None and scopes:
            secret = self._secrets.get(scopes) or self._secrets.setdefault(scopes, self.token(*scopes))
        sent = dict(headers or {}) | ({"Authorization": f"Bearer {secret}"} if secret else {})
        if json is not None:
            more["json"] = json
        path = path if path.startswith(PREFIX) else PREFIX + path
        client = self.app.test_client()
        return Said(client.open(path, method=method, headers=sent, environ_base={"REMOTE_ADDR": address}, **more))

    def get(self, path: str, scopes: tuple[str, ...] = SCOPES, **more: Any) -> Said:
        return self.ask("GET", path, scopes=scopes, **more)

    def put(self, id: str = "a1", scopes: tuple[str, ...] = SCOPES, **changes: Any) -> Said:
        """Sends a PUT of an article."""
        return self.ask("PUT", f"/articles/{quote(id, safe='')}", story(**changes), scopes=scopes)

    def pages(self, path: str, scopes: tuple[str, ...] = SCOPES) -> list[Said]:
        """Yields a page and all that follow it."""
        found = [self.get(path, scopes)]
        while (following := found[-1].next) is not None:
            found.append(self.get(following, scopes))
        return found

    def audit(self, **wanted: Any) -> list[AuditEntry]:
        """Returns the audit log, newest first."""
        with self.database.read() as conn:
            return list_entries(conn, 10_000, **wanted)

    def worker_seen(self, id: str = "w1") -> None:
        """Records the heartbeats of a worker and of the web process, with what it serves."""
        with self.database.write() as conn:
            now = self.database.now(conn)
            workers.record_heartbeat(conn, workers.WorkerProcess(id, "host", 1, now, now))
        self.web_seen()

    def web_seen(self, id: str = "web") -> None:
        """Records the heartbeat of the web process, with what it serves."""
        with self.database.write() as conn:
            now = self.database.now(conn)
            web = web_processes.WebProcess(id, "host", 2, now, now, now, {}, self.loader.publication)
            web_processes.record_heartbeat(conn, web)

    def everything_stored(self, *but: str) -> str:
        """Returns the values of all tables, except some, as one text."""
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
        if self.database.dialect == "postgresql":
            tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        with self.database.read() as conn:
            names = [name for name in conn.scalars(text(tables)) if name not in but]
            return "\n".join(str(tuple(row)) for name in names for row in conn.execute(text(f'SELECT * FROM "{name}"')))
