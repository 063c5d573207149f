"""The response to a poll, which is the same to the byte over ASGI and WSGI."""

import asyncio
import itertools
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from syndication.model.old_feeds import OldFeed, OldFeeds
from syndication.model.values import ENCODINGS, FORMATS, Document
from syndication.serve.catalogue import Catalogue, CountedResponse, feed_of
from syndication.serve.conditional import MAX_LIST_LENGTH, MAX_TAGS, is_fresh
from syndication.serve.negotiate import negotiate
from syndication.serve.poll_counter import PollCounter
from syndication.serve.respond import NOT_MODIFIED, respond
from syndication.web.polls import PollResponder
from syndication.web.public_pages import flask_app
from syndication.web.wsgi.feed_middleware import FeedMiddleware
from tests.support.newsroom import NOON, section, site

TAG = "7-abc-gzip"


def document(format: str = "atom", **changes: Any) -> Document:
    bodies = {encoding: f"{format} as {encoding}".encode() for encoding in ENCODINGS}
    values = {"section": "taiwan", "format": format, "version": 7, "digest": "abc", "last_modified": NOON}
    return Document(**values | {"bodies": bodies} | changes)


def catalogue(**changes: Any) -> Catalogue:
    sections = {slug: section(slug) for slug in ("all", "taiwan", "asia")}
    empty = Catalogue.empty(site(), sections, {"formosa": "taiwan"}, frozenset({"horoscope"}))
    return empty.with_documents(document(format, **changes) for format in FORMATS)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("gzip;q=0", "identity"),
        ("*", "br"),
        ("br;q=0, *", "zstd"),
        ("identity;q=0", None),
        ("*;q=0", None),
        ("identity;q=0, gzip", "gzip"),
        ("*;q=0, identity", "identity"),
        ("gzip;q=banana", "identity"),
        ("GZIP", "gzip"),
        ("br, " * 100, "br"),
        ("br, " * 1_000, "identity"),
        ("*;q=0, " * 1_000, "identity"),
    ],
)
def test_the_coding_is_the_one_the_client_likes_best(accept: str | None, expected: str | None) -> None:
    assert negotiate(accept) == expected


@pytest.mark.parametrize(
    "value", ['"7-abc-gzip"', 'W/"7-abc-gzip"', '"x", "7-abc-gzip"', "*", '"7-abc-gzip-gzip"', '"7-abc-gzip;gzip"']
)
def test_if_none_match_knows_lists_stars_weak_tags_and_the_suffixes_of_proxies(value: str) -> None:
    assert is_fresh(TAG, None, value, None)


OLD = [f'"{version}-{version:012x}-gzip"' for version in range(40)]
"""Old tags that a cache may still have."""


@pytest.mark.parametrize("others", [OLD, [f"W/{tag}" for tag in OLD], ['"with, a comma"', '""', '"*"', "W/*"]])
def test_a_tag_among_old_ones_is_found_wherever_it_stands(others: list[str]) -> None:
    for at in range(len(others) + 1):
        for ours in (f'"{TAG}"', f'W/"{TAG}"', f'W/"{TAG}-gzip"'):
            assert is_fresh(TAG, None, ", ".join([*others[:at], ours, *others[at:]]), None)
    assert not is_fresh(TAG, None, ", ".join(others), None)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "**",
        '"*"',
        f'"x{TAG}"',
        f'"{TAG}x"',
        f'"{TAG}-gzip-gzip"',
        f"'{TAG}'",
        f'"a {TAG}"',
        f'"", {TAG}',
        f'"{TAG}',
        f"x, {TAG}",
    ],
)
def test_what_only_looks_like_the_tag_is_another_one(value: str) -> None:
    assert not is_fresh(TAG, None, value, None)


