"""Answers to crawlers: validators for each encoding, cache times, keys, and what is missing."""

import gzip
from http import HTTPStatus

import brotli
import pytest
import zstandard

from syndication.serve.sitemaps import Sitemap, Sitemaps, respond_to_crawler
from tests.support.newsroom import NOON

BODY = b"<urlset/>" * 50
CODED = {
    "gzip": gzip.compress(BODY),
    "br": brotli.compress(BODY),
    "zstd": zstandard.ZstdCompressor().compress(BODY),
}
DECODED = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstandard.decompress, "identity": bytes}


def ask(path="/sitemap-news.xml", modified=NOON, keys=True, **headers):
    files = {p: Sitemap(p, 7, "abc", modified, CODED) for p in ("/sitemap-news.xml", "/sitemap-2026-03.xml")}
    status, answered, body = respond_to_crawler(Sitemaps(files, 3), path, headers, surrogate_keys=keys)
    return status, dict(answered), body


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "identity"])
def test_each_encoding_has_its_own_validator_and_a_304(encoding):
    status, headers, body = ask(HTTP_ACCEPT_ENCODING=encoding)
    assert (status, DECODED[encoding](body)) == (HTTPStatus.OK, BODY)
    assert headers["ETag"] == f'"7-abc-{encoding}"' and headers["Content-Length"] == str(len(body))
    assert headers.get("Content-Encoding", "identity") == encoding
    assert headers["Content-Type"] == "application/xml; charset=utf-8" and headers["Vary"] == "Accept-Encoding"
    assert headers["Last-Modified"] == "Sat, 14 Mar 2026 12:00:00 GMT"
    status, again, body = ask(HTTP_ACCEPT_ENCODING=encoding, HTTP_IF_NONE_MATCH=headers["ETag"])
    assert (status, body) == (HTTPStatus.NOT_MODIFIED, b"")
    assert {name: headers[name] for name in again} == again and "Content-Length" not in again
    assert ask(HTTP_ACCEPT_ENCODING=encoding, HTTP_IF_NONE_MATCH='"6-abc-gzip"')[0] == HTTPStatus.OK


def test_the_time_decides_without_a_validator_unless_the_clock_was_behind():
    since = {"HTTP_IF_MODIFIED_SINCE": "Sat, 14 Mar 2026 12:00:00 GMT"}
    assert ask(**since)[0] == HTTPStatus.NOT_MODIFIED
    status, headers, _ = ask(modified=None, **since)
    assert status == HTTPStatus.OK and "Last-Modified" not in headers


def test_the_news_are_kept_for_a_minute_and_the_archive_for_five():
    assert "max-age=60," in ask()[1]["Cache-Control"]
    assert "max-age=300," in ask("/sitemap-2026-03.xml")[1]["Cache-Control"]


def test_keys_name_the_file_and_all_sitemaps_if_a_cache_uses_them():
    headers = ask("/sitemap-2026-03.xml")[1]
    assert headers["Surrogate-Key"] == "sitemap-2026-03 sitemaps" and headers["Cache-Tag"] == "sitemap-2026-03,sitemaps"
    assert headers["CDN-Cache-Control"].startswith("max-age=300,")
    assert not {"Surrogate-Key", "Cache-Tag", "CDN-Cache-Control"} & set(ask(keys=False)[1])


def test_a_sitemap_that_robots_txt_names_and_nobody_wrote_comes_soon_and_any_other_is_missing():
    status, headers, _ = ask("/sitemap.xml")
    assert status == HTTPStatus.SERVICE_UNAVAILABLE and headers["Retry-After"] == "5"
    assert headers["Cache-Control"] == "no-store"
    status, headers, _ = ask("/sitemap-1999-01.xml")
    assert status == HTTPStatus.NOT_FOUND and headers["Cache-Control"] == "public, max-age=60"


def test_a_client_that_accepts_nothing_gets_the_file_as_it_is():
    status, headers, body = ask(HTTP_ACCEPT_ENCODING="identity;q=0, *;q=0")
    assert (status, body) == (HTTPStatus.OK, BODY) and "Content-Encoding" not in headers
