"""br and zstd of documents that are stored in gzip: who gets them, when they are made, and a client's 304."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

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


def catalogue(budget: int = 1 << 20, owner: str = "configuration") -> Catalogue:
    sections = {"world": section("world", owner=owner)}
    feeds = Catalogue.empty(site(), sections, {}, frozenset(), memory=DocumentMemory(budget))
    return feeds.with_documents([document()])


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


@pytest.mark.parametrize(
    ("accept", "coding"), [("br, gzip", "br"), ("zstd, gzip", "zstd"), (BROWSER, "br"), ("br", "br")]
)
def test_a_section_has_each_coding_from_the_first_who_asks(accept: str, coding: str) -> None:
    feeds = catalogue()
    packed = feeds.size
    for method in ("HEAD", "GET", "GET"):
        assert ask(feeds, accept, method=method) == ("200", coding, f'"1-d-{coding}"')
    assert feeds.size == packed + len(COMPRESSORS[coding](TEXT)), "it is kept"
    assert ask(feeds, "gzip")[1] == "gzip"


def test_nothing_is_compressed_for_who_has_it() -> None:
    feeds = catalogue()
    packed = feeds.size
    for coding in ("br", "zstd", "gzip"):
        assert ask(feeds, f"{coding}, gzip", f'"1-d-{coding}"') == ("304", "identity", f'"1-d-{coding}"')
        assert ask(feeds, BROWSER, '"1-d-gzip"')[0] == "304", "it takes that too"
    assert feeds.size == packed


def test_what_is_made_for_two_at_the_same_time_is_kept_once() -> None:
    feeds = catalogue()
    packed, waiting = feeds.size, Barrier(2)

    def compress(body: bytes) -> bytes:
        waiting.wait(10)
        return COMPRESSORS["zstd"](body)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr("syndication.serve.document_memory.COMPRESSORS", {**COMPRESSORS, "br": compress})
        tags = [one.result()[2] for one in [pool.submit(head, feeds) for _ in range(2)]]
    assert tags == ['"1-d-br"'] * 2 and feeds.size == packed + len(COMPRESSORS["zstd"](TEXT))


def head(feeds: Catalogue) -> tuple[str, str, str]:
    return ask(feeds, "br", method="HEAD")


def test_a_response_that_was_decided_before_a_coding_came_is_not_remembered() -> None:
    feeds = catalogue(owner="editors")
    document = feeds.documents[PATH]
    decided, key = respond(feeds, "GET", PATH, {"HTTP_ACCEPT_ENCODING": BROWSER}), ("GET", BROWSER, None, None)
    before = document.responses
    feeds.memory.compress(document, "br")
    feeds.memory.remember(before, key, decided)
    assert ask(feeds, BROWSER)[1] == "br"


def test_a_new_version_has_its_own() -> None:
    feeds = catalogue()
    assert ask(feeds, BROWSER)[2] == '"1-d-br"'
    feeds.with_documents([document(2)])
    assert ask(feeds, BROWSER) == ("200", "br", '"2-d-br"')


def test_new_headers_of_a_document_keep_its_codings() -> None:
    feeds = catalogue(owner="editors")
    for _ in range(2):
        ask(feeds, BROWSER)
    feeds.memory.compress_wanted(10)
    other = section("world", title="The world", owner="editors")
    after = feeds.with_feeds(site(), {"world": other}, {}, frozenset(), feeds.old_feeds, feeds.asked)
    assert ask(after, BROWSER) == ("200", "br", '"1-d-br"')


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
    ask(feeds, "br")
    respond(feeds, "GET", "/feeds/asia.atom", {})
    assert feeds.memory.used <= budget and len(feeds.documents) == 1
