"""Web processes behind nginx are restarted one after the other, and no poll fails."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.deploy.programs import needs, program
from tests.support.desk import publish_bundled
from tests.support.hostile import worker_of
from tests.support.service import Service, free_port, running, until

CONFIGURATION = """
{user}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path tmp/body; proxy_temp_path tmp/proxy; fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi; scgi_temp_path tmp/scgi;
  # With max_fails one that was just away would be left out when the other one goes.
  upstream feeds {{ server 127.0.0.1:{first} max_fails=0; server 127.0.0.1:{second} max_fails=0; keepalive 8; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://feeds;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream error timeout http_503;
    }}
  }}
}}
"""


class Polling:
    """Readers who poll a hundred times a second, each on a new connection, until the end of the block."""

    def __init__(self, port: int, readers: int = 4) -> None:
        self.port = port
        self.answers = 0
        self.errors: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._poll) for _ in range(readers)]

    def _poll(self) -> None:
        while not self._stop.wait(0.01):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                connection.request("GET", "/feeds/all.atom")
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.errors.append(str(answer.status))
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(repr(error))
            finally:
                connection.close()
            self.answers += 1

    def __enter__(self) -> "Polling":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def status(port: int) -> int:
    """Returns the status of a response on a port."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", "/healthz")
        return connection.getresponse().status


@contextlib.contextmanager
def before(folder: Path, first: int, second: int):
    """Runs nginx in front of two web processes; yields its port."""
    port = free_port()
    (folder / "tmp").mkdir(parents=True)
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(CONFIGURATION.format(user=user, port=port, first=first, second=second))
    with (folder / "error.log").open("wb") as log:
        process = subprocess.Popen([program("nginx"), "-p", f"{folder}/", "-c", "nginx.conf"], stderr=log)
    try:
        until(lambda: status(port) == 200)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def restarted(old: Service, url: str, env: dict[str, str]) -> Service:
    """Stops a web process and starts another one on its port."""
    old.process.send_signal(signal.SIGTERM)
    assert old.process.wait(15) == 0
    new = Service(old.folder, "web", url=url, env=env, port=old.port)
    until(lambda: new.get("/feeds/all.atom").status == 200)
    return new


@pytest.fixture
def url(sqlite_url):
    publish_bundled(sqlite_url)
    return sqlite_url


@needs("nginx")
@pytest.mark.parametrize("drain", ["0", pytest.param("0.5", marks=pytest.mark.thorough)])
def test_rolling_restart_behind_nginx_drops_no_poll(tmp_path, url, drain):
    env = {"SYNDICATION_SERVER__DRAIN_SECONDS": drain}
    webs = []
    try:
        webs += [Service(tmp_path, "web", url=url, env=env) for _ in range(2)]
        for web in webs:
            until(lambda web=web: web.get("/feeds/all.atom").status == 200)
        with before(tmp_path / "nginx", webs[0].port, webs[1].port) as port, Polling(port) as polling:
            for n in range(2):
                webs[n] = restarted(webs[n], url, env)
            seen = polling.answers
            until(lambda: polling.answers > seen + 100)
    finally:
        for web in webs:
            web.stop()
    assert polling.answers > 300
    assert polling.errors == []


def test_draining_web_process_answers_and_closes_its_connections(tmp_path, url):
    env = {"SYNDICATION_SERVER__DRAIN_SECONDS": "2"}
    with running(tmp_path, "web", url=url, env=env) as web, contextlib.ExitStack() as stack:
        until(lambda: web.get("/readyz").status == 200)
        kept = stack.enter_context(contextlib.closing(http.client.HTTPConnection("127.0.0.1", web.port, timeout=5)))
        kept.request("GET", "/readyz")
        ready = kept.getresponse()
        assert ready.status == 200 and json.loads(ready.read())["database"] == "ok"
        assert worker_of(web.process.pid) != web.process.pid
        web.process.send_signal(signal.SIGTERM)
        until(lambda: web.get("/readyz").status == 503)
        kept.request("GET", "/feeds/all.atom")
        last = kept.getresponse()
        assert last.status == 200 and last.headers["Connection"] == "close" and last.read()
        # New connections are accepted while it drains.
        assert web.get("/feeds/all.atom").status == 200
        kept.close()
        assert web.process.wait(15) == 0


def test_request_in_progress_at_sigterm_is_answered(tmp_path, url):
    """A form that is still arriving when SIGTERM comes."""
    with running(tmp_path, "web", url=url) as web:
        until(lambda: web.get("/editors/login").status == 200)
        connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=5)
        connection.putrequest("POST", "/editors/login")
        connection.putheader("Content-Type", "application/x-www-form-urlencoded")
        connection.putheader("Content-Length", "5")
        connection.endheaders()
        connection.send(b"na")
        time.sleep(0.3)  # Nothing shows from outside that it is being read.
        web.process.send_signal(signal.SIGTERM)
        until(lambda: "Shutting down granian" in web.log.read_text())
        connection.send(b"me=")
        assert connection.getresponse().status == 400
        connection.close()
