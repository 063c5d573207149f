"""The documents in memory: a budget in bytes, what makes room, and what is never served again."""

import gc
import tracemalloc
from datetime import UTC, datetime

from syndication.model.asked_addresses import NOTHING_ASKED
from syndication.model.old_feeds import NO_OLD_FEEDS
from syndication.model.values import ENCODINGS, FORMATS, CachePolicy, Document
from syndication.serve.catalogue import Catalogue
from syndication.serve.document_memory import MAX_CACHED_RESPONSES, OVERHEAD, DocumentMemory
from syndication.serve.respond import NOT_IN_MEMORY, respond, unavailable
from tests.support.newsroom import section, site

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
SLUGS = [f"s{n}" for n in range(10)]
BODY = 1_000
EACH = len(ENCODINGS) * BODY + OVERHEAD


def document(slug: str, version: int = 1, format: str = "atom") -> Document:
    body = f"{slug} {version} ".encode().ljust(BODY, b"x")
    return Document(slug, format, version, f"d{version}", NOON, dict.fromkeys(ENCODINGS, body))


def bodies(text: str) -> dict[str, bytes]:
    return {encoding: f"{text} {encoding} ".encode() * 10 for encoding in ENCODINGS}


def catalogue(budget: int = 10 * EACH) -> Catalogue:
    return Catalogue.empty(
        site(), {slug: section(slug) for slug in SLUGS}, {}, frozenset(), memory=DocumentMemory(budget)
    )


def poll(feeds: Catalogue, slug: str, **headers: str) -> tuple[str, bytes]:
    status, _, body, _ = respond(feeds, "GET", f"/feeds/{slug}.atom", headers)
    return status, body[:4]


def test_the_budget_counts_bodies_and_overhead() -> None:
    feeds = catalogue().with_documents(document(slug) for slug in SLUGS)
    assert feeds.size == 10 * len(ENCODINGS) * BODY
    assert feeds.memory.used == 10 * EACH and feeds.memory.evicted == 0
    feeds.with_documents([document("s0", format="rss")])
    assert feeds.memory.used <= 10 * EACH and feeds.memory.evicted == 1


def test_the_overhead_is_what_a_document_takes_besides_its_bodies() -> None:
    slugs = [f"tag/something-{n}" for n in range(300)]
    feeds = Catalogue.empty(site(), {slug: section(slug) for slug in slugs}, {}, frozenset())
    tracemalloc.start()
    try:
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        feeds.with_documents(
            Document(slug, format, 1, f"{hash((slug, format)) % 2**64:064x}", NOON, bodies(f"{slug} {format}"))
            for slug in slugs
            for format in FORMATS
        )
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    measured = (after - before - feeds.size) / len(feeds.documents)
    assert 0.8 * OVERHEAD < measured < OVERHEAD


def test_what_is_polled_stays_and_what_is_not_makes_room() -> None:
    feeds = catalogue(4 * EACH).with_documents(document(slug) for slug in SLUGS[:4])
    for n in range(4, 10):
        poll(feeds, "s1")
        feeds.with_documents([document(SLUGS[n])])
        assert "/feeds/s1.atom" in feeds.documents and len(feeds.documents) == 4


def test_a_published_document_that_is_not_in_memory_is_asked_for() -> None:
    feeds = catalogue(2 * EACH).with_documents(document(slug) for slug in SLUGS[:3])
    assert respond(feeds, "GET", "/feeds/s0.atom", {}) is NOT_IN_MEMORY
    assert respond(feeds, "HEAD", "/feeds/s0.atom", {}) is NOT_IN_MEMORY
    assert respond(feeds, "OPTIONS", "/feeds/s0.atom", {})[0] == "204 No Content"
    assert respond(feeds, "GET", "/feeds/s9.atom", {})[0] == "503 Service Unavailable"
    assert respond(feeds, "GET", "/feeds/unknown.atom", {})[0] == "404 Not Found"
    assert feeds.memory.offer(feeds.prepare([document("s0")])[0])
    assert poll(feeds, "s0") == ("200 OK", b"s0 1")
    status, headers, body, counted = unavailable("/feeds/s0.atom", "GET")
    assert status == "503 Service Unavailable" and ("Retry-After", "5") in headers and body
    assert counted == ("atom", "503", "identity")


