"""Documents whose br and zstd a worker stores after the version: what a client gets before and after, and its 304."""

import gzip
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
READ = {"br": brotli.decompress, "zstd": zstandard.decompress, "gzip": gzip.decompress, "identity": bytes}
BROWSER = "gzip, deflate, br, zstd"


def document(version: int = 1) -> Document:
    packed = COMPRESSORS["gzip"](TEXT)
    return Document("world", "atom", version, "d", NOON, {"gzip": packed}, length=len(TEXT))


def catalogue(budget: int = 1 << 20) -> Catalogue:
    feeds = Catalogue.empty(site(), {"world": section("world")}, {}, frozenset(), memory=DocumentMemory(budget))
    return feeds.with_documents([document()])


def add(feeds: Catalogue, coding: str, version: int = 1) -> None:
    feeds.memory.add_coding("world", "atom", version, coding, COMPRESSORS[coding](TEXT))


def ask(feeds: Catalogue, accept: str | None, match: str | None = None, method: str = "GET") -> tuple[str, str, str]:
    """Returns the status, the coding and the ETag of an answer, whose bytes and length are right."""
    asked = {"HTTP_ACCEPT_ENCODING": accept, "HTTP_IF_NONE_MATCH": match}
    status, headers, body, counted = respond(feeds, method, PATH, {k: v for k, v in asked.items() if v is not None})
    sent = dict(headers)
    coding = sent.get("Content-Encoding", "identity")
    if status == "200 OK" and method == "GET":
        assert counted == (PATH, status, coding) and int(sent["Content-Length"]) == len(body)
        assert READ[coding](body) == TEXT
    else:
        assert body == b""
    return status[:3], coding, sent["ETag"]


@pytest.mark.parametrize(("accept", "coding"), [("br, gzip", "br"), ("zstd, gzip", "zstd"), (BROWSER, "br")])
def test_gzip_is_served_until_the_worker_has_made_the_coding(accept: str, coding: str) -> None:
    feeds = catalogue()
    for _ in range(5):
        assert ask(feeds, accept) == ("200", "gzip", '"1-d-gzip"')
    assert feeds.memory.compress_wanted(10) == 0, "a worker makes it"
    assert feeds.memory.lacking() == {"world"}
    add(feeds, coding)
    assert ask(feeds, accept) == ("200", coding, f'"1-d-{coding}"')
    assert feeds.memory.lacking() == {"world"}, "the other one is missing still"
    add(feeds, "br")
    add(feeds, "zstd")
    assert feeds.memory.lacking() == set()


def test_a_client_that_got_gzip_instead_is_told_that_nothing_changed() -> None:
    feeds = catalogue()
    for codings in ((), ("br",), ("zstd",)):
        for coding in codings:
            add(feeds, coding)
        for accept in (BROWSER, "br, gzip", "zstd, gzip", "gzip"):
            assert ask(feeds, accept, '"1-d-gzip"') == ("304", "identity", '"1-d-gzip"')
        for held in ("br", "zstd"):
            assert ask(feeds, f"gzip, {held}", f'"1-d-{held}"') == ("304", "identity", f'"1-d-{held}"')
    assert ask(feeds, "br", '"1-d-gzip"') == ("200", "br", '"1-d-br"'), "it does not take gzip any more"
    assert ask(feeds, BROWSER, '"0-d-gzip"') == ("200", "br", '"1-d-br"')
    assert ask(feeds, None, '"1-d-gzip"') == ("200", "identity", '"1-d-identity"')


def test_a_coding_of_another_version_is_not_taken() -> None:
    feeds = catalogue()
    feeds.with_documents([document(2)])
    add(feeds, "br", 1)
    add(feeds, "br", 3)
    assert ask(feeds, BROWSER) == ("200", "gzip", '"2-d-gzip"')
    feeds.memory.add_coding("asia", "atom", 1, "br", b"")
    add(feeds, "br", 2)
    assert ask(feeds, BROWSER) == ("200", "br", '"2-d-br"')


def test_new_headers_of_a_document_keep_its_codings() -> None:
    feeds = catalogue()
    add(feeds, "br")
    add(feeds, "zstd")
    other = section("world", title="The world")
    after = feeds.with_feeds(site(), {"world": other}, {}, frozenset(), feeds.old_feeds, feeds.asked)
    assert ask(after, BROWSER) == ("200", "br", '"1-d-br"') and after.memory.lacking() == set()


def test_as_it_is_a_document_is_unpacked_for_the_first_who_asks_and_counts_from_then_on() -> None:
    feeds = catalogue()
    packed = len(COMPRESSORS["gzip"](TEXT))
    assert feeds.size == packed
    assert ask(feeds, None, method="HEAD") == ("200", "identity", '"1-d-identity"')
    assert ask(feeds, None, '"1-d-identity"') == ("304", "identity", '"1-d-identity"')
    assert feeds.size == packed, "nobody needed the bytes"
    for _ in range(3):
        assert ask(feeds, "identity") == ("200", "identity", '"1-d-identity"')
        assert ask(feeds, None) == ("200", "identity", '"1-d-identity"')
        assert ask(feeds, "gzip;q=0") == ("200", "identity", '"1-d-identity"')
    assert feeds.size == packed + len(TEXT)


def test_what_is_unpacked_keeps_to_the_budget() -> None:
    feeds = catalogue()
    budget = 2 * feeds.memory.used + len(TEXT)
    both = {slug: section(slug) for slug in ("world", "asia")}
    feeds = Catalogue.empty(site(), both, {}, frozenset(), memory=DocumentMemory(budget))
    asia = Document("asia", "atom", 1, "d", NOON, document().bodies, length=len(TEXT))
    feeds.with_documents([document(), asia])
    assert ask(feeds, None)[0] == "200" and len(feeds.documents) == 2
    add(feeds, "br")
    respond(feeds, "GET", "/feeds/asia.atom", {})
    assert feeds.memory.used <= budget and len(feeds.documents) == 1
