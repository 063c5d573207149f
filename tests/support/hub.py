"""The hub on a real database: its app, and the queue that asks callbacks, whose servers are on loopback."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select

from syndication.config.hub_schema import HubSettings
from syndication.config.loading import Settings, load_settings
from syndication.hub.verify import Verified, VerifyQueue
from syndication.store.db.database import Database
from syndication.store.hub.intents import Intent
from syndication.store.tables.hub import HubIntentRow, HubSubscriptionRow
from syndication.web.hub.app import hub_app
from tests.support.web_server import Asked, Piece, WebServer, answer, serving

BASE = "https://feeds.daily.example"
TOPIC = f"{BASE}/feeds/taiwan.atom"


def settings_with(**hub: Any) -> Settings:
    """Returns the bundled settings with a hub that may call loopback."""
    environ = {"SYNDICATION_SITE__BASE_URL": BASE, "SYNDICATION_HUB__ALLOW_PRIVATE": "true"}
    settings = load_settings(environ=environ)
    found = HubSettings.model_validate({"allow_private": True, "ports": [], "timeout": 5.0} | hub)
    return replace(settings, hub=found)


class Hub:
    """The app below /hub, and a worker's queue."""

    def __init__(self, database: Database, **hub: Any) -> None:
        self.database = database
        self.settings = settings_with(**hub)
        self.app = hub_app(self.settings, database)

    def post(self, callback: str, mode: str = "subscribe", topic: str = TOPIC, address: str = "192.0.2.1", **more: Any):
        """Sends a request from a client's address; further parameters go without ``hub.``."""
        form = {"hub.callback": callback, "hub.mode": mode, "hub.topic": topic}
        form |= {f"hub.{name}": value for name, value in more.items()}
        return self.app.test_client().post("/hub", data=form, environ_base={"REMOTE_ADDR": address})

    def work(self, most: int = 100) -> Sequence[tuple[Intent, Verified]]:
        """Asks all callbacks that are due, as a worker does; returns what they said."""
        queue = VerifyQueue(lambda: self.settings, "w1")
        with self.database.write() as conn:
            jobs = queue.claim(conn, self.database.now(conn), most, ())

        async def attempt() -> list[Verified]:
            try:
                return await asyncio.gather(*(queue.attempt(job) for job in jobs))
            finally:
                await queue.close()

        done = list(zip(jobs, asyncio.run(attempt()), strict=True))
        with self.database.write() as conn:
            queue.record(conn, self.database.now(conn), done)
        return done

    def subscribe(self, callback: str, **more: Any) -> None:
        """Subscribes a callback that confirms."""
        assert self.post(callback, **more).status_code == 202
        self.work()

    @property
    def subscriptions(self) -> list[Any]:
        """The subscriptions, oldest first."""
        return self._rows(HubSubscriptionRow)

    @property
    def intents(self) -> list[Any]:
        """What waits, oldest first."""
        return self._rows(HubIntentRow)

    def _rows(self, table: Any) -> list[Any]:
        with self.database.read() as conn:
            return list(conn.execute(select(table.__table__).order_by(table.id)))


@dataclass
class Subscriber:
    """A callback server; ``says`` is what it answers, None: the challenge."""

    server: WebServer
    says: bytes | None = None

    @property
    def url(self) -> str:
        return f"{self.server.url}/push"

    @property
    def asked(self) -> list[dict[str, str]]:
        """The parameters of each request; of repeated ones the last."""
        return [parameters(asked) for asked in self.server.asked]


def parameters(asked: Asked) -> dict[str, str]:
    pairs = parse_qs(urlsplit(asked.target).query, keep_blank_values=True)
    return {name: values[-1] for name, values in pairs.items()}


@contextmanager
def subscriber(says: bytes | None = None) -> Iterator[Subscriber]:
    """Runs a callback server, which confirms whatever it is asked unless told otherwise."""

    def answers(asked: Asked) -> bytes | Iterator[Piece]:
        if found.says is not None:
            return found.says
        return answer(body=parameters(asked).get("hub.challenge", "").encode())

    with serving(answers) as server:
        found = Subscriber(server, says)
        yield found
