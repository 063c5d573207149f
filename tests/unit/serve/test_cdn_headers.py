"""The headers for CDNs: purge keys and lifetime."""

from typing import Any

import pytest

from syndication.model.values import ENCODINGS, FORMATS, Document
from syndication.serve.catalogue import Catalogue
from syndication.serve.respond import respond
from tests.support.newsroom import NOON, section, site

NAMES = ("Surrogate-Key", "Cache-Tag", "CDN-Cache-Control")


def catalogue(**changes: Any) -> Catalogue:
    """A section with documents, one without, a renamed and a retired one."""
    sections = {slug: section(slug) for slug in ("taiwan", "asia")}
    bodies = {encoding: encoding.encode() for encoding in ENCODINGS}
    empty = Catalogue.empty(site(), sections, {"formosa": "taiwan"}, frozenset({"horoscope"}), **changes)
    return empty.with_documents(Document("taiwan", format, 7, "abc", NOON, bodies) for format in FORMATS)


def told(path: str, environ: dict[str, str] | None = None, method: str = "GET", **changes: Any) -> dict[str, str]:
    """Returns the status, and the headers with keys and lifetimes."""
    status, headers, *_ = respond(catalogue(**changes), method, path, environ or {})
    return {"status": status[:3]} | {name: value for name, value in headers if name in NAMES}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("coding", ENCODINGS)
def test_a_feed_and_its_304_carry_the_same_keys_and_the_cdns_time(format: str, coding: str) -> None:
    path, environ = f"/feeds/taiwan.{format}", {"HTTP_ACCEPT_ENCODING": coding}
    whole = told(path, environ)
    assert whole == {
        "status": "200",
        "CDN-Cache-Control": "max-age=60, stale-while-revalidate=60, stale-if-error=86400",
        "Surrogate-Key": "feed-taiwan feeds",
        "Cache-Tag": "feed-taiwan,feeds",
    }
    assert told(path, environ | {"HTTP_IF_NONE_MATCH": "*"}) == whole | {"status": "304"}


@pytest.mark.parametrize(
    ("path", "status", "keys"),
    [
        ("/feeds/formosa.atom", "301", "feed-formosa feeds"),
        ("/feeds/horoscope.atom", "410", "feed-horoscope feeds"),
        ("/feeds/nowhere.atom", "404", "feeds"),
    ],
)
def test_whatever_may_be_kept_can_be_purged(path: str, status: str, keys: str) -> None:
    assert told(path) == {"status": status, "Surrogate-Key": keys, "Cache-Tag": keys.replace(" ", ",")}


@pytest.mark.parametrize("path", ["/feeds/asia.atom", "/feeds/" + "a" * 9000])
def test_what_may_not_be_kept_has_no_keys(path: str) -> None:
    assert set(told(path)) == {"status"}
    assert set(told("/feeds/taiwan.atom", method="POST")) == {"status"}


def test_no_stranger_writes_a_key() -> None:
    assert told("/feeds/x feeds-y.atom")["Surrogate-Key"] == "feeds"


@pytest.mark.parametrize(
    "path", ["/feeds/taiwan.atom", "/feeds/formosa.atom", "/feeds/horoscope.atom", "/feeds/n.atom"]
)
def test_who_has_no_such_cache_need_not_send_them(path: str) -> None:
    assert set(told(path, surrogate_keys=False)) == {"status"}


def test_new_documents_keep_the_choice_and_forget_old_answers() -> None:
    before = catalogue(surrogate_keys=False)
    old = respond(before, "GET", "/feeds/taiwan.atom", {})
    bodies = dict.fromkeys(ENCODINGS, b"new")
    after = before.with_documents([Document("taiwan", "atom", 8, "def", NOON, bodies)])
    new = respond(after, "GET", "/feeds/taiwan.atom", {})
    assert (old[2], new[2]) == (b"identity", b"new")
    assert not {name for name, _ in new[1]} & set(NAMES)
