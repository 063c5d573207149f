"""The cache time of served feeds: the header moves with the minute, the body and its ETag only with a version."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from syndication.model.values import ENCODINGS, FORMATS
from syndication.serve.catalogue import Catalogue
from syndication.serve.respond import respond
from syndication.store.articles.articles import put_articles
from syndication.web import document_loader
from syndication.web.document_loader import DocumentLoader
from syndication.web.polls import PollResponder
from tests.support.desk import Desk
from tests.support.newsroom import CACHE, article, at, section

BOUNDED = replace(CACHE, min_browser=60, max_browser=3600)
PATH = "/feeds/taiwan.atom"
EVENING = datetime(2026, 3, 14, 21, 30, tzinfo=UTC)


def office_hours():
    """Returns two weeks of stories, every two hours from 8 to 20 o'clock UTC."""
    moments = [datetime(2026, 3, day, hour, tzinfo=UTC) for day in range(1, 15) for hour in range(8, 21, 2)]
    return [article(f"{moment:%d-%H}", published_at=moment, updated_at=moment) for moment in moments]


def open_desk(database, clock, cache):
    desk = Desk(database, clock)
    desk.sections = {slug: section(slug, entries=100, max_entries=100, cache=cache) for slug in ("all", "taiwan")}
    desk.restart()
    list(put_articles(database, office_hours()))
    clock.now = EVENING
    desk.work()
    return desk


@pytest.fixture
def desk(database, clock):
    return open_desk(database, clock, BOUNDED)


def loaded(desk):
    loader = DocumentLoader(
        desk.database, Catalogue.empty(desk.site, desk.sections, {}, frozenset()), lambda counter: None
    )
    loader.load()
    return loader


def look(loader, desk, **delta):
    """Does what the loader's thread does after this time."""
    desk.clock.advance((at(**delta) - at()).total_seconds())
    loader.load()
    loader.move_cache_times()


def polled(loader, path=PATH, method="GET", **asked):
    """Returns status, headers and body."""
    status, headers, body, _ = respond(loader.catalogue, method, path, asked)
    return status, dict(headers), body


def browser_time(answer):
    """Returns the max-age of an answer; all else of Cache-Control is fixed."""
    public, own, *others = answer[1]["Cache-Control"].split(", ")
    assert [public, *others] == ["public", "s-maxage=60", "stale-while-revalidate=60", "stale-if-error=86400"]
    return int(own.removeprefix("max-age="))


def without_time(answer):
    status, headers, body = answer
    return status, [pair for pair in headers.items() if pair[0] != "Cache-Control"], body


def burst(desk, name, stories=3):
    now = desk.clock()
    for n in range(stories):
        desk.put(f"{name}{n}", published_at=now, updated_at=now)
    desk.later()


def test_a_quiet_night_goes_to_the_longest_time_and_the_morning_comes_back(desk):
    loader = loaded(desk)
    assert browser_time(polled(loader)) == 3600
    look(loader, desk, hours=8, minutes=30)
    morning = browser_time(polled(loader))
    look(loader, desk, hours=4)
    assert 60 < browser_time(polled(loader)) < morning < 3600


def test_a_burst_has_the_shortest_time_with_the_first_load_after_it_and_loses_it_when_it_has_passed(desk):
    loader = loaded(desk)
    assert browser_time(polled(loader)) == 3600
    burst(desk, "breaking")
    loader.load()
    assert browser_time(polled(loader)) == 60
    look(loader, desk, minutes=29)
    assert browser_time(polled(loader)) == 60
    look(loader, desk, minutes=3)
    assert browser_time(polled(loader)) > 900


def test_the_header_moves_while_body_etag_and_all_other_headers_stay(desk):
    burst(desk, "breaking")
    loader = loaded(desk)
    questions = [(f"/feeds/taiwan.{format}", {"HTTP_ACCEPT_ENCODING": c}) for format in FORMATS for c in ENCODINGS]
    before = [polled(loader, path, **asked) for path, asked in questions]
    look(loader, desk, hours=1)
    after = [polled(loader, path, **asked) for path, asked in questions]
    assert {browser_time(answer) for answer in before} == {60}
    assert {browser_time(answer) for answer in after} == {3300}
    assert [without_time(answer) for answer in before] == [without_time(answer) for answer in after]
    for (path, asked), (status, headers, _) in zip(questions, after, strict=True):
        assert polled(loader, path, "HEAD", **asked) == (status, headers, b"")


