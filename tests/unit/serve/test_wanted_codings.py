"""Documents that are stored in gzip alone: what a client gets that would like another coding, and when it is made."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime

import brotli
import pytest
import zstandard

from syndication.model.compression import COMPRESSORS
from syndication.model.values import Document
from syndication.serve.catalogue import Catalogue
from syndication.serve.document_memory import DocumentMemory
from syndication.serve.respond import respond
from tests.support.newsroom import section, site

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
PATH = "/feeds/world.atom"
TEXT = b"<feed>" + b"ferries " * 500 + b"</feed>"
WORLD = section("world", owner="readers")
READ = {
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    "gzip": gzip.decompress,
    "identity": bytes,
}


def document(version: int = 1) -> Document:
    bodies = {"identity": TEXT, "gzip": COMPRESSORS["gzip"](TEXT)}
    return Document("world", "atom", version, f"d{version}", NOON, bodies)


def catalogue(budget: int = 1 << 20) -> Catalogue:
    feeds = Catalogue.empty(site(), {"world": WORLD}, {}, frozenset(), memory=DocumentMemory(budget))
    return feeds.with_documents([document()])


def ask(feeds: Catalogue, accept: str | None, match: str | None = None) -> tuple[str, str, str, bytes]:
    """Returns the status, the coding, the ETag and the text of an answer."""
    asked = {"HTTP_ACCEPT_ENCODING": accept, "HTTP_IF_NONE_MATCH": match}
    status, headers, body, counted = respond(feeds, "GET", PATH, {k: v for k, v in asked.items() if v is not None})
    sent = dict(headers)
    coding = sent.get("Content-Encoding", "identity")
    if status == "200 OK":
        assert counted == (PATH, status, coding) and int(sent["Content-Length"]) == len(body)
        assert sent["Vary"] == "Accept-Encoding"
    return status[:3], coding, sent["ETag"], READ[coding](body) if status == "200 OK" else body


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_a_coding_is_made_when_a_second_request_wants_it(coding: str) -> None:
    feeds = catalogue()
    assert ask(feeds, f"gzip;q=0.5, {coding}") == ("200", "gzip", '"1-d1-gzip"', TEXT)
    assert feeds.memory.compress_wanted(10) == 0, "one client that may never return"
    assert ask(feeds, f"gzip;q=0.5, {coding}")[1] == "gzip"
    assert feeds.memory.compress_wanted(10) == 1
    assert ask(feeds, f"gzip;q=0.5, {coding}") == ("200", coding, f'"1-d1-{coding}"', TEXT)
    assert ask(feeds, "gzip")[1] == "gzip" and ask(feeds, None)[1] == "identity"
    assert feeds.memory.compress_wanted(10) == 0, "once"


def test_many_requests_have_it_made_once_and_its_size_counts() -> None:
    feeds = catalogue()
    before = feeds.size
    for _ in range(50):
        ask(feeds, "br")
    assert feeds.memory.compress_wanted(10) == 1
    assert feeds.size == before + len(COMPRESSORS["br"](TEXT))


def test_a_client_that_has_the_coding_is_told_so_though_nobody_has_made_it() -> None:
    feeds = catalogue()
    assert ask(feeds, "br, gzip", '"1-d1-br"')[:3] == ("304", "identity", '"1-d1-br"')
    assert ask(feeds, "br, gzip", '"1-d1-gzip"')[:3] == ("304", "identity", '"1-d1-gzip"')
    assert ask(feeds, "br, gzip", '"0-d0-br"')[1] == "gzip"


def test_a_client_that_takes_nothing_else_gets_the_document_as_it_is() -> None:
    feeds = catalogue()
    assert ask(feeds, "br, identity;q=0, *;q=0") == ("200", "identity", '"1-d1-identity"', TEXT)


def test_remembered_answers_do_not_hide_what_is_wanted() -> None:
    feeds = catalogue()
    ask(feeds, "br")
    for _ in range(3):
        assert ask(feeds, "gzip")[1] == "gzip"
    ask(feeds, "br")
    feeds.memory.compress_wanted(10)
    assert ask(feeds, "br")[1] == "br"


def test_a_new_version_begins_with_gzip_again() -> None:
    feeds = catalogue()
    for _ in range(2):
        ask(feeds, "br")
    feeds.with_documents([document(2)])
    assert feeds.memory.compress_wanted(10) == 0, "nobody needs the version that is gone"
    assert ask(feeds, "br, gzip")[:3] == ("200", "gzip", '"2-d2-gzip"')


def test_what_is_made_keeps_to_the_budget() -> None:
    feeds = catalogue()
    size = feeds.memory.used
    feeds = Catalogue.empty(
        site(),
        {"world": WORLD, "asia": replace(WORLD, slug="asia")},
        {},
        frozenset(),
        memory=DocumentMemory(2 * size + 10),
    )
    feeds.with_documents([document(), Document("asia", "atom", 1, "d", NOON, document().bodies)])
    for _ in range(2):
        ask(feeds, "br")
    feeds.memory.compress_wanted(10)
    assert feeds.memory.used <= 2 * size + 10 and len(feeds.documents) == 1
