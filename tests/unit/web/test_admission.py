"""Lanes: precedence, waiting and refusals; and the remembered credentials."""

import asyncio
import contextlib

import pytest

from syndication.web.admission import KNOWN_SECONDS, REMEMBERED, Busy, KnownCredentials, Lane, LaneSize
from syndication.web.credentials import Claim, claim_of, digest, is_for_editors, new_session
from syndication.web.requests import lane_sizes
from tests.support.loops import run_in_thread

SIZE = LaneSize(places=4, each=2, unknown=2, queue=6, queue_each=3)
PATIENCE = 20.0


class Visits:
    """Requests in a lane, each of which stays until it is released."""

    def __init__(self, lane):
        self.lane = lane
        self.inside: list[str] = []
        self._leave: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, name, party, rank="known"):
        self._leave[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._visit(name, party, rank))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _visit(self, name, party, rank):
        async with self.lane.place(party, rank):
            self.inside.append(name)
            await self._leave[name].wait()
        self.inside.remove(name)

    async def go(self, name):
        self._leave[name].set()
        await self._tasks[name]
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def end(self):
        for event in self._leave.values():
            event.set()
        for task in self._tasks.values():
            with contextlib.suppress(Busy):
                await task


def lived(scenario, size=SIZE, timeout=PATIENCE):
    """Runs a scenario in a lane, and asserts that the lane is empty at the end."""

    async def run():
        lane = Lane(size, timeout)
        visits = Visits(lane)
        await scenario(visits)
        await visits.end()
        assert lane.waiting == 0 and not lane._held and lane._unknown == 0

    run_in_thread(run())


def test_one_party_never_holds_all_places():
    async def scenario(visits):
        for n in range(4):
            await visits.come(f"a{n}", "token a")
        assert visits.inside == ["a0", "a1"] and visits.lane.waiting == 2
        await visits.come("b0", "token b")
        assert visits.inside == ["a0", "a1", "b0"]

    lived(scenario)


def test_those_who_wait_are_admitted_in_rotation():
    async def scenario(visits):
        for party in "abc":
            for n in range(2):
                await visits.come(f"{party}{n}", f"token {party}")
        await visits.come("a2", "token a")
        await visits.come("d0", "token d")
        assert visits.inside == ["a0", "a1", "b0", "b1"]
        await visits.go("a0")
        assert visits.inside[-1] == "c0"
        await visits.go("a1")
        assert visits.inside[-1] == "a2"
        await visits.go("b0")
        assert visits.inside[-1] == "d0"
        await visits.go("b1")
        assert visits.inside[-1] == "c1"

    lived(scenario)


def test_known_ones_go_before_those_who_wait_longer_and_are_not_known():
    async def scenario(visits):
        await visits.come("s0", "network s", "unknown")
        await visits.come("t0", "network t", "unknown")
        await visits.come("u0", "network u", "unknown")
        assert visits.inside == ["s0", "t0"], "strangers hold some places together, and no more"
        await visits.come("a0", "token a")
        await visits.come("a1", "token a")
        await visits.come("b0", "token b")
        await visits.go("s0")
        assert visits.inside == ["t0", "a0", "a1", "b0"]
        await visits.go("a0")
        assert visits.inside[-1] == "u0"

    lived(scenario)


def test_strangers_fill_no_queue_but_theirs():
    async def scenario(visits):
        for n in range(8):
            await visits.come(f"s{n}", f"network {n}", "unknown")
        assert visits.lane.waiting == 6
        with pytest.raises(Busy):
            async with visits.lane.place("network 9", "unknown"):
                pass
        for n in range(3):
            await visits.come(f"a{n}", "token a")
        assert visits.inside[2:] == ["a0", "a1"] and visits.lane.waiting == 7

    lived(scenario)


def test_the_queue_of_one_party_has_an_end_before_that_of_all():
    async def scenario(visits):
        for n in range(5):
            await visits.come(f"a{n}", "token a")
        with pytest.raises(Busy):
            async with visits.lane.place("token a", "known"):
                pass
        await visits.come("b0", "token b")
        assert visits.inside[-1] == "b0"

    lived(scenario)


def test_who_waits_too_long_is_sent_away_and_leaves_no_trace():
    async def scenario(visits):
        await visits.come("a0", "token a")
        await visits.come("a1", "token a")
        with pytest.raises(Busy):
            async with visits.lane.place("token a", "known"):
                pass
        assert visits.lane.waiting == 0
        await visits.go("a0")
        await visits.come("a2", "token a")
        assert visits.inside == ["a1", "a2"]

    lived(scenario, timeout=0.05)


def test_a_request_that_is_cancelled_while_it_waits_takes_no_place():
    async def scenario(visits):
        await visits.come("a0", "token a")
        await visits.come("a1", "token a")
        await visits.come("a2", "token a")
        visits._tasks.pop("a2").cancel()
        await asyncio.sleep(0)
        await visits.go("a0")
        await visits.come("a3", "token a")
        assert visits.inside == ["a1", "a3"]

    lived(scenario)


