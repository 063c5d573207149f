"""Programs that people read feeds with unpack gzip that was joined from pieces: the same bytes for all of them."""

import gzip
import shutil
import subprocess

import feedparser
import pytest

from tests.support.service import Service

FORMATS = ["atom", "rss", "json"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("accept", ["gzip", "gzip, br, zstd"])
@pytest.mark.parametrize("format", FORMATS)
def test_curl_unpacks_a_feed(bundled_service: Service, format: str, accept: str) -> None:
    path = f"/feeds/all.{format}"
    plain = bundled_service.get(path, {"Accept-Encoding": "identity"})
    address = f"http://127.0.0.1:{bundled_service.port}{path}"
    curl = ["curl", "-sS", "--fail", "--compressed", "-H", f"Accept-Encoding: {accept}", address]
    done = subprocess.run(curl, capture_output=True, check=True)
    assert done.stdout == plain.body and done.stderr == b""


@pytest.mark.parametrize("format", ["atom", "rss"])
def test_feedparser_unpacks_a_feed(bundled_service: Service, format: str) -> None:
    path = f"/feeds/all.{format}"
    plain = feedparser.parse(bundled_service.get(path, {"Accept-Encoding": "identity"}).body)
    found = feedparser.parse(f"http://127.0.0.1:{bundled_service.port}{path}")
    assert found.headers["content-encoding"] == "gzip" and not found.bozo
    assert [entry.id for entry in found.entries] == [entry.id for entry in plain.entries]


@pytest.mark.parametrize("format", FORMATS)
def test_a_copy_in_gzip_is_still_right_for_who_prefers_another_coding(bundled_service: Service, format: str) -> None:
    path = f"/feeds/all.{format}"
    packed = bundled_service.get(path, {"Accept-Encoding": "gzip"})
    again = bundled_service.get(path, {"Accept-Encoding": "br, gzip", "If-None-Match": packed.headers["etag"]})
    assert (again.status, again.headers["etag"]) == (304, packed.headers["etag"])
    other = bundled_service.get(path, {"Accept-Encoding": "br, gzip"})
    assert other.headers["content-encoding"] == "br" and other.headers["etag"] != packed.headers["etag"]
    plain = bundled_service.get(path, {"Accept-Encoding": "identity"})
    assert gzip.decompress(packed.body) == plain.body and int(plain.headers["content-length"]) == len(plain.body)