@pytest.mark.parametrize(
    ("value", "fresh"),
    [
        (f'"{TAG}", "{"x" * (MAX_LIST_LENGTH - len(TAG) - 6)}"', True),
        (f'"{TAG}", "{"x" * (MAX_LIST_LENGTH - len(TAG) - 5)}"', False),
        (f'"{TAG}"' + ", " * MAX_LIST_LENGTH, False),
        ("*" + " " * MAX_LIST_LENGTH, False),
        ('"", ' * (MAX_TAGS - 1) + f'"{TAG}"', True),
        ('"", ' * MAX_TAGS + f'"{TAG}"', False),
        (f'"x{TAG}", ' * 500, False),
    ],
)
def test_a_list_that_is_too_long_matches_nothing(value: str, fresh: bool) -> None:
    """The response is the whole feed whatever the date is: a 304 would be wrong, and an error useless."""
    assert is_fresh(TAG, 1000.0, value, "Sat, 14 Mar 2099 12:00:00 GMT") is fresh


def test_nothing_of_a_long_header_is_kept() -> None:
    feeds = catalogue()
    for n in range(50):
        for name in ("HTTP_IF_NONE_MATCH", "HTTP_ACCEPT_ENCODING", "HTTP_IF_MODIFIED_SINCE"):
            assert respond(feeds, "GET", "/feeds/taiwan.atom", {name: f"{n}, " * 3_000})[0] == "200 OK"
    assert not feeds.documents["/feeds/taiwan.atom"].responses


def test_if_none_match_overrules_if_modified_since() -> None:
    assert not is_fresh(TAG, 1000.0, '"6-old-gzip"', "Sat, 14 Mar 2099 12:00:00 GMT")


@pytest.mark.parametrize(
    "since",
    [
        "rubbish",
        "",
        "Sat, 14 Mar 20260000000 12:00:00 GMT",
        "Mon, 01 Jan 1800 00:00:00 GMT",
        "Sat, 14 Mar 2026 12:00:00 GMT" + " " * 40,
    ],
)
def test_a_malformed_or_older_date_gets_the_feed(since: str) -> None:
    assert not is_fresh(TAG, NOON.timestamp(), None, since)


@pytest.mark.parametrize("since", ["Sat, 14 Mar 2026 12:00:00 GMT", "Sat, 14 Mar 2026 13:00:00 GMT"])
def test_the_same_or_a_later_date_gets_a_304(since: str) -> None:
    assert is_fresh(TAG, NOON.timestamp(), None, since)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/feeds/taiwan.atom", "200 OK"),
        ("GET", "/feeds/asia.rss", "503 Service Unavailable"),
        ("GET", "/feeds/formosa.json", "301 Moved Permanently"),
        ("GET", "/feeds/horoscope.atom", "410 Gone"),
        ("GET", "/feeds/nowhere.atom", "404 Not Found"),
        ("GET", "/feeds/taiwan.xml", "404 Not Found"),
        ("GET", "/feeds/" + "a" * 9000, "414 "),
        ("POST", "/feeds/taiwan.atom", "405 Method Not Allowed"),
        ("OPTIONS", "/feeds/taiwan.atom", "204 No Content"),
    ],
)
def test_each_address_has_its_answer(method: str, path: str, status: str) -> None:
    assert respond(catalogue(), method, path, {})[0].startswith(status)


def test_last_modified_is_left_out_of_a_version_without_one() -> None:
    _, headers, *_ = respond(catalogue(last_modified=None), "GET", "/feeds/taiwan.atom", {})
    assert "Last-Modified" not in dict(headers)


def test_an_entity_tag_answers_in_its_own_coding_alone() -> None:
    feeds, gzip_tag = catalogue(), {"HTTP_IF_NONE_MATCH": f'"{TAG}"'}
    assert respond(feeds, "GET", "/feeds/taiwan.atom", gzip_tag | {"HTTP_ACCEPT_ENCODING": "gzip"})[0][:3] == "304"
    assert respond(feeds, "GET", "/feeds/taiwan.atom", gzip_tag | {"HTTP_ACCEPT_ENCODING": "br"})[0][:3] == "200"


