"""The same responses from the web process and from other WSGI servers: Granian, gunicorn and Flask's own."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.hostile import is_editors
from tests.support.service import Answer, Service, free_port, running, until

CONFIG = """
[server]
workers = 2
"""

SECTIONS = """
[[section]]
slug = "taiwan"
title = "Taiwan"
formerly = ["formosa"]
cache = "breaking"

[[section]]
slug = "world"
title = "World"

[[retired]]
slug = "horoscope"
"""

BREAKING = """
[cache.breaking]
browser = 30
cdn = 5
stale_while_revalidate = 10
stale_if_error = 600

[cache.news]
"""

LINE = {"id": "a1", "title": "A story", "url": "/a1", "sections": ["taiwan"], "published_at": "2026-03-14T08:00:00Z"}

ADDED_BY_SERVERS = {"date", "server", "connection", "keep-alive", "transfer-encoding"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The service with two web processes, a renamed section and a retired one."""
    folder = tmp_path_factory.mktemp("servers")
    (folder / "config").mkdir()
    (folder / "config/syndication.toml").write_text(CONFIG + BREAKING)
    (folder / "config/sections.toml").write_text(SECTIONS)
    (folder / "tmp").mkdir()
    with running(folder, env={"TMPDIR": str(folder / "tmp")}) as service:
        service.ready()
        assert service.run("import", "-", input=json.dumps(LINE)).returncode == 0
        until(lambda: b"A story" in service.get("/feeds/all.json").body)
        yield service


@contextlib.contextmanager
def another_server(service: Service, *command: str):
    """Another server on the same database; ``{port}`` stands in ``command`` for its port."""
    port = free_port()
    env = service.env | {"SYNDICATION_SITE__BASE_URL": f"http://127.0.0.1:{service.port}"}
    with (service.folder / f"{command[0]}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *(word.format(port=port) for word in command)],
            cwd=service.folder, env=env, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        until(lambda: ask(port, "GET", "/feeds/taiwan.atom").status == 200)
        until(lambda: ask(port, "GET", "/feeds/all.atom").status == 200)
        yield port
    finally:
        process.terminate()
        process.wait(15)


def ask(port: int, method: str, path: str, headers: dict[str, str] | None = None) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True, skip_host="Host" in (headers or {}))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        return Answer(connection.getresponse())
    finally:
        connection.close()


