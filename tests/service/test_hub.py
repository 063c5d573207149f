"""Subscribing over HTTP at the whole service: the front, the editors process, and a worker that asks the callback."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.support.hub import Subscriber, subscriber
from tests.support.service import Answer, Service, running, until

FORM = {"Content-Type": "application/x-www-form-urlencoded"}

TOPIC = "https://feeds.ledger.example/feeds/world.atom"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    env = {
        "SYNDICATION_HUB__ALLOW_PRIVATE": "true", "SYNDICATION_HUB__PORTS": "",
        "SYNDICATION_SITE__BASE_URL": "https://feeds.ledger.example", "SYNDICATION_HUB__REQUESTS_PER_MINUTE": "20",
        "SYNDICATION_EDITORS__TRUSTED_PROXIES": "1",
    }  # fmt: skip
    with running(tmp_path_factory.mktemp("hub"), env=env) as service:
        until(lambda: service.get("/api/v1/docs").status == 200)  # The editors process answers requests to the hub.
        yield service.ready()


def ask(service: Service, callback: str, mode: str = "subscribe", client: str = "192.0.2.1", **more: str) -> Answer:
    form = {"hub.mode": mode, "hub.topic": TOPIC, "hub.callback": callback} | more
    return service.get("/hub", FORM | {"X-Forwarded-For": client}, "POST", urlencode(form))


def until_asked(reader: Subscriber, times: int) -> list[dict[str, str]]:
    until(lambda: len(reader.asked) >= times, 30)
    return reader.asked


def test_a_callback_is_asked_within_a_moment_of_each_request(service: Service) -> None:
    with subscriber() as reader:
        answer = ask(service, f"{reader.url}?key=1", **{"hub.lease_seconds": "7200"})
        assert (answer.status, answer.headers["cache-control"]) == (202, "no-store")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8" and answer.headers["x-request-id"]
        (asked,) = until_asked(reader, 1)
        assert (asked["hub.mode"], asked["hub.topic"]) == ("subscribe", TOPIC)
        assert (asked["key"], asked["hub.lease_seconds"]) == ("1", "7200")
        until(lambda: "hub_subscribed" in service.log.read_text(), 30)
        assert ask(service, f"{reader.url}?key=1", "unsubscribe").status == 202
        until(lambda: any(asked["hub.mode"] == "unsubscribe" for asked in reader.asked), 30)
        until(lambda: "hub_unsubscribed" in service.log.read_text(), 30)
    assert "key=1" not in service.log.read_text()


def test_a_page_tells_people_what_the_address_is(service: Service) -> None:
    page = service.get("/hub")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"hub.callback" in page.body and b"https://feeds.ledger.example/hub" in page.body
    head = service.get("/hub", method="HEAD")
    assert (head.status, head.body) == (200, b"") and head.headers["content-length"] == page.headers["content-length"]
    for method in ("PUT", "DELETE", "PATCH"):
        answer = service.get("/hub", method=method)
        assert answer.status == 405 and {"GET", "HEAD", "POST"} <= set(answer.headers["allow"].split(", "))


def test_what_is_wrong_is_said_in_words(service: Service) -> None:
    assert (refused := ask(service, "http://user@reader.example/")).status == 422 and b"user name" in refused.body
    assert ask(service, "https://reader.example/", "subscribe", **{"hub.topic": "https://x.example/"}).status == 404
    assert service.get("/hub", FORM, "POST", "%ff=%fe").status == 400
    assert (large := service.get("/hub", FORM, "POST", 20_000 * "x")).status == 413 and b"16 KiB" in large.body
    assert service.get("/hub/nothing").status == 404


def test_a_flood_of_one_client_keeps_nobody_else_out(service: Service) -> None:
    said = [ask(service, f"http://127.0.0.1:9/{n}", client="198.51.100.7").status for n in range(40)]
    assert said[:20] == 20 * [202] and set(said[20:]) == {429}
    assert ask(service, "http://127.0.0.1:9/", client="198.51.100.8").status == 202
    assert service.get("/feeds/world.atom").status == 200
