"""The front: the ASGI app on the port. Answers polls from memory, serves public pages, and forwards to the editors."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from flask import Flask, Response
from structlog.contextvars import bound_contextvars

from syndication import logs
from syndication.config.asked_sections import asked_addresses
from syndication.config.loading import Settings, load_settings
from syndication.metrics import database as database_metrics
from syndication.metrics import web as web_metrics
from syndication.metrics.editors_process import EditorsProcess
from syndication.model.old_feeds import OldFeed
from syndication.process.parent import exit_with_parent
from syndication.serve.catalogue import Catalogue
from syndication.serve.document_memory import DocumentMemory
from syndication.serve.poll_counter import PollCounter
from syndication.store.db import errors
from syndication.store.db.database import Database
from syndication.store.publishing.effective_settings import EffectiveSettings
from syndication.web import page_threads
from syndication.web.asked_catalogue import AskedCatalogue
from syndication.web.body_buffer import Receive
from syndication.web.credentials import is_for_editors
from syndication.web.document_loader import DocumentLoader
from syndication.web.draining import HEADERS as LEAVING_HEADERS
from syndication.web.draining import LEAVING, READINESS, SIGNAL
from syndication.web.editors_client import EditorsClient
from syndication.web.feed_asker import FeedAsker
from syndication.web.heartbeat import HeartbeatThread
from syndication.web.listening import cut_off_stalled_clients
from syndication.web.pages.blueprint import feed_page_environ
from syndication.web.pages.settings import page_settings
from syndication.web.poll_lane import answer_polls_first
from syndication.web.poll_writer import PollWriter
from syndication.web.polls import CLOSE, PollResponder, start_of
from syndication.web.public_pages import flask_app
from syndication.web.request_head import decode_path, environ_of, read_headers
from syndication.web.request_log import HEADER, sanitize_id
from syndication.web.requests import EditorsRequest, EditorsRequestHandler, log_refused
from syndication.web.sitemap_loader import SitemapLoader
from syndication.web.term_search import term_search

FOLDER = "SYNDICATION_EDITORS_FOLDER"
"""The environment variable with the folder of the editors process's socket."""

SWITCH_SECONDS = 0.001
"""How soon a busy thread must yield to a poll; Python's default of 5 ms would be a poll's whole time budget."""

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Front:
    """Answers requests, or forwards them to the editors process."""

    def __init__(
        self, loader: DocumentLoader, app: Flask, requests: EditorsRequestHandler, asker: FeedAsker | None = None
    ) -> None:
        self.polls = PollResponder(loader, asker, trusted_proxies=requests.trusted_proxies)
        self._watcher = loader
        self._app = app
        self._requests = requests
        self._pages = page_threads.pool()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request (ASGI)."""
        path = decode_path(scope["raw_path"])
        feed = self.polls.feed_of(scope, path)
        polled = None if feed is None else await self.polls.answer(scope, feed)
        if polled is not None:
            start, body = polled
        elif feed is None and is_for_editors(path, scope["method"]):
            start, body = await self._editors(scope, path, receive)
        else:
            start, body = await self._page(scope, path, feed)
        if self.polls.draining and CLOSE not in start["headers"]:
            start["headers"].append(CLOSE)
        await send(start)
        await send({"type": "http.response.body", "body": body})

    def drain(self) -> None:
        """Starts draining: reports not ready to load balancers, and closes each connection after its response."""
        self.polls.draining = True

    async def _page(self, scope: dict[str, Any], path: str, feed: str | OldFeed | None) -> tuple[dict[str, Any], bytes]:
        if self.polls.draining and path == READINESS:
            return start_of(503, LEAVING_HEADERS), LEAVING
        environ = environ_of(scope, path, read_headers(scope["headers"]), scope["client"][0])
        if feed is not None:
            environ |= await self.polls.prepare_page(scope, feed)
            environ |= feed_page_environ(self._watcher.catalogue, feed, environ)
        loop = asyncio.get_running_loop()
        status, headers, body = await loop.run_in_executor(self._pages, page_threads.page_of, self._app, environ)
        return start_of(status, headers), body

    async def _editors(self, scope: dict[str, Any], path: str, receive: Receive) -> tuple[dict[str, Any], bytes]:
        """Returns the response with the request ID, which its log line has too."""
        headers = read_headers(scope["headers"])
        address = self._requests.believed_address(scope["client"][0], headers)
        arrived = EditorsRequest(scope["method"], path, headers, address, time.perf_counter())
        id = sanitize_id(headers.get(b"x-request-id", ""))
        environ = environ_of(scope, path, headers, address) | {"HTTP_X_REQUEST_ID": id}
        served = self._watcher.served if "/regenerations" in path else None
        with bound_contextvars(request_id=id):
            answer = await self._requests.answer(arrived, environ, receive, served)
            if isinstance(answer, Response):
                log_refused(arrived, answer.status_code)
                return start_of(answer.status_code, [*answer.headers.items(), (HEADER, id)]), answer.get_data()
        return start_of(answer.status, answer.headers), answer.body


def create_front() -> Front:
    """Returns the front of one web process and starts its threads; called after the fork."""
    settings = load_settings()
    exit_with_parent()
    logs.setup(settings.logs, "web")
    loader = serving_loader(settings)
    client = EditorsClient(os.environ[FOLDER])
    front = Front(
        loader,
        flask_app(
            loader,
            lambda: EditorsProcess(client.state, client.restarts),
            page_settings(settings),
            term_search(settings, lambda: loader.catalogue.memory.generation),
        ),
        EditorsRequestHandler(settings, client),
        FeedAsker(settings, loader, processes=settings.server.workers),
    )
    sys.setswitchinterval(SWITCH_SECONDS)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # The web process's own, which may reach its whole group.
    signal.signal(SIGNAL, lambda *_: front.drain())
    loop = asyncio.get_event_loop()
    answer_polls_first(loop, front.polls.try_first)
    loop.call_soon(cut_off_stalled_clients)
    HeartbeatThread(loader.database, loader).start()
    loader.start()
    PollWriter(loader.database, loader.counter).start()
    return front


def serving_loader(settings: Settings) -> DocumentLoader:
    """Returns the loader of a process that serves readers: of all feeds, those they asked for, and sitemaps."""
    database = Database(settings.database_url, prepared=True)
    return DocumentLoader(
        database,
        empty_catalogue(settings),
        flush,
        settings=EffectiveSettings(settings),
        asked=AskedCatalogue(settings),
        sitemaps=SitemapLoader(database) if settings.main.sitemaps.enabled else None,
    )


def empty_catalogue(settings: Settings) -> Catalogue:
    """Returns the catalogue of a process that has loaded no documents yet."""
    return Catalogue.empty(
        settings.site,
        settings.sections,
        settings.redirects,
        settings.retired,
        surrogate_keys=settings.server.surrogate_keys,
        old_feeds=settings.old_feeds,
        browser_pages=settings.server.browser_pages,
        asked=asked_addresses(settings),
        memory=DocumentMemory(settings.server.document_memory * 1024 * 1024),
    )


def flush(counter: PollCounter) -> None:
    """Adds to the Prometheus counters what was counted since the last call."""
    web_metrics.flush(counter)
    database_metrics.flush(errors.counted)