def test_a_late_reading_never_replaces_a_later_version() -> None:
    feeds = catalogue()
    late, early = feeds.prepare([document("s0", 1)])[0], feeds.prepare([document("s0", 3)])[0]
    feeds.memory.publish({"s0": 2}, feeds.prepare([document("s0", 2)]))
    assert not feeds.memory.offer(late) and poll(feeds, "s0") == ("200 OK", b"s0 2")
    # Read for a poll before the loader has noticed: the loader's older version does not come back.
    assert feeds.memory.offer(early)
    feeds.memory.publish({"s0": 2}, feeds.prepare([document("s0", 2)]))
    assert poll(feeds, "s0") == ("200 OK", b"s0 3")


def test_a_database_from_a_backup_wins() -> None:
    feeds = catalogue().with_documents([document("s0", 9)])
    assert feeds.memory.compare({"s0": 4}) == ["s0"]
    feeds.memory.publish({"s0": 4}, feeds.prepare([document("s0", 4)]))
    assert poll(feeds, "s0") == ("200 OK", b"s0 9"), "a load that began earlier is no backup"
    feeds.memory.go_back({"s0": 4})
    feeds.memory.publish({"s0": 4}, feeds.prepare([document("s0", 4)]))
    assert poll(feeds, "s0") == ("200 OK", b"s0 4")
    assert feeds.memory.compare({"s0": 4}) == []


def test_an_older_document_goes_when_a_version_is_only_announced() -> None:
    feeds = catalogue().with_documents([document("s0", 1)])
    feeds.memory.publish({"s0": 2})
    assert respond(feeds, "GET", "/feeds/s0.atom", {}) is NOT_IN_MEMORY and feeds.size == 0


def test_one_new_document_forgets_only_its_own_answers() -> None:
    feeds = catalogue().with_documents([document("s0"), document("s1")])
    first = respond(feeds, "GET", "/feeds/s1.atom", {})
    assert poll(feeds, "s0") == ("200 OK", b"s0 1")
    feeds.with_documents([document("s0", 2)])
    assert poll(feeds, "s0") == ("200 OK", b"s0 2")
    assert respond(feeds, "GET", "/feeds/s1.atom", {}) is first


def test_remembered_answers_are_bounded_over_all_documents() -> None:
    feeds = catalogue().with_documents([document("s0"), document("s1")])
    for n in range(MAX_CACHED_RESPONSES + 10):
        poll(feeds, f"s{n % 2}", HTTP_IF_NONE_MATCH=f'"{n}"')
    assert 0 < sum(len(found.responses) for found in feeds.documents.values()) <= MAX_CACHED_RESPONSES
    assert poll(feeds, "s0") == ("200 OK", b"s0 1")


def test_a_section_that_is_gone_is_forgotten() -> None:
    feeds = catalogue().with_documents(document("s0", format=format) for format in FORMATS)
    feeds.memory.forget(["s0"])
    assert (feeds.size, feeds.versions(), len(feeds.documents)) == (0, {}, 0)
    feeds.with_documents([document("s0")])
    assert poll(feeds, "s0") == ("200 OK", b"s0 1")


def test_other_feeds_keep_the_documents_with_the_headers_of_changed_ones() -> None:
    feeds = catalogue().with_documents(document(slug) for slug in SLUGS[:3])
    changed = {"s0": section("s0"), "s1": section("s1", cache=CachePolicy(7, 60, 60, 60))}
    after = feeds.with_feeds(site(), changed, {"s9": "s1"}, frozenset({"s2"}), NO_OLD_FEEDS, NOTHING_ASKED)
    assert poll(after, "s0") == ("200 OK", b"s0 1")
    assert "max-age=7," in dict(respond(after, "GET", "/feeds/s1.atom", {})[1])["Cache-Control"]
    assert poll(after, "s2")[0] == "410 Gone" and poll(after, "s9")[0] == "301 Moved Permanently"
    assert after.versions() == {"s0": 1, "s1": 1}
