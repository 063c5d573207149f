"""Each editors' request has an ID and a log line, over real HTTP; polls have neither."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs
from werkzeug.test import create_environ, run_wsgi_app

from syndication.web.request_log import LIVE, log_requests
from syndication.web.wsgi.admission import AdmissionControl
from tests.service.test_logs import lines
from tests.support.service import until

MADE = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(scope="module")
def service(proxied_service):
    return proxied_service


@pytest.fixture(scope="module")
def token(service):
    return service.token("reader", "read")


def line(service, id):
    """Returns the line of the request with this ID; ``said`` has all its log entries."""
    return until(lambda: next((one for one in said(service, id) if one["event"] == "request"), None))


def said(service, id):
    return [one for one in lines(service.log) if one.get("request_id") == id]


def test_given_id_is_returned_and_logged(service, token):
    asked = {"X-Request-ID": "edge-1.A_9", "Authorization": f"Bearer {token}"}
    answer = service.get("/api/v1/sections/taiwan?x=what-was-asked", asked)
    assert (answer.status, answer.headers["x-request-id"]) == (200, "edge-1.A_9")
    told = line(service, "edge-1.A_9")
    assert told.pop("ms") > 0
    assert {key: told[key] for key in ("method", "path", "status", "actor", "level", "process")} == {
        "method": "GET", "path": "/api/v1/sections/taiwan", "status": 200, "actor": "token reader", "level": "info",
        "process": "web",
    }  # fmt: skip
    assert "what-was-asked" not in service.log.read_text()


@pytest.mark.parametrize("id", ["", "two words", "a" * 129, "<script>", 'x"y', "ünïcode", "a\tb"])
def test_id_that_could_break_a_log_is_replaced(service, id):
    answer = service.get("/api/v1/status", {"X-Request-ID": id.encode("utf-8").decode("latin-1")})
    assert MADE.fullmatch(answer.headers["x-request-id"])
    assert line(service, answer.headers["x-request-id"])["status"] == 401


def test_longest_id_is_kept(service):
    assert service.get("/api/v1/status", {"X-Request-ID": "a" * 128}).headers["x-request-id"] == "a" * 128


@pytest.mark.parametrize("path", ["/feeds/taiwan.atom", "/feeds/nowhere.atom", "/", "/healthz", "/readyz", "/nowhere"])
def test_polls_have_no_id_and_no_log_line(service, path):
    assert "x-request-id" not in service.get(path, {"X-Request-ID": "of-a-reader"}).headers
    last = service.get("/api/v1/status").headers["x-request-id"]
    assert line(service, last) and not said(service, "of-a-reader")


def test_problem_contains_the_request_id(service):
    answer = service.get("/api/v1/sections/nowhere", {"X-Request-ID": "r-1"})
    assert json.loads(answer.body)["request_id"] == "r-1"


def test_article_ids_and_tokens_are_not_logged(service, token):
    for method, path, rule in (
        ("GET", "/api/v1/articles/minister-resigns/trace", "/api/v1/articles/<article:id>/trace"),
        ("GET", f"/api/v1/sections/{token}", "/api/v1/sections/<slug>"),
        ("DELETE", "/api/v1/tokens/minister-resigns", "/api/v1/tokens/<id>"),
        ("GET", "/api/v1/minister-resigns", None),
        ("GET", "/editors/article?id=minister-resigns", "/editors/article"),
    ):
        id = service.get(path, {"Authorization": f"Bearer {token}"}, method).headers["x-request-id"]
        assert line(service, id)["path"] == rule
    assert "minister-resigns" not in service.log.read_text() and token not in service.log.read_text()


def test_user_is_the_actor_of_later_requests(service):
    password = service.user("desk")
    form = service.get("/editors/login")
    csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.body.decode()).group(1)
    cookie = SimpleCookie(form.headers["set-cookie"])["syndication_editors"].OutputString([])
    body = urlencode({"name": "desk", "password": password, "csrf_token": csrf})
    entered = service.get(
        "/editors/login", {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}, "POST", body
    )
    assert entered.status == 303
    told = line(service, entered.headers["x-request-id"])
    assert (told["actor"], told["path"], told["status"]) == ("user desk", "/editors/login", 303)
    cookie = SimpleCookie(entered.headers["set-cookie"])["syndication_editors"].OutputString([])
    missing = service.get("/editors/nowhere", {"Cookie": cookie})
    assert missing.status == 404 and missing.headers["x-request-id"] in missing.body.decode()
    assert line(service, missing.headers["x-request-id"])["actor"] == "user desk"
    assert "actor" not in line(service, service.get("/editors/login").headers["x-request-id"])
    assert password not in service.log.read_text()


def test_concurrent_requests_keep_their_own_ids(service, token):
    def ask(number):
        sent = {"X-Request-ID": f"many-{number}", "Authorization": f"Bearer {token if number % 2 else 'x'}"}
        return service.get("/api/v1/status", sent).headers["x-request-id"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(60))) == [f"many-{number}" for number in range(60)]
    for number in range(60):
        told = line(service, f"many-{number}")
        # Wrong tokens are slowed after a while.
        assert (told["status"], told.get("actor")) in (
            [(200, "token reader")] if number % 2 else [(401, None), (429, None)]
        )


def test_parts_that_open_pages_refresh_have_no_line_unless_they_are_refused():
    def app(environ, start_response):
        environ[LIVE] = environ["PATH_INFO"].startswith("/live")
        start_response({"/live/down": "503 Down", "/live/mine": "403 No"}.get(environ["PATH_INFO"], "204 Nothing"), [])
        return []

    with capture_logs() as logged:
        for path in ("/live/overview", "/live/down", "/live/mine", "/page"):
            run_wsgi_app(partial(log_requests, app), create_environ(path))
    seen = [(one["log_level"], one["status"]) for one in logged if one["event"] == "request"]
    assert seen == [("debug", 204), ("debug", 503), ("info", 403), ("info", 204)]


def test_refused_request_gets_an_id():
    inside, leave = threading.Event(), threading.Event()

    def slow(environ, start_response):
        inside.set()
        assert leave.wait(20)
        start_response("200 OK", [])
        return [b""]

    door = AdmissionControl(slow, slow, slow, at_once=1, waiting=0, trusted_proxies=0)
    first = threading.Thread(target=run_wsgi_app, args=(door, create_environ("/api/v1/status")))
    first.start()
    try:
        assert inside.wait(20)
        asked = create_environ("/api/v1/status", headers={"X-Request-ID": "r-3"})
        body, status, headers = run_wsgi_app(door, asked)
    finally:
        leave.set()
        first.join()
    assert status.startswith("503") and headers["X-Request-ID"] == "r-3"
    assert json.loads(b"".join(body))["request_id"] == "r-3"