def test_a_304_has_the_current_time_as_a_200_of_the_same_minute_has(desk):
    burst(desk, "breaking")
    loader = loaded(desk)
    tag = polled(loader)[1]["ETag"]
    times = []
    for minutes in (0, 29, 3, 600):
        look(loader, desk, minutes=minutes)
        again, whole = polled(loader, HTTP_IF_NONE_MATCH=tag), polled(loader)
        assert again[0] == "304 Not Modified" and whole[0] == "200 OK" and again[1]["ETag"] == whole[1]["ETag"] == tag
        assert again[1]["Cache-Control"] == whole[1]["Cache-Control"]
        times.append(browser_time(again))
    assert times[0] == times[1] == 60 < times[2]


def test_the_time_moves_at_the_minute_and_not_between(desk):
    burst(desk, "breaking")
    loader = loaded(desk)
    catalogue, answer = loader.catalogue, respond(loader.catalogue, "GET", PATH, {})
    look(loader, desk, seconds=58)
    assert loader.catalogue is catalogue and respond(loader.catalogue, "GET", PATH, {}) is answer
    look(loader, desk, seconds=1)
    assert loader.catalogue is not catalogue
    assert loader.catalogue.documents is catalogue.documents


def test_the_same_list_of_headers_is_sent_until_the_minute_is_over(desk):
    loader = loaded(desk)
    first = respond(loader.catalogue, "GET", PATH, {"HTTP_IF_MODIFIED_SINCE": "no"})
    again = respond(loader.catalogue, "GET", PATH, {"HTTP_IF_MODIFIED_SINCE": "other"})
    assert first is not again and first[1] is again[1]
    look(loader, desk, minutes=1)
    assert respond(loader.catalogue, "GET", PATH, {})[1] is not first[1]


def test_the_asgi_answer_has_the_time_of_its_minute(desk):
    burst(desk, "breaking")
    loader = loaded(desk)
    responder = PollResponder(loader)
    scope = {"method": "GET", "headers": [], "query_string": b""}

    def control():
        start, _ = asyncio.run(responder.answer(scope, PATH))
        return dict(start["headers"])[b"Cache-Control"]

    assert control().startswith(b"public, max-age=60,")
    look(loader, desk, minutes=40)
    assert control().startswith(b"public, max-age=3600,")


def test_new_documents_are_served_with_their_own_cadence(desk):
    loader = loaded(desk)
    polled(loader)
    assert loader.catalogue.documents[PATH].moving
    burst(desk, "breaking")
    loader.load()
    assert not loader.catalogue.documents[PATH].moving
    assert loader.catalogue.minute is not None and browser_time(polled(loader)) == 60


def test_a_process_that_starts_serves_the_time_that_the_others_serve(desk):
    burst(desk, "breaking")
    first = loaded(desk)
    look(first, desk, minutes=40)
    second = loaded(desk)
    for format in FORMATS:
        path = f"/feeds/taiwan.{format}"
        assert polled(first, path) == polled(second, path)


def test_the_time_moves_while_the_database_is_down(desk, monkeypatch):
    burst(desk, "breaking")
    loader = loaded(desk)
    assert browser_time(polled(loader)) == 60
    later = time.monotonic() + 2400
    monkeypatch.setattr(document_loader, "time", SimpleNamespace(monotonic=lambda: later))
    desk.database.close()
    loader.move_cache_times()
    assert browser_time(polled(loader)) == 3600


def test_a_fixed_time_stays_to_the_byte_whatever_is_published_and_whenever(database, clock):
    desk = open_desk(database, clock, CACHE)
    loader = loaded(desk)
    catalogue = loader.catalogue
    respond(catalogue, "GET", PATH, {})  # The first who asks for it as it is has it unpacked.
    static = catalogue.documents[PATH].encoded["identity"]
    for minutes in (0, 1, 600):
        look(loader, desk, minutes=minutes)
        assert loader.catalogue is catalogue and not loader.catalogue.memory.moves
        status, headers, body, _ = respond(loader.catalogue, "GET", PATH, {})
        assert headers is static.ok and body is static.body and status == "200 OK"
        assert respond(loader.catalogue, "GET", PATH, {"HTTP_IF_NONE_MATCH": "*"})[1] is static.not_modified
    burst(desk, "breaking")
    loader.load()
    assert dict(respond(loader.catalogue, "GET", PATH, {})[1])["Cache-Control"] == (
        "public, max-age=300, s-maxage=60, stale-while-revalidate=60, stale-if-error=86400"
    )


def test_a_feed_with_too_few_stories_has_the_fixed_time(database, clock):
    desk = Desk(database, clock)
    desk.sections = {slug: section(slug, cache=BOUNDED) for slug in ("all", "taiwan")}
    desk.restart()
    desk.put("a1")
    desk.put("a2")
    desk.work()
    loader = loaded(desk)
    assert browser_time(polled(loader)) == 300 and not loader.catalogue.memory.moves
