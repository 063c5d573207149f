"""The site's own nginx or Varnish, as in ``deploy/``, sends the feed addresses here and everything else to the CMS."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.nginx import AROUND
from tests.deploy.programs import DEPLOY, needs, program, substituted
from tests.deploy.webs import Front
from tests.support.old_site import SECTIONS, configure, old_site, publish, served_by_us
from tests.support.service import command, free_port, until

HUGO_AND_OTHERS = """
[[old_site]]
system = "ghost"
authors = { mei = "taiwan" }
[[old_site]]
system = "hugo"
[[old_site]]
system = "drupal"
terms = { 7 = "world" }
"""


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    """The CMS, and this service as it answers polls."""
    folder = tmp_path_factory.mktemp("old-feeds")
    with old_site() as cms, old_site() as ours:
        configure(folder, cms.url, SECTIONS + HUGO_AND_OTHERS)
        assert command("migrate", folder=folder, env={}).returncode == 0
        publish(folder)
        ours.front = served_by_us(folder)
        cms.front = lambda target, _: (200, {"X-From": "cms", "Content-Type": "text/html"}, target.encode())
        yield cms, ours


@contextlib.contextmanager
def started(front: Front, *words: str | Path, log: Path) -> Iterator[Front]:
    with (
        log.open("wb") as told,
        subprocess.Popen([program(str(words[0])), *map(str, words[1:])], stderr=told) as process,
    ):
        try:
            until(lambda: front.connect().close() is None)
            yield front
        finally:
            process.terminate()


def nginx(folder: Path, cms: int, ours: int) -> contextlib.AbstractContextManager[Front]:
    front = Front(free_port())
    site = substituted(
        (DEPLOY / "nginx/old-feeds.conf").read_text(),
        ("web1.daily.example:8000", f"127.0.0.1:{ours}"),
        ("    server web2.daily.example:8000 max_fails=2 fail_timeout=5s;\n", ""),
        ("cms.daily.example:8080", f"127.0.0.1:{cms}"),
        ("listen 443 ssl http2", f"listen 127.0.0.1:{front.port}"),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("    ssl_certificate /etc/ssl/daily/fullchain.pem;\n", ""),
        ("    ssl_certificate_key /etc/ssl/daily/privkey.pem;\n", ""),
    )
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(AROUND.format(user="user root;" if os.getuid() == 0 else ""))
    return started(front, "nginx", "-p", f"{folder}/", "-c", "nginx.conf", log=folder / "log")


def varnish(folder: Path, cms: int, ours: int) -> contextlib.AbstractContextManager[Front]:
    front = Front(free_port())
    old_feeds = substituted(
        (DEPLOY / "varnish/old-feeds.vcl").read_text(),
        ('.host = "web1.daily.example";\n    .port = "8000"', f'.host = "127.0.0.1";\n    .port = "{ours}"'),
    )
    (folder / "old-feeds.vcl").write_text(old_feeds)
    site = f'vcl 4.1;\ninclude "{folder}/old-feeds.vcl";\nbackend cms {{ .host = "127.0.0.1"; .port = "{cms}"; }}\n'
    # The first backend is Varnish's default.
    site += "sub vcl_recv { set req.backend_hint = cms; }\n"
    (folder / "site.vcl").write_text(site)
    return started(
        front, "varnishd", "-F", "-j", "none", "-n", folder / "varnish", "-a", f"127.0.0.1:{front.port}", "-T", "none",
        "-f", folder / "site.vcl", log=folder / "log",
    )  # fmt: skip


FRONTS = [
    pytest.param(nginx, marks=needs("nginx"), id="nginx"),
    pytest.param(varnish, marks=needs("varnishd"), id="varnish"),
]


@pytest.fixture(scope="module", params=FRONTS)
def front(request, sites, tmp_path_factory):
    cms, ours = (site.server_address[1] for site in sites)
    with request.param(tmp_path_factory.mktemp("front"), cms, ours) as front:
        yield front


OURS = [
    "/feed/",
    "/feed",
    "/feed/atom/?utm_source=x",
    "/rss2/",
    "/wp-rss2.php",
    "/?feed=rss2",
    "/?utm_source=x&feed=atom",
    "/index.php?feed=rss2",
    "/category/news/asia/feed/",
    "/category/world/?feed=atom",
    "/tag/ferries/feed/rss2/",
    "/?feed=rss2&tag=ferries",
    "/rss/",
    "/tag/world/rss/",
    "/author/mei/rss/",
    "/index.xml",
    "/world/index.xml",
    "/rss.xml",
    "/taxonomy/term/7/feed",
]
CMS = [
    "/",
    "/2026/03/feed-the-birds/",
    "/2026/03/story/feed/",
    "/category/world/",
    "/?s=feed",
    "/feeding/",
    "/comments/feed/",
    "/tag/unknown/feed/",
    "/?feed=rss2&cat=9",
    "/unknown/index.xml",
    "/feeds/world.rss",
    "/api/v1/articles",
    "/editors",
]


@pytest.mark.parametrize("path", OURS)
def test_an_old_feed_address_is_answered_from_here(front, path):
    answer = front.get(path)
    assert answer.status == 200 and 'rel="self"' in answer.headers["link"]
    assert "feeds.daily.example/feeds/" in answer.headers["link"]


@pytest.mark.parametrize("path", CMS)
def test_everything_else_is_answered_by_the_cms_as_before(front, path):
    answer = front.get(path)
    assert (answer.status, answer.headers.get("x-from"), answer.body.decode()) == (200, "cms", path)


def test_an_unchanged_feed_gets_304_through_the_front(front):
    tag = front.get("/category/asia/feed/", Accept_Encoding="gzip").headers["etag"]
    assert front.get("/category/asia/feed/", Accept_Encoding="gzip", If_None_Match=tag).status == 304
