"""The dashboard in real processes, beside the feeds: its cookie concerns them not, and its waiting holds up no poll."""

import contextlib
import http.client
import re
import socket
from urllib.parse import urlencode

import pytest

from tests.support.hung_postgresql import poll_at_once
from tests.support.service import Answer, until

READERS = ["/feeds/all.atom", "/feeds/taiwan.json", "/feeds/nothing.rss", "/", "/healthz", "/readyz", "/metrics",
           "/api/v1/docs", "/api/v1/status", "/nothing", "/editorsx"]  # fmt: skip


SLOWLY = (
    b"POST /editors/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n\r\nname=mei&"
)
"""The beginning of a form, whose end never comes."""


class Visitor:
    """Somebody with a browser that keeps one cookie."""

    def __init__(self, service):
        self.service = service
        self.cookie = ""

    def ask(self, method, path, fields=None, timeout=30, **headers):
        sent = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"} | headers
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, urlencode(fields) if fields else None, sent)
            answer = Answer(connection.getresponse())
        self.cookie = answer.headers.get("set-cookie", self.cookie).partition(";")[0]
        return answer

    def get(self, path, **more):
        return self.ask("GET", f"/editors{path}", **more)

    def post(self, path, **fields):
        return self.ask("POST", f"/editors{path}", fields | {"csrf_token": self.token()})

    def token(self):
        return re.search(r'name="csrf_token" value="([^"]+)"', self.get("/login").body.decode())[1]


def log_in(service):
    """Creates a user on the command line, and logs them in."""
    password = service.user("mei")
    visitor = Visitor(service)
    assert visitor.post("/login", name="mei", password=password).status == 303
    assert visitor.get("/").status == 200
    return visitor


@pytest.fixture(scope="module")
def service(bundled_service):
    return bundled_service


@pytest.fixture(scope="module")
def visitor(service):
    return log_in(service)


MOMENTARY = ("date", "x-request-id")


def bare(answer):
    """An answer without what is of this moment alone."""
    headers = {name: value for name, value in answer.headers.items() if name not in MOMENTARY}
    momentary = rb'^syndication_(polls|sent|oldest).*$|^python.*$|^process.*$|"request_id": "\w+"'
    return answer.status, headers, re.sub(momentary, b"", answer.body, flags=re.MULTILINE)


def test_cookie_changes_no_response_outside_the_dashboard(service, visitor):
    for path in READERS:
        for headers in ({}, {"Accept-Encoding": "br"}, {"If-None-Match": "*"}):
            with_cookie = service.get(path, headers | {"Cookie": visitor.cookie})
            assert bare(with_cookie) == bare(service.get(path, headers)), path
            assert "set-cookie" not in with_cookie.headers
            assert path.startswith("/api") or "Cookie" not in with_cookie.headers.get("vary", "")


def test_cookie_is_limited_to_the_dashboard(service):
    cookie = service.get("/editors/login").headers["set-cookie"]
    assert "; Path=/editors" in cookie and "; HttpOnly" in cookie and "; SameSite=Lax" in cookie
    assert "Secure" not in cookie  # The trial's own address is no https.


def test_page_has_its_headers_over_http(service, visitor):
    page = visitor.get("/")
    assert page.status == 200 and b"Feeds</h1>" in page.body
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["x-content-type-options"] == "nosniff" and page.headers["cache-control"] == "no-store"
    head = visitor.ask("HEAD", "/editors/")
    assert (head.status, head.body, head.headers["content-type"]) == (200, b"", "text/html; charset=utf-8")
    assert visitor.get("/live/overview?seen=x").status == 200


def test_withdrawn_story_leaves_the_feed(service, visitor):
    line = '{"id": "two\\nlines/ä", "title": "Clicked", "url": "/c", "published_at": "2026-03-14T08:00:00Z"}'
    assert service.run("import", "-", input=line).returncode == 0
    until(lambda: b"Clicked" in service.get("/feeds/all.atom").body)
    done = visitor.post("/article/withdraw?id=two%0Alines/%C3%A4")
    assert done.status == 303
    until(lambda: b"Clicked" not in service.get("/feeds/all.atom").body)


def test_slow_forms_delay_no_poll(service, visitor):
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=20))
            sock.sendall(SLOWLY)
        for _ in range(3):
            poll_at_once(service)
    until(lambda: visitor.get("/").status == 200)


def test_large_form_is_refused_with_a_reason(service, visitor):
    page = visitor.post("/article/preview?id=a", more="x" * 300_000)
    assert page.status == 413 and b"The form is over the limit of 64 KiB" in page.body
