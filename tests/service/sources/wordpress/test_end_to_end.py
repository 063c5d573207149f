"""From the desk in a real WordPress to our feeds, through the whole service; and the ping of the plugin in the docs."""

import re
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import feedparser
import pytest

from syndication.api.source_pings import is_signed
from tests.support.service import ROOT, Service, running, until
from tests.support.wordpress import PREFIX, WordPress

SECRET = "0123456789abcdefghijklmnop"

SOURCE = """
[[source]]
name = "cms"
kind = "wordpress"
url = "{site.url}"
database = "{site.database}"
prefix = "{prefix}"
every = "0.3 s"
allow_private = true
"""

SECTIONS = """
[[section]]
slug = "world"
title = "World"

[[section]]
slug = "sport"
title = "Sport"
"""


@pytest.fixture
def service(site: WordPress, sqlite_url: str, tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/syndication.toml").write_text(SOURCE.format(site=site, prefix=PREFIX))
    (tmp_path / "config/sections.toml").write_text(SECTIONS)
    with running(tmp_path, url=sqlite_url) as service:
        yield service.ready()


def feed(service: Service, slug: str) -> dict[str, str]:
    """Returns titles by guid."""
    answer = service.get(f"/feeds/{slug}.rss")
    return {entry.id: entry.title for entry in feedparser.parse(answer.body).entries} if answer.status == 200 else {}


def test_what_the_desk_does_in_wordpress_is_in_our_feeds(site, service):
    ids = site.do("return [story(['post_title' => 'One']), story(['post_title' => 'Two']), story()];")
    until(lambda: len(feed(service, "world")) == 3)
    own = {entry.id: entry.title for entry in feedparser.parse(site.get("/feed/")[1]).entries}
    assert feed(service, "world").keys() == own.keys(), "readers know the stories by WordPress' own guids"
    site.do(f"wp_update_post(['ID' => {ids[0]}, 'post_title' => 'Edited']);"
            f" wp_set_post_categories({ids[1]}, [category('Sport')]); return 1;")  # fmt: skip
    until(lambda: "Edited" in feed(service, "world").values() and "Two" in feed(service, "sport").values())
    until(lambda: "Two" not in feed(service, "world").values())
    site.do(f"wp_update_post(['ID' => {ids[0]}, 'post_password' => 'x']); return 1;")
    until(lambda: "Edited" not in feed(service, "world").values())
    site.do(f"wp_trash_post({ids[1]}); return 1;")
    until(lambda: feed(service, "sport") == {})
    site.do(f"wp_untrash_post({ids[1]}); wp_publish_post({ids[1]}); return 1;")
    until(lambda: "Two" in feed(service, "sport").values())


def plugin() -> str:
    (php,) = re.findall(r"```php\n(<\?php.*?)```", (ROOT / "docs/sources-wordpress.md").read_text(), re.DOTALL)
    return php


class Taker(HTTPServer):
    """Takes pings."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.taken: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.taken.append((self.path, headers, body))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""


def test_the_plugin_of_the_docs_pings_once_an_act_with_a_valid_signature(site):
    server = Taker()
    thread = Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/api/v1/sources/cms/look"
    php = (
        plugin().replace("https://feeds.daily.example/api/v1/sources/cms/look", address).replace("PING_SECRET", SECRET)
    )
    file = site.site / "wp-content/mu-plugins/syndication-ping.php"
    file.write_text(php)
    act = "wp_insert_post(['post_title' => 'Ping', 'post_status' => 'publish']);"
    (site.site / "act.php").write_text(f"<?php require __DIR__ . '/wp-load.php'; {act}")
    try:
        assert site.get("/act.php")[0] == 200
        until(lambda: server.taken)
        assert site.get("/")[0] < 500
        ((path, headers, body),) = server.taken
        assert path == "/api/v1/sources/cms/look" and is_signed(SECRET, headers, body, time.time())
        assert not is_signed(SECRET + "x", headers, body, time.time())
    finally:
        for made in (file, site.site / "act.php"):
            made.unlink()
        server.shutdown()
        thread.join()
        server.server_close()
