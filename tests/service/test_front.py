"""The front and the editors process behind it, as real processes."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.service.test_logs import lines
from tests.support.hostile import connections, editors_of, polls, worker_of
from tests.support.service import until


@pytest.fixture(scope="module")
def service(proxied_service):
    return proxied_service


@pytest.fixture(scope="module")
def token(service):
    return service.token("cms")


def talk(service, sent: bytes) -> bytes:
    """Everything that comes back on a connection."""
    with socket.create_connection(("127.0.0.1", service.port), 60) as one, contextlib.suppress(ConnectionError):
        one.sendall(sent)
        found = b""
        while part := one.recv(65536):
            found += part
    return found


@pytest.mark.parametrize("name", ["X_Forwarded_For", "x_forwarded-for", "X-Forwarded_For"])
@pytest.mark.parametrize("first", [True, False])
def test_header_with_an_underscore_changes_no_address(service, name, first):
    """Who guesses tokens is slowed by his address, whatever a second name says."""
    address = f"192.0.2.{len(name) + sum(map(ord, name)) % 100 + 100 * first}"

    def guess(n: int) -> str:
        real, false = f"X-Forwarded-For: {address}", f"{name}: 198.51.100.{n}"
        both = "\r\n".join([false, real] if first else [real, false])
        head = (
            f"GET /api/v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer x\r\n{both}\r\n\r\n"
        )
        return talk(service, head.encode()).decode()

    answers = [guess(n) for n in range(12)]
    assert answers[0].startswith("HTTP/1.1 401") and answers[-1].startswith("HTTP/1.1 429"), answers[-1]
    assert f"from {address}" in answers[-1]


def test_request_id_with_an_underscore_is_ignored(service, token):
    head = "GET /api/v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX_Request_ID: forged\r\n"
    answer = talk(service, f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200") and b"forged" not in answer


def test_feeds_are_served_while_the_editors_process_restarts(service, token):
    web = service.children()["web"]
    front, editors = worker_of(web), until(lambda: editors_of(web))
    story = json.dumps({"title": "Cut", "url": "/cut", "sections": [], "status": "draft"}).encode()
    put = _request("PUT", "/api/v1/articles/cut", token, b"Content-Type: application/json\r\n", story)
    assert talk(service, put).startswith(b"HTTP/1.1 201")
    other = sqlite3.connect(service.folder / "var/syndication.db")
    with ThreadPoolExecutor(1) as pool, contextlib.closing(other):
        other.execute("BEGIN IMMEDIATE")
        under_way = pool.submit(talk, service, put.replace(b"Cut", b"Cup"))
        time.sleep(1)  # Until it is in there, and waits for the database.
        os.kill(editors, signal.SIGKILL)
        assert len(polls(service.port, 0.5)) > 10
        cut = under_way.result(30)
    assert cut.startswith(b"HTTP/1.1 503") and b"editors-down" in cut and b"\r\nretry-after: 2\r\n" in cut
    again = until(lambda: editors_of(web) not in (None, editors) and editors_of(web))
    assert b'"Cut"' in talk(service, _request("GET", "/api/v1/articles/cut", token))
    assert service.children()["web"] == web and worker_of(web) == front and again != editors
    told = [line for line in lines(service.log) if line["event"] in ("editors_process_exited", "editors_down")]
    assert {line["event"] for line in told} == {"editors_process_exited", "editors_down"}
    own = [line for line in lines(service.log) if line["event"] == "request" and line["request_id"] == _id_of(cut)]
    assert [line["status"] for line in own] == [503]


def test_next_editors_process_does_what_a_frozen_one_had_not_begun(service, token):
    web = service.children()["web"]
    editors = until(lambda: editors_of(web))
    os.kill(editors, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(talk, service, _request("GET", "/api/v1/status", token))
        assert len(polls(service.port, 0.5)) > 10 and not waiting.done()
        os.kill(editors, signal.SIGKILL)
        assert waiting.result(30).startswith(b"HTTP/1.1 200")


def _request(method: str, path: str, token: str, more: bytes = b"", body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
    return head.encode() + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _id_of(answer: bytes) -> str:
    head = answer.partition(b"\r\n\r\n")[0].decode().lower()
    return head.partition("x-request-id: ")[2].partition("\r\n")[0]


def test_request_waits_while_the_editors_process_restarts(service, token):
    web = service.children()["web"]
    killed = until(lambda: editors_of(web))
    os.kill(killed, signal.SIGKILL)
    until(lambda: editors_of(web) != killed)
    assert talk(service, _request("GET", "/api/v1/status", token)).startswith(b"HTTP/1.1 200")


LONG = "Content-Length: 10000000"
CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/api/v1/regenerations", b"too-large"), ("/editors/login", b"The form is over the limit of 64 KiB")],
)
@pytest.mark.parametrize("length", [LONG, CHUNKED])
def test_large_body_is_refused_with_reason_and_log_line(service, token, path, kind, length):
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{length}\r\nAuthorization: Bearer {token}\r\n"
    part = b"x" * 60_000
    body = (b"%x\r\n%s\r\n" % (len(part), part)) * 2 if length == CHUNKED else b"x" * 1000
    answer = talk(service, f"{head}Connection: close\r\n\r\n".encode() + body)
    assert answer.startswith(b"HTTP/1.1 413") and kind in answer
    line = until(lambda: next((one for one in lines(service.log) if one.get("request_id") == _id_of(answer)), None))
    assert (line["event"], line["status"], line["method"]) == ("request", 413, "POST")


def test_slow_bodies_time_out_and_delay_no_form(service):
    """Sixty forms that stop in the middle, from sixty addresses behind the proxy: all are told so after their time."""
    began = time.monotonic()

    def slow(n: int) -> bytes:
        head = f"POST /editors/login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.{n}\r\n"
        return talk(service, f"{head}Content-Length: 1000\r\n\r\nname=".encode())

    with ThreadPoolExecutor(60) as pool:
        ended = [pool.submit(slow, n) for n in range(60)]
        time.sleep(1)
        while time.monotonic() - began < 5:
            pressed = service.get("/editors/login", {"X-Forwarded-For": "198.51.100.77"}, "POST", "name=x")
            assert pressed.status == 400  # The token of the form is missing: it was answered by the dashboard.
            assert service.get("/editors/login").status == 200
            time.sleep(0.1)
        assert {one.result(60)[:12] for one in ended} == {b"HTTP/1.1 408"}


def test_bodies_of_one_address_are_limited(service):
    form = b"POST /editors/login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.200\r\nContent-Length: 9\r\n\r\na"
    here = {"X-Forwarded-For": "203.0.113.200"}

    def limited() -> bool:
        # Some more than the places: which of them get one is a race with what is asked beside. They are held for some
        # seconds only, so a machine that was busy for longer tries again.
        with connections(service.port, 16, form):
            for _ in range(20):
                if service.get("/editors/login", here, "POST", "name=x").status == 503:
                    other = service.get("/editors/login", {"X-Forwarded-For": "203.0.113.201"}, "POST", "name=x")
                    return (other.status, service.get("/editors/login", here).status) == (400, 200)
        return False

    until(limited)
    until(lambda: service.get("/editors/login", here, "POST", "name=x").status == 400)


def test_largest_accepted_body_arrives_whole(service, token):
    html = "<p>" + "A long read. " * 300_000 + "</p>"
    story = {"title": "Long", "url": "/long", "sections": [], "html": html, "status": "draft"}
    asked = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    assert service.get("/api/v1/articles/long%2Fread", asked, "PUT", json.dumps(story)).status == 201
    stored = json.loads(service.get("/api/v1/articles/long%2Fread", asked).body)
    assert stored["id"] == "long/read" and stored["html"] == html


def test_path_that_is_not_utf8_is_refused_with_a_reason(service, token):
    answer = service.get("/api/v1/articles/%FF", {"Authorization": f"Bearer {token}"})
    assert answer.status == 400 and b"UTF-8" in answer.body


def test_regeneration_counts_as_served_when_the_port_serves_it(service, token):
    asked = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for n in range(5):
        story = {"title": f"Told {n}", "url": "/t", "sections": ["taiwan"], "published_at": "2026-03-14T08:00:00Z"}
        assert service.get("/api/v1/articles/told", asked, "PUT", json.dumps(story)).status in (200, 201)
        click = service.get("/api/v1/regenerations", asked, "POST", json.dumps({"sections": ["taiwan"]}))
        id = json.loads(click.body)["id"]
        path = f"/api/v1/regenerations/{id}"
        until(lambda path=path: json.loads(service.get(path, asked).body)["served_ms"] is not None, 60)
        assert f"Told {n}".encode() in service.get("/feeds/taiwan.atom").body
