"""An outside hub on loopback, as public ones are: it verifies, and on a ping fetches and distributes.

What it fetches is signed with the subscriber's secret. It may also drop pings, answer errors, or never answer.
"""

import contextlib
import hashlib
import hmac
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

from tests.support.serving import serving

Fetch = Callable[[str], bytes]


def fetch_by_http(url: str) -> bytes:
    """Returns a topic as it is served now."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
        return body


@dataclass
class Subscription:
    """What a subscriber asked for, and whether it confirmed."""

    topic: str
    callback: str
    secret: str
    lease: int
    confirmed: bool = False


@dataclass
class Behaviour:
    """How the hub behaves; a test changes it while the hub runs."""

    drops: bool = False
    """It answers 204 and distributes nothing."""
    status: int | None = None
    """It answers this to everything."""
    silent: bool = False
    """It never answers."""
    denies: str | None = None
    """It denies subscriptions for this reason."""
    signs: str = "sha256"
    lease: int | None = None
    """The lease that it grants; None: as asked for."""


class OutsideHub(ThreadingHTTPServer):
    """The hub; ``forms`` are all that it was sent, ``deliveries`` what callbacks answered to contents."""

    daemon_threads = True

    def __init__(self, fetch: Fetch) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fetch = fetch
        self.behaviour = Behaviour()
        self.forms: list[dict[str, list[str]]] = []
        self.subscriptions: list[Subscription] = []
        self.confirmations: list[tuple[int, bytes]] = []
        self.deliveries: list[int] = []
        self.released = threading.Event()
        self.changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    @property
    def pings(self) -> list[list[str]]:
        """The addresses that each ping named."""
        return [form["hub.url"] for form in self.forms if form.get("hub.mode") == ["publish"]]

    def wait_for(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: bool(condition()), seconds), (self.forms, self.deliveries)

    def note(self, kept: list[Any], value: object) -> None:
        with self.changed:
            kept.append(value)
            self.changed.notify_all()

    def verify(self, wanted: Subscription) -> None:
        """Asks the callback (WebSub section 5.3), or tells it that it is denied (5.2)."""
        mode = "denied" if self.behaviour.denies is not None else "subscribe"
        question = {"hub.mode": mode, "hub.topic": wanted.topic}
        if self.behaviour.denies is not None:
            question["hub.reason"] = self.behaviour.denies
        else:
            lease = self.behaviour.lease or wanted.lease
            question |= {"hub.challenge": "a challenge & more", "hub.lease_seconds": str(lease)}
        status, body = _request(f"{wanted.callback}?{urlencode(question)}")
        wanted.confirmed = status == 200 and body == b"a challenge & more"
        self.note(self.confirmations, (status, body))

    def distribute(self, topics: list[str]) -> None:
        """Fetches each topic, and sends it to whoever subscribed to it."""
        for one in [one for one in self.subscriptions if one.confirmed and one.topic in topics]:
            body = self.fetch(one.topic)
            digest = hmac.new(one.secret.encode(), body, getattr(hashlib, self.behaviour.signs)).hexdigest()
            headers = {"Content-Type": "application/atom+xml", "X-Hub-Signature": f"{self.behaviour.signs}={digest}"}
            headers["Link"] = f'<{self.url}>; rel="hub", <{one.topic}>; rel="self"'
            status, _ = _request(one.callback, body, headers)
            self.note(self.deliveries, status)


class _Handler(BaseHTTPRequestHandler):
    server: OutsideHub

    def do_POST(self) -> None:
        hub, behaviour = self.server, self.server.behaviour
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
        hub.note(hub.forms, form | {"content-type": [self.headers["Content-Type"]]})
        if behaviour.silent:
            hub.released.wait()
            return
        if behaviour.status is not None:
            self._answer(behaviour.status)
        elif form["hub.mode"] == ["publish"]:
            self._answer(204)
            if not behaviour.drops:
                hub.distribute(form["hub.url"])
        else:
            self._subscribe(form)

    def _subscribe(self, form: dict[str, list[str]]) -> None:
        hub = self.server
        wanted = Subscription(
            form["hub.topic"][0], form["hub.callback"][0], form["hub.secret"][0], int(form["hub.lease_seconds"][0])
        )
        hub.subscriptions = [one for one in hub.subscriptions if one.callback != wanted.callback] + [wanted]
        self._answer(202)
        hub.verify(wanted)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


def _request(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers or {}), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError:
        return 0, b""


@contextlib.contextmanager
def outside_hub(fetch: Fetch = fetch_by_http) -> Iterator[OutsideHub]:
    """Runs a hub."""
    hub = OutsideHub(fetch)
    with serving(hub, hub.released):
        yield hub
