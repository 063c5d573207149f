"""Addresses by Ghost's own word: asked over HTTP, and never a reason to lose a post."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from syndication.config.source_schemas.ghost import GhostSource
from syndication.sources.ghost.reader import GhostReader
from tests.support.ghost import steps

KEY = "0123456789abcdef0123456789"


class Site:
    """A Content API that answers as a test wants."""

    def __init__(self) -> None:
        self.status = 200
        self.body: bytes | None = None
        self.asked: list[dict[str, list[str]]] = []
        self.url = ""

    def answer(self, path: str) -> tuple[int, bytes]:
        query = parse_qs(urlsplit(path).query)
        self.asked.append(query)
        ids = query["filter"][0].removeprefix("id:[").removesuffix("]").split(",")
        posts = [{"id": id, "url": f"{self.url}/routed/{id}/"} for id in ids]
        return self.status, self.body if self.body is not None else json.dumps({"posts": posts}).encode()


@contextmanager
def serving(site: Site) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = site.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        site.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def site():
    site = Site()
    with serving(site):
        yield site


def read(ghost, site, **settings):
    values = {"url": site.url, "database": ghost.url, "content_api_key": KEY, "allow_private": True} | settings
    with (
        closing(GhostReader(GhostSource(name="cms", kind="ghost", **values), ())) as reader,
        reader.look() as look,
    ):
        rows = look.window()
        return list(look.read(rows)), reader.check()


def test_addresses_are_those_that_the_content_api_names(ghost, site):
    ghost.write(steps()[3])
    found, mend = read(ghost, site)
    assert found and mend == []
    for one in found:
        assert one.article.url == f"{site.url}/routed/{one.article.id}/" and one.row.digest and not one.warnings
    assert {tuple(query["key"]) for query in site.asked} == {(KEY,)} and len(site.asked) == 2


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (503, b"", "Content API answers with 503"),
        (401, b"{}", "refuses content_api_key"),
        (200, b"<html>Back soon</html>", "answers with something that is not its own"),
        (200, b'{"posts": [{"id": 1}]}', "answers with something that is not its own"),
        (200, b'{"posts": []}', "does not show"),
    ],
)
def test_without_an_answer_a_post_keeps_its_permalink_and_is_read_again(ghost, site, status, body, words):
    ghost.write(steps()[3])
    site.status, site.body = status, body
    found, mend = read(ghost, site)
    for one in found:
        assert one.article.url == f"{site.url}/{one.article.slug}/"
        assert one.row.digest.startswith("unaddressed ") and words in one.warnings[0] and KEY not in one.warnings[0]
    assert len(mend) == 1 and words in mend[0]


class Steady:
    """Seconds that a test lets pass."""

    now = 0.0

    def __call__(self):
        return self.now


def test_content_api_that_fails_is_left_alone_for_a_while(ghost, site):
    ghost.write(steps()[3])
    site.status = 503
    steady = Steady()
    table = GhostSource(
        name="cms", kind="ghost", url=site.url, database=ghost.url, content_api_key=KEY, allow_private=True
    )
    with closing(GhostReader(table, (), steady)) as reader:

        def differing(stored):
            """Returns the posts of a look that differ, as they are read."""
            with reader.look() as look:
                return [one for row in look.window() if row.digest != stored.get(row.id) for one in look.read([row])]

        first = differing({})
        stored = {one.row.id: one.row.digest for one in first}
        assert len(first) > 1 and len(site.asked) == 1, "one look asks once"
        assert differing(stored) == [] and len(site.asked) == 1
        site.status, steady.now = 200, 29
        assert all(one.warnings for one in differing({})) and len(site.asked) == 1
        steady.now = 100
        again = differing(stored)
        assert len(again) == len(first) and not any(one.warnings for one in again)
        assert differing({one.row.id: one.row.digest for one in again}) == []


def test_a_private_address_is_asked_only_if_that_is_allowed(ghost, site):
    ghost.write(steps()[3])
    found, _ = read(ghost, site, allow_private=False)
    assert all(one.warnings for one in found) and site.asked == []
