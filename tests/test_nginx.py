"""Behind a real cache, nginx, the documented headers do what the README promises."""

import contextlib
import gzip
import http.client
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.service import Answer, free_port, running, until

NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx-light")

CONFIGURATION = """
{user}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path tmp/body; proxy_temp_path tmp/proxy; fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi; scgi_temp_path tmp/scgi;
  proxy_cache_path cache keys_zone=feeds:1m use_temp_path=off;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{origin};
      proxy_cache feeds;
      proxy_cache_revalidate on;
      add_header X-Cache $upstream_cache_status always;
    }}
  }}
}}
"""

LINE = {"id": "a1", "title": "A story", "url": "/a1", "sections": ["world"], "published_at": "2026-03-14T08:00:00Z"}


class Proxy:
    """nginx as a cache before a service; nothing in it names a time, so that ours are the ones that count."""

    def __init__(self, folder: Path, origin: int) -> None:
        self.port = free_port()
        (folder / "tmp").mkdir()
        user = "user root;" if Path("/proc/self").stat().st_uid == 0 else ""
        (folder / "nginx.conf").write_text(CONFIGURATION.format(user=user, port=self.port, origin=origin))
        self.log = (folder / "error.log").open("wb")
        self.process = subprocess.Popen([NGINX, "-p", f"{folder}/", "-c", "nginx.conf"], stderr=self.log)

    def get(self, path: str, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection):
            connection.putrequest("GET", path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            return Answer(connection.getresponse())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.log.close()


@pytest.fixture
def newsroom(tmp_path):
    """The service with short times for caches, and nginx before it."""
    (tmp_path / "nginx").mkdir()
    times = {"CDN": "1", "STALE_WHILE_REVALIDATE": "0"}
    with running(tmp_path, env={f"SYNDICATION_CACHE__NEWS__{key}": value for key, value in times.items()}) as service:
        service.ready()
        assert service.run("import", "-", input=json.dumps(LINE)).returncode == 0
        until(lambda: b"A story" in service.get("/feeds/world.atom").body)
        proxy = Proxy(tmp_path / "nginx", service.port)
        try:
            until(lambda: proxy.get("/healthz").status == 200)
            yield service, proxy
        finally:
            proxy.stop()


def fresh(proxy: Proxy, path: str, **headers: str) -> Answer:
    """An answer out of the cache; it may have run out between two questions, and then it is asked again."""
    return until(lambda: (a := proxy.get(path, **headers)).headers["x-cache"] == "HIT" and a)


def test_a_cache_keeps_a_feed_apart_by_coding_revalidates_it_and_outlives_the_origin(newsroom):
    service, proxy = newsroom
    path = "/feeds/world.atom"
    assert proxy.get(path).headers["x-cache"] == "MISS"
    plain = fresh(proxy, path)
    assert plain.headers["etag"] == service.get(path).headers["etag"]

    # Vary: each coding has its own place in the cache.
    assert proxy.get(path, Accept_Encoding="gzip").headers["x-cache"] == "MISS"
    packed = fresh(proxy, path, Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip" and gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "content-encoding" not in fresh(proxy, path).headers

    # A reader's conditional poll is answered by the cache.
    asked = fresh(proxy, path, Accept_Encoding="gzip", If_None_Match=packed.headers["etag"])
    assert (asked.status, asked.body) == (304, b"")

    # What ran out is asked for with its entity tag, and the origin's 304 renews it.
    again = until(lambda: (a := proxy.get(path)).headers["x-cache"] == "REVALIDATED" and a)
    assert again.body == plain.body

    # A new version is there when the copy has run out (s-maxage).
    assert service.run("withdraw", "a1").returncode == 0
    until(lambda: b"A story" not in proxy.get(path).body)

    # What may not be kept is not kept.
    for _ in range(2):
        assert proxy.get("/readyz").headers["x-cache"] == "MISS"

    # The origin is dead: stale-if-error lets the copy be served.
    current = proxy.get(path)
    assert service.stop() < 5
    stale = until(lambda: (a := proxy.get(path)).headers["x-cache"] == "STALE" and a)
    assert (stale.status, stale.body) == (200, current.body)
    assert proxy.get(path, If_None_Match=current.headers["etag"]).status == 304
    assert proxy.get("/feeds/china.atom").status == 502