PATHS = [
    "/feeds",
    "/feeds/",
    "/feeds/taiwan.atom",
    "/feeds/taiwan.json",
    "/feeds/asia.rss",
    "/feeds/formosa.json",
    "/feeds/horoscope.atom",
    "/feeds/nope.atom",
    "/feeds///x",
    "/feeds/a/b",
    "/feeds/t.xml",
]
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "DELETE", "BREW"]
HEADERS = [
    {},
    {"Accept-Encoding": "gzip"},
    {"Accept-Encoding": "gzip", "If-None-Match": f'"{TAG}"'},
    {"If-None-Match": "*"},
    {"If-Modified-Since": "Sat, 14 Mar 2026 12:00:00 GMT"},
    {"If-Modified-Since": "Sat, 14 Mar 20260000000 12:00:00 GMT"},
    {"Accept-Encoding": "identity;q=0"},
    {"Range": "bytes=0-3", "Host": "evil.example", "Cookie": "a=b"},
]


def over_wsgi(method: str, path: str, headers: dict[str, str]) -> tuple[Any, ...]:
    loader: Any = SimpleNamespace(catalogue=catalogue(), counter=PollCounter())
    environ = EnvironBuilder(path, method=method, headers=headers, query_string="a=1").get_environ()
    body, status, sent = run_wsgi_app(FeedMiddleware(flask_app(loader).wsgi_app, loader), environ)
    return int(status[:3]), sorted(sent), b"".join(body), loader.counter.polls


def over_asgi(method: str, path: str, headers: dict[str, str]) -> tuple[Any, ...]:
    loader: Any = SimpleNamespace(catalogue=catalogue(), counter=PollCounter())
    lines = [(name.lower().encode(), text.encode()) for name, text in headers.items()]
    scope = {"method": method, "query_string": b"a=1", "headers": lines}
    answer = asyncio.run(PollResponder(loader).answer(scope, path))
    assert answer is not None
    start, body = answer
    sent = [(name.decode(), text.decode()) for name, text in start["headers"]]
    return start["status"], sorted(sent), body, loader.counter.polls


@pytest.mark.parametrize(("method", "path"), list(itertools.product(METHODS, PATHS)))
def test_asgi_and_wsgi_agree_to_the_byte(method: str, path: str) -> None:
    for headers in HEADERS:
        answers = [over_wsgi(method, path, headers), over_asgi(method, path, headers)]
        assert answers[0] == answers[1], headers
        assert "evil.example" not in str(answers), headers
        assert "Set-Cookie" not in dict(answers[1][1])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_poll_is_counted_by_the_coding_of_its_answer(encoding: str) -> None:
    asked = {"HTTP_ACCEPT_ENCODING": f"{encoding}, *;q=0"}
    status, headers, _, counted = respond(catalogue(), "GET", "/feeds/taiwan.atom", asked)
    assert dict(headers).get("Content-Encoding", "identity") == encoding
    assert counted == ("/feeds/taiwan.atom", status, encoding) == ("/feeds/taiwan.atom", "200 OK", encoding)
    asked["HTTP_IF_NONE_MATCH"] = dict(headers)["ETag"]
    assert respond(catalogue(), "GET", "/feeds/taiwan.atom", asked)[3] == ("/feeds/taiwan.atom", NOT_MODIFIED, encoding)
    assert respond(catalogue(), "HEAD", "/feeds/taiwan.atom", {})[3] == ("/feeds/taiwan.atom", "200 OK", "identity")


def test_what_is_no_documents_is_counted_by_format() -> None:
    for method, path, counted in (
        ("GET", "/feeds/nowhere.rss", ("rss", "404", "identity")),
        ("GET", "/feeds/formosa.json", ("json", "301", "identity")),
        ("POST", "/feeds/taiwan.atom", ("atom", "405", "identity")),
        ("GET", "/feeds/", ("other", "404", "identity")),
    ):
        assert respond(catalogue(), method, path, {"HTTP_ACCEPT_ENCODING": "gzip"})[3] == counted
    nothing_left = respond(catalogue(), "GET", "/feeds/taiwan.atom", {"HTTP_ACCEPT_ENCODING": "*;q=0"})
    assert nothing_left[3] == ("atom", "406", "identity")