def ours(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """An answer without what a server adds of its own."""
    headers = {name: value for name, value in answer.headers.items() if name not in ADDED_BY_SERVERS}
    if "allow" in headers:  # Flask writes what it holds as a set.
        headers["allow"] = ", ".join(sorted(headers["allow"].split(", ")))
    headers.pop("expires", None)  # Flask's, of a static file: so long after this very second.
    return answer.status, headers, answer.body


GZIP = {"Accept-Encoding": "gzip"}

QUESTIONS = {
    "a feed": ("GET", "/feeds/taiwan.atom", GZIP, 200),
    "a feed in no coding": ("GET", "/feeds/all.json", {}, 200),
    "a star as entity tag": ("GET", "/feeds/taiwan.rss", GZIP | {"If-None-Match": "*"}, 304),
    "a later date": ("GET", "/feeds/taiwan.rss", {"If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT"}, 304),
    "a date of eleven digits": ("GET", "/feeds/taiwan.rss", {"If-Modified-Since": "Sat, 01 Jan 20500000000"}, 200),
    "the head": ("HEAD", "/feeds/taiwan.atom", GZIP, 200),
    "the head of nothing": ("HEAD", "/feeds/nothing.atom", {}, 404),
    "a preflight": ("OPTIONS", "/feeds/taiwan.atom", {"Origin": "https://reader.example"}, 204),
    "an unknown section": ("GET", "/feeds/nothing.atom", {}, 404),
    "an unknown format": ("GET", "/feeds/taiwan.xml", {}, 404),
    "another method": ("DELETE", "/feeds/taiwan.atom", {}, 405),
    "no coding left": ("GET", "/feeds/taiwan.atom", {"Accept-Encoding": "*;q=0"}, 406),
    "a retired section": ("GET", "/feeds/horoscope.rss", {}, 410),
    "a renamed section": ("GET", "/feeds/formosa.rss", {"Host": "evil.example"}, 301),
    "a part of it": ("GET", "/feeds/taiwan.atom", {"Range": "bytes=0-9"}, 200),
    "the front page": ("GET", "/", {}, 200),
    "its style": ("GET", "/static/front.css", {}, 200),
    "nowhere": ("GET", "/nowhere", {}, 404),
    "life": ("GET", "/healthz", {}, 200),
}

SERVERS = {
    "gunicorn": ("gunicorn", "-b", "127.0.0.1:{port}", "syndication.app:create_app()"),
    "flask": ("flask", "--app", "syndication.app", "run", "-p", "{port}"),
    "granian": ("granian", "--interface", "wsgi", "--port", "{port}", "--factory", "syndication.app:create_app"),
}  # fmt: skip


@pytest.mark.thorough("flask")
@pytest.mark.parametrize("server", SERVERS)
def test_every_server_gives_the_same_answers(service, server):
    with another_server(service, *SERVERS[server]) as port:
        for name, (method, path, headers, status) in QUESTIONS.items():
            expected, found = (ours(ask(p, method, path, headers)) for p in (service.port, port))
            assert expected[0] == status, name
            assert found == expected, name
        tag = ask(port, "GET", "/feeds/taiwan.atom", GZIP).headers["etag"]
        again = ask(port, "GET", "/feeds/taiwan.atom", GZIP | {"If-None-Match": f'"x", W/{tag}'})
        assert (again.status, again.body, "set-cookie" in again.headers) == (304, b"", False)


def test_a_section_has_the_cache_times_that_were_named_for_it(service):
    control = ask(service.port, "GET", "/feeds/taiwan.atom").headers["cache-control"]
    assert control == "public, max-age=30, s-maxage=5, stale-while-revalidate=10, stale-if-error=600"
    assert "max-age=300" in ask(service.port, "GET", "/feeds/world.atom").headers["cache-control"]
    moved = ask(service.port, "GET", "/feeds/formosa.rss", {"Host": "evil.example"})
    assert moved.headers["location"] == f"http://127.0.0.1:{service.port}/feeds/taiwan.rss"


ODD_PATHS = [
    "/feeds/%74aiwan.atom",
    "/feeds/taiwan%2Eatom",
    "/feeds/taiwan.atom?a=1",
    "/feeds/taiwan.atom?",
    "/feeds/taiwan.atom%3Fa=1",
    "/feeds/taiwan.atom/",
    "/feeds//taiwan.atom",
    "//feeds/taiwan.atom",
    "/feeds/./taiwan.atom",
    "/feeds/x/../taiwan.atom",
    "/feeds/%2e%2e/healthz",
    "/feeds/../healthz",
    "/feeds%2Ftaiwan.atom",
    "/feeds/taiwan",
    "/feeds/taiwan.",
    "/feeds/.atom",
    "/feeds/.",
    "/feeds/",
    "/feeds",
    "/feeds?a=1",
    "/FEEDS/taiwan.atom",
    "/feeds/Taiwan.atom",
    "/feeds/taiwan.ATOM",
    "/feeds/%E5%8F%B0%E7%81%A3.atom",
    "/feeds/%FF%FE.atom",
    "/feeds/%00.atom",
    "/feeds/tai%0d%0aX-Evil:%20yes.atom",
    "/feeds/%zz.atom",
    "/feeds/taiwan.atom;a=b",
    "/feeds/taiwan+.atom",
    "/feeds/" + "a" * 8100 + ".atom",
    "/feeds/taiwan.atom?" + "a" * 8100,
    "/%66eeds/taiwan.atom",
    "/feeds/formosa.atom?utm_source=x",
    "/static/../feeds/taiwan.atom",
    "/static/%2e%2e/app.py",
]


@pytest.fixture(scope="module")
def granian(service):
    with another_server(service, *SERVERS["granian"]) as port:
        yield port


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "BREW"])
def test_asgi_and_wsgi_agree_on_odd_paths(service, granian, method):
    for path in ODD_PATHS:
        asgi, wsgi = (ask(port, method, path, GZIP) for port in (service.port, granian))
        assert ours(asgi) == ours(wsgi), path
        assert asgi.status < 500, path
        assert "x-evil" not in asgi.headers and "set-cookie" not in asgi.headers, path


def test_an_encoded_letter_is_the_letter_and_a_query_is_ignored(service):
    plain = ours(ask(service.port, "GET", "/feeds/taiwan.atom"))
    assert plain[0] == 200
    for path in ("/feeds/%74aiwan.atom", "/feeds/taiwan%2Eatom", "/feeds/taiwan.atom?a=1", "/feeds/taiwan.atom?"):
        assert ours(ask(service.port, "GET", path)) == plain, path


@pytest.mark.parametrize("path", ["/feeds", "/feeds/", "//feeds/all.atom", "/static", "/static/", "/metrics/x"])
def test_no_answer_is_built_from_the_host_header(service, path):
    answer = ask(service.port, "GET", path, {"Host": "evil.example"})
    assert answer.status in (200, 404) and "location" not in answer.headers
    assert "evil.example" not in f"{answer.headers}{answer.body}"


def test_a_path_outside_is_not_found(service):
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2f..%2fconfig.py", "/feeds/../config.py"):
        assert ask(service.port, "GET", path).status == 404, path


