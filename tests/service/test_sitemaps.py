"""The sitemaps of a running service over HTTP, from the first story to its withdrawal."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import brotli
import pytest
import zstandard

from tests.support.caches import cache
from tests.support.service import running, until
from tests.support.sitemap_rules import addresses

DECODED = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstandard.decompress, "identity": bytes}

HOME = "https://www.example.org"


@pytest.fixture(scope="module")
def purged():
    with cache() as purged:
        yield purged


@pytest.fixture(scope="module")
def service(tmp_path_factory, purged):
    env = {
        "SYNDICATION_SITE__HOME_URL": HOME,
        "SYNDICATION_SITE__BASE_URL": "https://feeds.example.org",
        "SYNDICATION_PURGE__URL": f"{purged.url}{{path}}",
        "SYNDICATION_PURGE__METHOD": "PURGE",
    }
    with running(tmp_path_factory.mktemp("sitemaps"), env=env) as service:
        yield service.ready()


def put(service, id, **changes):
    line = {"id": id, "title": f"Story {id}", "url": f"/{id}", "sections": ["world"], "status": "published", **changes}
    line.setdefault("published_at", datetime.now(UTC).isoformat())
    assert service.run("import", "-", input=json.dumps(line)).returncode == 0


def listed(service, path, encoding="identity"):
    answer = service.get(path, {"Accept-Encoding": encoding})
    return addresses(DECODED[encoding](answer.body)) if answer.status == 200 else None


def test_a_story_is_in_the_sitemaps_soon_and_out_of_them_when_it_is_withdrawn(service, purged):
    now = datetime.now(UTC)
    month = f"/sitemap-{now:%Y-%m}.xml"
    put(service, "old", published_at="2019-05-06T07:08:09Z")
    put(service, "draft", status="draft")
    put(service, "later", published_at=(now + timedelta(hours=1)).isoformat())
    put(service, "s1", published_at=now.isoformat())
    until(lambda: listed(service, "/sitemap-news.xml") == [f"{HOME}/s1"])
    until(lambda: listed(service, month) == [f"{HOME}/s1"])
    until(lambda: listed(service, "/sitemap-2019-05.xml") == [f"{HOME}/old"])
    until(
        lambda: (
            listed(service, "/sitemap.xml")
            == [f"https://feeds.example.org{path}" for path in (month, "/sitemap-2019-05.xml")]
        )
    )
    until(lambda: {"/sitemap-news.xml", "/sitemap.xml", month} <= {asked.path for asked in purged.asked})
    assert service.run("withdraw", "s1").returncode == 0
    until(lambda: listed(service, "/sitemap-news.xml") == [f"{HOME}/"])
    until(lambda: service.get(month).status == 404)
    assert listed(service, "/sitemap-2019-05.xml") == [f"{HOME}/old"]


def test_each_encoding_is_the_same_file_with_its_own_validator(service):
    put(service, "s2")
    until(lambda: listed(service, "/sitemap-news.xml") == [f"{HOME}/s2"])
    tags = set()
    for encoding, decode in DECODED.items():
        asked = {"Accept-Encoding": encoding}
        answer = service.get("/sitemap-news.xml", asked)
        assert addresses(decode(answer.body)) == [f"{HOME}/s2"]
        assert answer.headers["content-type"] == "application/xml; charset=utf-8"
        tags.add(answer.headers["etag"])
        again = service.get("/sitemap-news.xml", asked | {"If-None-Match": answer.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
        head = service.get("/sitemap-news.xml", asked, method="HEAD")
        assert (head.status, head.body, head.headers["etag"]) == (200, b"", answer.headers["etag"])
        assert head.headers["content-length"] == str(len(answer.body))
    assert len(tags) == 4


def test_robots_txt_names_the_sitemaps(service):
    text = service.get("/robots.txt").body.decode()
    assert "Sitemap: https://feeds.example.org/sitemap.xml\nSitemap: https://feeds.example.org/sitemap-news.xml" in text
