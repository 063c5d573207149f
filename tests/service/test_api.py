"""The API in real processes: from a token to a story in the feed, against slow, large and many requests."""

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time

import pytest

from tests.support.api import story
from tests.support.service import running, until


class Client:
    """One who asks the API of a running service with a token."""

    def __init__(self, service, secret):
        self.service = service
        self.secret = secret

    def ask(self, method, path, body=None, headers=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=timeout)
        sent = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"} | (headers or {})
        with contextlib.closing(connection):
            connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, sent)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null"), response.headers


def client_of(service):
    return Client(service, service.token("tester"))


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))


@pytest.fixture(scope="module")
def service(bundled_service):
    return bundled_service


@pytest.fixture(scope="module")
def client(service):
    return client_of(service)


def test_story_is_put_served_traced_and_withdrawn(service, client):
    status, _, _ = client.ask("PUT", "/articles/2026/03/first", story(title="Brand new", published_at=now()))
    assert status == 201
    until(lambda: b"Brand new" in service.get("/feeds/taiwan.atom").body)
    status, trace, _ = client.ask("GET", "/articles/2026%2F03%2Ffirst/trace")
    verdict = next(one for one in trace["sections"] if one["section"] == "taiwan")
    assert status == 200 and verdict["in_feed"] and verdict["place"] == 1 and trace["workers"] == 1
    assert client.ask("POST", "/articles/2026/03/first/withdraw")[0] == 200
    until(lambda: b"Brand new" not in service.get("/feeds/taiwan.atom").body)


def test_log_of_a_start_has_no_warning_or_error(service):
    log = service.start_log
    assert "WARNING" not in log and "Python threads" not in log and "rror" not in log


def test_a_start_with_example_values_names_them(service):
    log = service.start_log
    assert "Warning: site.authority is 'ledger.example', which belongs to nobody" in log
    assert "set up your newsroom with `syndication init`" in log


def test_regeneration_is_followed_until_it_is_served(service, client):
    status, _, headers = client.ask("POST", "/regenerations", {"all_sections": True, "reason": "a test"})
    assert status == 202

    def finished():
        _, said, _ = client.ask("GET", headers["Location"].removeprefix("/api/v1"))
        return said if said["state"] in ("done", "failed") and said["served_ms"] is not None else None

    said = until(finished)
    assert (said["state"], said["done"]) == ("done", said["total"]) and said["served_ms"] < 20_000
    done = service.run("regenerate", "sports", "--wait")
    assert done.returncode == 0 and done.stdout.startswith("sports: unchanged")


def test_worker_answers_a_preview(client):
    changes = [story(id="pre", title="Previewed", published_at=now())]
    status, _, headers = client.ask("POST", "/previews", {"section": "taiwan", "changes": changes})
    assert status == 202

    def answered():
        _, said, _ = client.ask("GET", headers["Location"].removeprefix("/api/v1"))
        return said if said["state"] != "requested" else None

    assert "Previewed" in until(answered)["documents"]["rss"]


def raw(service, head, *parts):
    """Send bytes as they are; gives the answer's status and body."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as sock:
        with contextlib.suppress(ConnectionError):  # Whoever is refused early may be cut off.
            for part in (head, *parts):
                sock.sendall(part)
        response = http.client.HTTPResponse(sock)
        response.begin()
        return response.status, response.read()


def head_of(client, method, path, *lines):
    fields = [f"{method} /api/v1{path} HTTP/1.1", "Host: x", f"Authorization: Bearer {client.secret}", *lines]
    return ("\r\n".join(fields) + "\r\n\r\n").encode()


def test_large_body_is_refused_and_chunked_one_read(service, client):
    kind = "Content-Type: application/json"
    told = head_of(client, "PUT", "/articles/big", kind, "Content-Length: 40000000")
    assert raw(service, told)[0] == 413
    body = json.dumps(story(title="Chunked")).encode()
    chunked = head_of(client, "PUT", "/articles/chunked", kind, "Transfer-Encoding: chunked")
    status, said = raw(service, chunked, b"%x\r\n" % len(body), body, b"\r\n0\r\n\r\n")
    assert status == 201 and b"Chunked" in said
    piece = b" " * 2**20
    huge = [b"%x\r\n" % len(piece) + piece + b"\r\n"] * 40
    assert raw(service, chunked, *huge, b"0\r\n\r\n")[0] == 413
    assert service.get("/feeds/all.atom").status == 200


def test_id_that_is_not_utf8_is_refused(service, client):
    status, said = raw(service, head_of(client, "GET", "/articles/%FF", "Connection: close"))
    assert status == 400 and b"UTF-8" in said


def test_slow_bodies_delay_no_poll_and_no_editor_for_long(service, client):
    with contextlib.ExitStack() as stack:
        slow = []
        for n in range(30):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=20))
            lines = ("Content-Type: application/json", "Content-Length: 1000")
            sock.sendall(head_of(client, "PUT", f"/articles/slow{n}", *lines) + b'{"title":')
            slow.append(sock)
        started = time.monotonic()
        for _ in range(20):
            assert service.get("/feeds/all.atom").status == 200
        assert time.monotonic() - started < 5
        status, said, headers = client.ask("GET", "/status")
        assert status in (200, 503)
        if status == 503:
            assert said["type"].endswith("#busy") and headers["Retry-After"] == "1"
    until(lambda: client.ask("GET", "/status")[0] == 200)


def fuzz(service, client, examples, phases):
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    return subprocess.run(
        [
            sys.executable, "-W", "ignore", "-m", "schemathesis.cli", "run",
            f"http://127.0.0.1:{service.port}/api/v1/openapi.json",
            "-H", f"Authorization: Bearer {client.secret}",
            "--checks", checks, "--max-examples", str(examples), "--phases", phases, "--seed", "1",
            "--generation-deterministic", "--workers", "1", "--no-color",
            "--exclude-operation-id", "revoke_token",
        ],
        cwd=service.folder, env=service.env, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("dialect", "examples", "phases"),
    [
        ("sqlite", 8, "fuzzing"),
        pytest.param("sqlite", 4, "coverage", marks=pytest.mark.thorough),
        pytest.param("postgresql", 12, "fuzzing", marks=pytest.mark.thorough),
    ],
)
def test_fuzzing_by_the_description_breaks_no_operation(tmp_path, new_url, dialect, examples, phases):
    with running(tmp_path, url=new_url(dialect)) as service:
        client = client_of(service.ready())
        done = fuzz(service, client, examples, phases)
        shown = "\n".join(line[:300] for line in done.stdout.splitlines())
        assert done.returncode == 0, shown[-6000:] + done.stderr[-2000:]
        log = service.log.read_text()
        assert "request_failed" not in log and "Traceback" not in log and "preview_failed" not in log
        assert service.children().keys() == {"web", "worker"}
