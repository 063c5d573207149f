"""The WSGI admission control: which requests are admitted, how many at once, and the responses to the others."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from syndication.web.wsgi import admission
from syndication.web.wsgi.admission import BUSY, AdmissionControl
from tests.support.service import until


class Room:
    """An app that returns its name, and finishes its requests when released."""

    def __init__(self, name):
        self.name = name
        self.here = threading.Semaphore(0)
        self.leave = threading.Event()
        self.leave.set()
        self.closed = 0

    def __call__(self, environ, start_response):
        self.here.release()
        assert self.leave.wait(10)
        response = Response(self.name)
        response.call_on_close(self.close)
        return response(environ, start_response)

    def close(self):
        self.closed += 1


@pytest.fixture
def house():
    """Admission control for two requests and two waiting ones, and its apps."""
    rooms = [Room(name) for name in ("feeds", "api", "dashboard")]
    return AdmissionControl(*rooms, at_once=2, waiting=2, trusted_proxies=0), *rooms


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/feeds/all.atom", "feeds"), ("/", "feeds"), ("/api", "feeds"), ("/editorsx", "feeds"), ("/editor", "feeds"),
        ("/x/editors", "feeds"), ("/EDITORS", "feeds"), ("//editors", "feeds"), ("/api/v1/docs", "api"),
        ("/editors", "dashboard"), ("/editors/", "dashboard"), ("/editors/static/x.css", "dashboard"),
    ],
)  # fmt: skip
def test_an_address_leads_to_its_app(house, path, name):
    assert Client(house[0]).get("/", environ_overrides={"PATH_INFO": path}).text == name


def test_the_hub_has_an_app_of_its_own_and_its_page_is_public(house):
    entry, *rooms = house
    hub = AdmissionControl(*rooms, Room("hub"), at_once=2, waiting=2, trusted_proxies=0)
    assert (Client(hub).post("/hub").text, Client(hub).get("/hub").text) == ("hub", "feeds")
    assert Client(hub).get("/hub/echo/x").text == "hub"
    assert Client(entry).post("/hub").text == "feeds"


def test_so_many_come_in_at_once_so_many_wait_and_the_others_are_told(house, monkeypatch):
    entry, _, api, dashboard = house
    dashboard.leave.clear()
    client = Client(entry)
    with ThreadPoolExecutor(4) as pool:
        inside = [pool.submit(client.get, "/editors/") for _ in range(2)]
        for _ in inside:
            assert dashboard.here.acquire(timeout=10)
        monkeypatch.setattr(admission, "TIMEOUT_SECONDS", 0.05)
        tired = client.get("/editors/")
        assert (tired.status_code, tired.text, tired.mimetype) == (503, f"{BUSY}\n", "text/plain")
        monkeypatch.setattr(admission, "TIMEOUT_SECONDS", 10.0)
        waiting = [pool.submit(client.get, path) for path in ("/editors/", "/api/v1/status")]
        until(lambda: entry._here._value == 0)
        for path, kind in (("/editors/", "text/plain"), ("/api/v1/status", "application/problem+json")):
            refused = client.get(path)
            assert (refused.status_code, refused.headers["Retry-After"], refused.mimetype) == (503, "1", kind)
            assert BUSY in refused.text and refused.headers["Cache-Control"] == "no-store"
        assert client.get("/feeds/all.atom").text == "feeds"
        dashboard.leave.set()
        assert [one.result(10).text for one in (*inside, *waiting)] == ["dashboard", "dashboard", "dashboard", "api"]
    assert dashboard.closed == 3 and api.closed == 1


def test_an_app_that_fails_gives_its_place_back(house):
    entry, _, api, _ = house
    api.close = None  # What is called at the end, and cannot be.
    for _ in range(5):
        with pytest.raises(TypeError):
            Client(entry).get("/api/v1/status")
    assert Client(entry).get("/editors/").text == "dashboard"
