"""The front's metrics of editors' requests, and those of a killed front."""

import asyncio
import subprocess
import sys
import time
from http import HTTPStatus

import pytest

from syndication.config.loading import load_settings
from syndication.metrics.front import REASONS, REFUSED, REQUESTS, STATES
from syndication.web.admission import Busy, Lane
from syndication.web.body_buffer import BodyRefused, ClientGone
from syndication.web.editors_client import EditorsClient, EditorsDown, EditorsNotAsked
from syndication.web.heartbeat_link import read_restarts, write_restarts, write_state
from syndication.web.requests import EditorsRequest, EditorsRequestHandler, reason_of
from syndication.web.socket_address import socket_address
from tests.support.loops import run_in_thread
from tests.support.service import environ

LANE = "public"


def now_in_lane() -> dict[str, float]:
    return {state: REQUESTS.labels(LANE, state)._value.get() for state in STATES}


def refused() -> dict[str, float]:
    return {reason: REFUSED.labels(LANE, reason)._value.get() for reason in REASONS}


@pytest.fixture
def requests(tmp_path, monkeypatch):
    """The requests of a front with one place in the lane and a fake editors process."""
    monkeypatch.setenv("SYNDICATION_EDITORS__AT_ONCE", "1")
    requests = EditorsRequestHandler(load_settings(), EditorsClient(str(tmp_path)))
    requests.lanes[LANE] = Lane(requests.lanes[LANE].size, timeout=60)
    return requests


def ask(requests):
    arrived = EditorsRequest("GET", "/api/v1/docs", {}, "192.0.2.1", time.perf_counter())
    return requests.answer(arrived, {}, asyncio.Event().wait, None)


def test_who_waits_who_is_under_way_and_who_is_refused_is_counted(requests, tmp_path):
    before = refused()
    size = requests.lanes[LANE].size
    waiting = size.queue_each

    async def scenario():
        ended = asyncio.Event()

        async def keep_waiting(_reader, writer):
            await ended.wait()
            writer.close()

        server = await asyncio.start_unix_server(keep_waiting, socket_address(str(tmp_path)))
        async with server:
            tasks = [asyncio.create_task(ask(requests)) for _ in range(size.places + waiting + 1)]
            busy = await next(asyncio.as_completed(tasks))
            found = now_in_lane()
            ended.set()
            await asyncio.gather(*tasks)
        return busy.status_code, found

    status, found = run_in_thread(scenario())
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert found == {"under way": size.places, "waiting": waiting}
    assert now_in_lane() == {"under way": 0, "waiting": 0}
    after = refused()
    more = {reason: after[reason] - before[reason] for reason in REASONS if after[reason] != before[reason]}
    assert more == {"busy": 1, "editors-down": size.places + waiting}


def test_a_request_that_is_not_passed_on_is_counted_as_such(requests, tmp_path):
    before = refused()
    write_state(str(tmp_path), "not answering")
    assert run_in_thread(ask(requests)).status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert refused() == before | {"editors-not-answering": before["editors-not-answering"] + 1}


def test_every_refusal_has_a_reason_of_its_own():
    errors = [
        Busy(), BodyRefused(HTTPStatus.REQUEST_TIMEOUT), BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        ClientGone(), EditorsDown(), EditorsNotAsked(),
    ]  # fmt: skip
    assert tuple(map(reason_of, errors)) == REASONS


def test_restarts_are_none_until_the_keeper_has_said_a_number(tmp_path):
    assert read_restarts(str(tmp_path)) == 0
    write_restarts(str(tmp_path), 3)
    assert read_restarts(str(tmp_path)) == 3


KILLED = """
import os
from datetime import UTC, datetime
from syndication.metrics import web
from syndication.metrics.front import REFUSED, REQUESTS
from syndication.metrics.web_gauges import WebGauges
from syndication.web.document_loader import LoaderState

def lines():
    now = datetime.now(UTC)
    text = web.exposition(WebGauges(LoaderState(since=now), 0, now)).decode()
    return [line for line in text.splitlines() if line.startswith("syndication_editors_")]

REQUESTS.labels("editors", "under way").inc()
pid = os.fork()
if not pid:  # A front that is killed in the middle of a request.
    REQUESTS.labels("editors", "under way").inc()
    REFUSED.labels("editors", "busy").inc()
    print(*lines(), sep="\\n", flush=True)
    os._exit(0)
os.waitpid(pid, 0)
print(*lines(), sep="\\n")
"""


def test_what_a_killed_front_was_doing_is_forgotten_and_what_it_counted_is_not(tmp_path):
    env = environ(PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", KILLED], env=env, capture_output=True, text=True, check=True)
    under_way = 'syndication_editors_requests{lane="editors",state="under way"}'
    busy = 'syndication_editors_refused_total{lane="editors",reason="busy"} 1.0'
    assert sorted(done.stdout.splitlines()) == sorted([f"{under_way} 2.0", busy, f"{under_way} 1.0", busy])
