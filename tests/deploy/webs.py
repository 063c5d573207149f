"""Two web processes and a worker on one database, and a cache in front of them."""

import contextlib
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support.service import Answer, Service, free_port, until

SETTINGS = """
[site]
base_url = "https://feeds.daily.example"
[editors]
trusted_proxies = 1
[cache.news]        # runs out after a second, and is then fetched before it is shown
cdn = 1
stale_while_revalidate = 0
[cache.patient]     # runs out after a second, and is then shown while it is fetched
cdn = 1
stale_while_revalidate = 3600
[cache.kept]        # does not run out within a test
cdn = 3600
[cache.strict]      # runs out after a second, and is never shown then
cdn = 1
stale_while_revalidate = 0
stale_if_error = 0
"""

SECTIONS = {"world": "news", "asia": "patient", "china": "kept", "taiwan": "strict"}
"""The sections by their cache times."""

PATIENCE = 60.0
"""Seconds for a process to start on a machine that has other things to do."""

FIRST = "The first story"
"""What stands in all of them."""


def configuration(folder: Path) -> Path:
    """A configuration whose cache times a test can wait for."""
    (folder / "syndication.toml").write_text(SETTINGS)
    tables = ['[all]\ntitle = "All"\ncache = "kept"\n']
    tables += [f'[[section]]\nslug = "{s}"\ntitle = "{s}"\ncache = "{c}"\n' for s, c in SECTIONS.items()]
    (folder / "sections.toml").write_text("\n".join(tables))
    return folder / "syndication.toml"


class Webs:
    """The machines behind a cache; ``web(0)`` and ``web(1)`` can be stopped and started again on their ports."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.env = {"SYNDICATION_CONFIG": str(configuration(folder))}
        self.ports = [free_port(), free_port()]
        (folder / "worker").mkdir()
        self.start_worker()
        self.running: dict[int, Service] = {}
        self.start_all()

    def start_worker(self, **env: str) -> None:
        """Start the worker, with more settings."""
        self.worker = Service(self.folder / "worker", "worker", url=self.url, env=self.env | env)

    def start(self, number: int, *, url: str = "") -> Service:
        """Starts a web process on its port, and waits for it; ``url`` is of another database."""
        service = self._launch(number, url)
        until(lambda: service.get("/healthz").status == 200, PATIENCE)
        return service

    def _launch(self, number: int, url: str = "") -> Service:
        folder = self.folder / f"web{number}"
        folder.mkdir(exist_ok=True)
        service = Service(folder, "web", url=url or self.url, env=self.env, port=self.ports[number])
        self.running[number] = service
        return service

    def stop(self, number: int) -> None:
        """Stop a web process."""
        self.running.pop(number).stop()

    def start_all(self) -> None:
        """Starts those that a test has stopped, both at the same time."""
        stopped = [number for number in range(2) if number not in self.running]
        for number in stopped:
            self._launch(number)
        for number in stopped:
            until(lambda n=number: self.running[n].get("/feeds/all.json").status == 200, PATIENCE)

    def close(self) -> None:
        """Stop everything."""
        for service in [*self.running.values(), self.worker]:
            service.stop()

    def put(self, id: str, title: str, *sections: str) -> None:
        """Publish a story, and wait until both web processes serve it."""
        line = {"id": id, "title": title, "url": f"/{id}", "sections": sections, "published_at": "2026-03-14T08:00:00Z"}
        done = self.worker.run("import", "-", input=json.dumps(line))
        assert done.returncode == 0, done.stderr
        self.until_served(lambda text: title in text, *sections)

    def withdraw(self, id: str, title: str, *sections: str) -> None:
        """Take a story out, and wait until no web process serves it."""
        assert self.worker.run("withdraw", id, "--no-wait").returncode == 0
        self.until_served(lambda text: title not in text, *sections)

    def until_served(self, wanted: Callable[[str], bool], *sections: str) -> None:
        """Wait until the feeds of each web process are as they should be."""
        for service in self.running.values():
            for slug in (*sections, "all"):
                until(lambda s=service, slug=slug: wanted(s.get(f"/feeds/{slug}.atom").body.decode()), PATIENCE)


class Front:
    """A server in front: asks it, with TLS if ``trust`` is a certificate."""

    host = "feeds.daily.example"

    def __init__(self, port: int, trust: Path | None = None) -> None:
        self.port = port
        self.context = ssl.create_default_context(cafile=str(trust)) if trust else None

    def connect(self, host: str | None = None) -> socket.socket:
        """A connection of its own."""
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        if self.context is None:
            return raw
        return self.context.wrap_socket(raw, server_hostname=host or self.host)

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """One request, with no header but these."""
        with contextlib.closing(_Connection(self)) as connection:
            connection.putrequest(method, path, skip_accept_encoding=True, skip_host=True)
            sent = {"Host": self.host} | ({"Content-Length": str(len(body))} if body else {}) | (headers or {})
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            return Answer(connection.getresponse())

    def get(self, path: str, headers: dict[str, str] | None = None, **more: str) -> Answer:
        """GET; ``more`` are headers with underscores for hyphens."""
        return self.ask("GET", path, (headers or {}) | {key.replace("_", "-"): value for key, value in more.items()})


class _Connection(http.client.HTTPConnection):
    """A connection to a front under its public name."""

    def __init__(self, front: Front) -> None:
        super().__init__(front.host, timeout=5)
        self._front = front

    def connect(self) -> None:
        self.sock: Any = self._front.connect()

    def _validate_path(self, url: str) -> None:
        """Hostile addresses are what some tests are about."""


@contextlib.contextmanager
def webs(folder: Path, url: str) -> Iterator[Webs]:
    """Two web processes, with a story in each section."""
    made = Webs(folder, url)
    try:
        made.put("first", FIRST, *SECTIONS)
        yield made
    finally:
        made.close()