@pytest.mark.parametrize("at_once", [1, 2, 3, 8, 64])
def test_every_lane_lets_somebody_in_and_from_two_places_on_nobody_holds_all(at_once):
    for kind, size in lane_sizes(at_once).items():
        assert 1 <= size.each <= size.places and 1 <= size.unknown <= size.places, kind
        if size.places > 1:
            assert size.each < size.places, kind


def test_a_credential_is_known_for_some_minutes_after_it_was_accepted():
    now = 100.0
    known = KnownCredentials(lambda: now)
    assert known.owner(None) is None and known.owner("d") is None
    known.accept("d", "token cms")
    assert known.owner("d") == "token cms"
    now += KNOWN_SECONDS - 1
    assert known.owner("d") == "token cms"
    now += 1
    assert known.owner("d") is None
    known.accept("d", "token cms")
    known.refuse("d")
    assert known.owner("d") is None


def test_so_many_credentials_are_remembered_and_no_more():
    known = KnownCredentials(lambda: 0.0)
    for n in range(REMEMBERED + 5):
        known.accept(str(n), "token cms")
    assert known.owner("4") is None and known.owner("5") == "token cms"


TOKEN = "syn_" + "a" * 43
COOKIE = "eyJsb2dpbiI6ImEifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"

CLAIMS = [
    ("GET", "/api/v1/status", {}, Claim("public")),
    ("GET", "/api/v1/status", {b"authorization": f"Bearer {TOKEN}"}, Claim("editors", digest(TOKEN))),
    ("GET", "/api/v1/status", {b"authorization": f"bearer  {TOKEN}"}, Claim("editors", digest(TOKEN))),
    ("GET", "/api/v1/status", {b"authorization": f"Bearer {TOKEN}x"}, Claim("public")),
    ("GET", "/api/v1/status", {b"authorization": f"Basic {TOKEN}"}, Claim("public")),
    ("GET", "/api/v1/status", {b"cookie": f"syndication_editors={COOKIE}"}, Claim("public")),
    ("POST", "/api/v1/webhooks/articles", {b"authorization": f"Bearer {TOKEN}"}, Claim("webhook")),
    ("GET", "/editors/", {b"cookie": f"a=b; syndication_editors={COOKIE}"}, Claim("editors", digest(COOKIE))),
    ("GET", "/editors/", {b"cookie": "syndication_editors=short"}, Claim("public")),
    ("GET", "/editors/", {b"authorization": f"Bearer {TOKEN}"}, Claim("public")),
    ("GET", "/editors/login", {}, Claim("public")),
    ("POST", "/editors/login", {b"cookie": f"syndication_editors={COOKIE}"}, Claim("log_in")),
    ("POST", "/editors/login/code", {}, Claim("log_in")),
    ("POST", "/editors/loginx", {}, Claim("public")),
    ("POST", "/editors/login", {b"cookie": f"syndication_editors_device={COOKIE}"}, Claim("known_log_in")),
    ("POST", "/hub", {b"authorization": f"Bearer {TOKEN}"}, Claim("hub")),
    ("GET", "/hub/echo/token", {}, Claim("hub")),
]


@pytest.mark.parametrize(("method", "path", "headers", "claim"), CLAIMS)
def test_a_request_claims_what_it_shows(method, path, headers, claim):
    assert claim_of(method, path, headers) == claim


def test_a_session_that_an_answer_starts_is_recognized():
    assert new_session(f"syndication_editors={COOKIE}; HttpOnly; Path=/editors; SameSite=Lax") == digest(COOKIE)
    assert new_session("syndication_editors=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0") is None
    assert new_session("other=value") is None


@pytest.mark.parametrize(
    ("path", "theirs"),
    [
        ("/feeds/all.atom", False), ("/", False), ("/api", False), ("/editorsx", False), ("/x/editors", False),
        ("/EDITORS", False), ("//editors", False), ("/api/v1/docs", True), ("/editors", True), ("/editors/", True),
    ],
)  # fmt: skip
def test_an_address_leads_to_its_process(path, theirs):
    assert is_for_editors(path) is theirs


@pytest.mark.parametrize(
    ("method", "path", "theirs"),
    [
        ("POST", "/hub", True), ("GET", "/hub", False), ("HEAD", "/hub", False), ("PUT", "/hub", False),
        ("GET", "/hub/", True), ("POST", "/hub/echo/x", True), ("POST", "/hubs", False), ("POST", "/x/hub", False),
    ],
)  # fmt: skip
def test_requests_to_the_hub_are_the_editors_processs_and_its_page_is_not(method, path, theirs):
    assert is_for_editors(path, method) is theirs
