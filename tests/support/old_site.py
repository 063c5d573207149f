"""A newsroom's earlier site on loopback: pages that name their feeds, and RSS as WordPress writes it."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from werkzeug.test import EnvironBuilder, run_wsgi_app

from syndication.config.loading import load_settings
from syndication.pipeline.gather import Newsroom
from syndication.pipeline.regenerate import Regenerator
from syndication.serve.poll_counter import PollCounter
from syndication.store.db.database import Database
from syndication.store.publishing import documents
from syndication.web.front import empty_catalogue
from syndication.web.wsgi.feed_middleware import FeedMiddleware
from tests.support.desk import PACE

Sent = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""

Front = Callable[[str, Mapping[str, str]], Sent | None]
"""What answers a path and query with these headers; None: it declines."""

SECTIONS = """
[[section]]
slug = "world"
title = "World"
[[section]]
slug = "taiwan"
title = "Taiwan"
[[old_site]]
system = "wordpress"
categories = { asia = "world" }
tags = { ferries = "taiwan" }
"""


class OldSite(ThreadingHTTPServer):
    """Answers with ``answers`` by path and query. Other requests go to ``front``, which may decline with None."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: dict[str, Sent] = {}
        self.asked: list[str] = []
        self.front: Front = lambda *_: None
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def page(self, path: str, *parts: str) -> None:
        """Puts a page at ``path``."""
        html = (
            f"<!doctype html><html><head>{''.join(p for p in parts if p.startswith('<link'))}</head><body>"
            + "".join(p for p in parts if not p.startswith("<link"))
        )
        self.answers[path] = 200, {"Content-Type": "text/html; charset=utf-8"}, html.encode()

    def feed(self, path: str, *numbers: int) -> None:
        """Puts a feed of these stories at ``path``."""
        self.answers[path] = 200, {"Content-Type": "application/rss+xml; charset=UTF-8"}, wordpress_rss(*numbers)

    def redirect(self, path: str, target: str) -> None:
        self.answers[path] = 301, {"Location": target}, b""


class Handler(BaseHTTPRequestHandler):
    server: OldSite

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        missing: Sent = 404, {"Content-Type": "text/html"}, b"<html>Page not found"
        status, headers, body = (
            self.server.front(self.path, dict(self.headers)) or self.server.answers.get(self.path) or missing
        )
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def old_site() -> Iterator[OldSite]:
    """A site that answers until the end of the block."""
    site = OldSite()
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


def link(path: str, title: str = "", type: str = "application/rss+xml") -> str:
    """A ``<link>`` by which a page names a feed."""
    return f'<link rel="alternate" type="{type}" title="{title}" href="{path}">'


def guid(number: int) -> str:
    """The guid that WordPress gives to a post: it is no permalink, and keeps the host of that day."""
    return f"http://old.daily.example/?p={number}"


def wordpress_rss(*numbers: int) -> bytes:
    """RSS as WordPress 6 writes it (feed-rss2.php)."""
    items = "".join(
        f"""<item><title>Story {number}</title><link>https://daily.example/2026/03/story-{number}/</link>
        <dc:creator><![CDATA[Lin Mei-hua]]></dc:creator><pubDate>Sat, 14 Mar 2026 {number % 24:02}:00:00 +0000</pubDate>
        <category><![CDATA[World]]></category><guid isPermaLink="false">{guid(number)}</guid>
        <description><![CDATA[What story {number} says]]></description>
        <content:encoded><![CDATA[<p>The body of story {number}.</p>]]></content:encoded></item>"""
        for number in numbers
    )
    head = (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>The Daily</title><link>https://daily.example</link>'
        "<description>News</description>"
    )
    return f"{head}{items}</channel></rss>".encode()


def configure(folder: Path, home_url: str, sections: str = SECTIONS) -> None:
    """Writes the configuration of the newsroom that moves here, whose database is in ``folder``."""
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config/syndication.toml").write_text(
        f'[site]\ntitle = "The Daily"\nbase_url = "https://feeds.daily.example"\nhome_url = "{home_url}"\n'
        f'[database]\nurl = "sqlite:///{folder}/news.db"\n'
    )
    (folder / "config/sections.toml").write_text(sections)


def publish(folder: Path) -> None:
    """Publishes what is stored, as a worker does."""
    settings = load_settings(folder / "config/syndication.toml", {})
    with contextlib.closing(Database(settings.database_url)) as database:
        regenerator = Regenerator(database, Newsroom(settings.site, settings.sections), PACE, "tests")
        regenerator.register()
        while regenerator.process_changes():
            pass
        assert all(outcome.result == "published" for outcome in regenerator.regenerate_pending())


def served_by_us(folder: Path) -> Front:
    """Returns what answers old addresses and feeds as a web process does, and declines everything else."""
    settings = load_settings(folder / "config/syndication.toml", {})
    with contextlib.closing(Database(settings.database_url)) as database, database.read() as conn:
        catalogue = empty_catalogue(settings).with_documents(documents.load_documents(conn, settings.sections))
    loader: Any = SimpleNamespace(catalogue=catalogue, counter=PollCounter())

    def nothing(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [])
        return [b""]

    def front(target: str, asked: Mapping[str, str]) -> Sent | None:
        path, _, query = target.partition("?")
        environ = EnvironBuilder(path, query_string=query, headers=dict(asked)).get_environ()
        body, status, headers = run_wsgi_app(FeedMiddleware(nothing, loader), environ)
        return None if status.startswith("404") else (int(status[:3]), dict(headers), b"".join(body))

    return front
