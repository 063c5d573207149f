"""A newsroom that tells outside hubs, with the engine that sends, and its callback on loopback over HTTP."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from syndication.config.loading import Settings, load_settings
from syndication.diagnostics import health
from syndication.diagnostics.health import Finding
from syndication.diagnostics.read_health import read_health
from syndication.hub.echo import EchoQueue
from syndication.hub.ping import PingQueue
from syndication.outbound.engine import Engine
from syndication.store.db.database import Database
from syndication.store.hub import echoes
from syndication.store.hub.echoes import Echo
from syndication.store.processes import web_processes, workers
from syndication.store.processes.web_processes import WebProcess
from syndication.store.processes.workers import WorkerProcess
from syndication.store.publishing import documents
from syndication.store.tables.hub import HubPingRow
from syndication.web.hub.echo import echo_app
from tests.support.desk import Desk
from tests.support.outside_hub import OutsideHub, outside_hub

SECTIONS = "".join(
    f'[[section]]\nslug = "{slug}"\ntitle = "{slug.title()}"\n' for slug in ("taiwan", "china", "sports")
)


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


class Publisher:
    """The newsroom. ``stop`` and ``start`` a worker's engine; web processes serve what ``serve`` says."""

    def __init__(self, database: Database, clock: Any, folder: Path, hubs: Sequence[str], more: str = "") -> None:
        self.database, self.clock = database, clock
        self._app: Any = None
        self.server = make_server(
            "127.0.0.1", 0, lambda *request: self._app(*request), threaded=True, request_handler=_Quiet
        )
        self.base_url = f"http://127.0.0.1:{self.server.server_port}"
        self._folder, self._hubs, self._more = folder, tuple(hubs), more
        self.settings = self._load()
        self._app = echo_app(self.settings, database)
        self.desk = Desk(database, clock, base_url=self.base_url, hubs=self.settings.site.hubs)
        self.tell()
        self.engine: Engine | None = None

    def _load(self) -> Settings:
        outside = ", ".join(f'"{hub}"' for hub in self._hubs)
        (self._folder / "sections.toml").write_text(SECTIONS)
        # A time-out on a busy machine would be a failure that a standing clock never repeats.
        more = self._more if "timeout" in self._more else f"timeout = 30\n{self._more}"
        (self._folder / "syndication.toml").write_text(
            f'[site]\nbase_url = "{self.base_url}"\n[hub]\noutside = [{outside}]\n{more}'
        )
        return load_settings(self._folder / "syndication.toml", {})

    def tell(self) -> None:
        """Lets the desk's worker add a ping for each publication."""
        self.desk.regenerator.policy = replace(self.desk.regenerator.policy, hubs=self.settings.hub.outside)

    def begin(self) -> None:
        """Publishes every feed, has a web process serve them, and starts to send."""
        self.desk.work()
        self.serve()
        self.start()

    def start(self) -> None:
        """Starts a worker's engine."""
        with self.database.write() as conn:
            now = self.database.now(conn)
            workers.record_heartbeat(conn, WorkerProcess("w", "here", 1, now, now))
        queues = [PingQueue(lambda: self.settings, "w"), EchoQueue(lambda: self.settings, "w")]
        for queue in queues:
            queue.look_seconds = 0.05
        self.engine = Engine(self.database, queues)
        self.engine.start()

    def stop(self) -> None:
        """Stops it."""
        if self.engine is not None:
            self.engine.stop()
            self.engine = None

    def publish(self, id: str, **changes: Any) -> None:
        """Publishes a story, a second later."""
        self.clock.advance(1)
        self.desk.put(id, published_at=self.clock(), updated_at=self.clock(), **changes)
        self.desk.work()

    def serve(self, id: str = "web", **older: int) -> None:
        """Records that a web process serves every version, but an older one of some sections."""
        with self.database.write() as conn:
            now = self.database.now(conn)
            serves = documents.read_versions(conn) | older
            web_processes.record_heartbeat(conn, WebProcess(id, "here", 1, now, now, now, serves))

    def later(self, seconds: float) -> None:
        """Lets time pass, in which web process and worker are running."""
        self.clock.advance(seconds)
        self.serve()
        with self.database.write() as conn:
            now = self.database.now(conn)
            workers.record_heartbeat(conn, WorkerProcess("w", "here", 1, now, now))

    def pings(self) -> list[HubPingRow]:
        """The rows, oldest first."""
        with self.database.read() as conn:
            return [row._mapping for row in conn.execute(select(HubPingRow.__table__).order_by(HubPingRow.id))]  # type: ignore[misc]

    def echo(self) -> Echo | None:
        """The subscription at the first hub."""
        with self.database.read() as conn:
            return next(iter(echoes.list_some(conn, self._hubs[:1])), None)

    def findings(self) -> list[Finding]:
        """What health says of hubs."""
        with self.database.read() as conn:
            found = read_health(conn, self.settings, self.database.now(conn), ())
        return [finding for finding in health.examine(found.facts) if "hub" in finding.words]

    def fetch(self, url: str) -> bytes:
        """Returns a topic as it is served now."""
        slug, _, format = url.removeprefix(f"{self.base_url}/feeds/").rpartition(".")
        return self.desk.document(slug, format).identity

    def urls(self, *slugs: str) -> list[str]:
        """The addresses of sections in every format."""
        return [f"{self.base_url}/feeds/{slug}.{format}" for slug in slugs for format in ("atom", "rss", "json")]


@contextlib.contextmanager
def publisher(
    database: Database, clock: Any, folder: Path, more: str = "", *, hubs: int = 1
) -> Iterator[tuple[Publisher, list[OutsideHub]]]:
    """Runs a newsroom with outside hubs; its first versions are published, and nobody was told of them."""
    made: list[Publisher] = []
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(outside_hub(lambda url: made[0].fetch(url))) for _ in range(hubs)]
        one = Publisher(database, clock, folder, [hub.url for hub in running], more)
        made.append(one)
        thread = threading.Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield one, running
        finally:
            one.stop()
            for hub in running:
                hub.released.set()
            one.server.shutdown()
            thread.join()
            one.server.server_close()