# Old addresses

OLD_FEEDS = OldFeeds.of(
    [
        OldFeed("/feed/", "taiwan", "rss"),
        OldFeed("/?feed=atom", "taiwan", "atom"),
        OldFeed("/asia.xml", "asia", "rss"),
        OldFeed("/stars.xml", "horoscope", "rss"),
        OldFeed("/moved.xml", "taiwan", "rss", redirect=True),
        OldFeed("/moved-stars.xml", "horoscope", "rss", redirect=True),
    ]
)


def with_old_feeds() -> Catalogue:
    return replace(catalogue(), old_feeds=OLD_FEEDS)


def ask(method: str, path: str, query: str, headers: dict[str, str]) -> CountedResponse:
    feeds = with_old_feeds()
    feed = feed_of(feeds, path, query)
    assert feed is not None
    return respond(feeds, method, feed, headers)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("path", "query", "new"),
    [("/feed", "utm_source=x", "taiwan.rss"), ("/", "x=1&feed=atom", "taiwan.atom"), ("/asia.xml", "", "asia.rss"),
     ("/stars.xml", "", "horoscope.rss")],
)  # fmt: skip
def test_an_old_address_answers_as_its_feed_to_the_byte(method: str, path: str, query: str, new: str) -> None:
    for headers in HEADERS:
        asked = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        assert ask(method, path, query, asked) == respond(catalogue(), method, f"/feeds/{new}", asked)


def test_an_old_address_and_its_feed_share_the_remembered_answer() -> None:
    feeds = with_old_feeds()
    first = respond(feeds, "GET", "/feeds/taiwan.rss", {})
    again = respond(feeds, "GET", OLD_FEEDS.feeds["feed", ()], {})
    assert again is first and len(feeds.documents["/feeds/taiwan.rss"].responses) == 1


def test_a_redirect_has_the_keys_and_times_of_its_feed() -> None:
    status, headers, body, counted = ask("GET", "/moved.xml", "", {})
    found = dict(headers)
    assert status == "301 Moved Permanently" and b"https://feeds.daily.example/feeds/taiwan.rss" in body
    assert found["Location"] == "https://feeds.daily.example/feeds/taiwan.rss"
    assert found["Surrogate-Key"] == "feed-taiwan feeds" and "max-age=300, s-maxage=60" in found["Cache-Control"]
    assert counted == ("rss", "301", "identity")
    assert ask("HEAD", "/moved.xml", "", {})[2] == b""
    assert ask("POST", "/moved.xml", "", {})[0] == "405 Method Not Allowed"
    assert ask("OPTIONS", "/moved.xml", "", {})[0] == "204 No Content"
    assert ask("GET", "/moved-stars.xml", "", {})[0] == "410 Gone"


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [("/feed/", "", 200), ("/", "feed=atom", 200), ("/moved.xml", "", 301), ("/comments/feed/", "", 404)],
)
def test_asgi_and_wsgi_serve_the_same_old_addresses(path: str, query: str, status: int) -> None:
    loader: Any = SimpleNamespace(catalogue=with_old_feeds(), counter=PollCounter())
    environ = EnvironBuilder(path, query_string=query).get_environ()
    body, answered, headers = run_wsgi_app(FeedMiddleware(flask_app(loader).wsgi_app, loader), environ)
    assert answered.startswith(str(status))
    sent: list[Any] = []
    scope = {"method": "GET", "raw_path": path.encode(), "query_string": query.encode(), "headers": []}
    assert PollResponder(loader).try_first(scope, sent.append) == (status != 404)
    if sent:
        assert (sent[0]["status"], sent[1]["body"]) == (status, b"".join(body))
        assert sorted(sent[0]["headers"]) == sorted((n.encode(), t.encode()) for n, t in headers)