def talk(port: int, sent: bytes) -> bytes:
    """Send bytes as they are; gives everything that comes back until the server closes, or has answered and waits."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(sent)
        while part := connection.recv(65536):
            received += part
            head, end, body = received.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            if end and length and len(body) >= int(length.group(1)) and b"Connection: close" not in sent:
                break
    return received


BAD = {
    "a header of 60 kB": b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 60_000 + b"\r\n\r\n",
    "sixty headers of 1 kB": b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\n"
    + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 1000) for n in range(60)) + b"\r\n",
    "a thousand headers": b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
    "an address of 20 kB": b"GET /feeds/" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "an address of 9 kB": b"GET /feeds/" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "no method": b" /feeds/all.atom HTTP/1.1\r\nHost: x\r\n\r\n",
    "no version": b"GET /feeds/all.atom\r\nHost: x\r\n\r\n",
    "another version": b"GET /feeds/all.atom HTTP/9.7\r\nHost: x\r\n\r\n",
    "words": b"hello, are you a feed?\r\n\r\n",
    "a space in the address": b"GET /feeds/all atom HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without a colon": b"GET /feeds/all.atom HTTP/1.1\r\nHost x\r\n\r\n",
    "a header folded": b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
    "a zero byte in a header": b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "two lengths": b"POST /feeds/all.atom HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
    "a negative length": b"POST /feeds/all.atom HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n",
    "a chunk of no size": b"POST /feeds/all.atom HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "the start of TLS": bytes.fromhex("160301020001000001fc0303") + b"\x00" * 40 + b"\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_request_gets_a_clean_4xx_and_the_next_one_is_served(service, name):
    answer = talk(service.port, BAD[name])
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer[:200]
    assert answer or name in ("words", "the start of TLS")
    assert b"Traceback" not in answer
    assert ask(service.port, "GET", "/feeds/all.atom").status == 200


def test_headers_of_other_bytes_are_no_trouble(service):
    sent = b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    for line in (
        b"If-None-Match: \xff\xfe",
        b"Accept-Encoding: \xe5\x8f\xb0",
        b"If-Modified-Since: \xff",
        b"A-IM: feed",
    ):
        answer = talk(service.port, sent + line + b"\r\n\r\n")
        assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400")), (line, answer[:200])


def test_pipelined_requests_are_answered_in_order(service):
    one = b"GET /feeds/%s HTTP/1.1\r\nHost: x\r\n%s\r\n"
    sent = one % (b"all.atom", b"") + one % (b"nothing.rss", b"") + one % (b"all.json", b"Connection: close\r\n")
    answer = talk(service.port, sent)
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]


def test_polls_are_counted_over_all_web_processes(service):
    def counted() -> float:
        text = ask(service.port, "GET", "/metrics").body.decode()
        lines = [line for line in text.splitlines() if line.startswith("syndication_polls_total{")]
        return sum(float(line.split()[1]) for line in lines if 'format="rss",status="410"' in line)

    settled = until(lambda: [counted()] if counted() == counted() else None)[0]
    for _ in range(40):
        assert ask(service.port, "GET", "/feeds/horoscope.rss").status == 410
    until(lambda: counted() == settled + 40)
    # Whichever process is asked, it tells the sum.
    assert {counted() for _ in range(10)} == {settled + 40}
    folder = list((service.folder / "tmp").glob("syndication-metrics-*"))
    assert len(folder) == 1
    writers = {path.name.rpartition("_")[2] for path in folder[0].glob("counter_*.db")}
    assert len(writers) == 3  # Two fronts, and the editors process, which counts failures of databases.


def children(pid: int) -> set[int]:
    """The fronts that a web process has started and that live."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child) for child in found if serves(int(child))}


def serves(pid: int) -> bool:
    # Granian's processes are spawned by Python, which has a helper of its own for what they share.
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_text()
        return "resource_tracker" not in words and not is_editors(words)
    return False


def test_a_web_process_that_dies_is_started_again_and_its_counts_stay(service):
    def counted() -> float:
        text = ask(service.port, "GET", "/metrics").body.decode()
        return sum(float(line.split()[1]) for line in text.splitlines() if line.startswith("syndication_polls_total{"))

    web = service.children()["web"]
    before = until(lambda: len(children(web)) == 2 and children(web))
    for _ in range(20):
        assert ask(service.port, "GET", "/feeds/all.atom").status == 200
    until(lambda: counted() >= 20)
    counts = counted()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid: pid not in children(web) and len(children(web)) == 2)
        # Each connection may reach another process: the new one has loaded the feeds, too, when no poll is refused.
        until(lambda: all(ask(service.port, "GET", "/feeds/all.atom").status == 200 for _ in range(20)))
    assert not before & children(web) and service.children()["web"] == web
    assert until(lambda: counted()) >= counts


def test_the_next_question_waits_for_no_slow_reader_of_a_large_answer(service):
    """Clients that ask and never read what comes hold no process."""
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=5))
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            slow.sendall(b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        started = time.monotonic()
        for _ in range(10):
            answer = ask(service.port, "GET", "/feeds/all.atom")
            assert answer.status == 200, (answer.body, answer.headers)
        assert time.monotonic() - started < 5
