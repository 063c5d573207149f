"""The public pages: the list of feeds, and errors."""

from types import SimpleNamespace
from typing import Any

import pytest

from syndication.serve.catalogue import Catalogue
from syndication.serve.poll_counter import PollCounter
from syndication.web.public_pages import flask_app
from syndication.web.wsgi.feed_middleware import FeedMiddleware
from tests.support.newsroom import section, site

EVIL = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}


def client(**changes: Any):
    sections = {
        slug: section(slug, title=title, feed_title=shown)
        for slug, title, shown in (
            ("all", "The Daily Example", "The Daily Example"),
            ("asia", "Asia & us", "Asia & us – The Daily Example"),
        )
    }
    catalogue = Catalogue.empty(site(**changes), sections, {}, frozenset())
    loader: Any = SimpleNamespace(catalogue=catalogue, counter=PollCounter())
    app = flask_app(loader)
    app.wsgi_app = FeedMiddleware(app.wsgi_app, loader)  # type: ignore[method-assign]
    return app.test_client()


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", ["/feeds", "/feeds/", "/feeds//all.atom", "/static", "/x"])
def test_no_redirect_is_built_of_the_host_header(method, path):
    answer = client().open(path, method=method, headers=EVIL)
    assert answer.status_code in (404, 204, 405)
    assert "Location" not in answer.headers
    assert b"evil.example" not in answer.data and "evil.example" not in str(answer.headers)


def test_the_list_of_feeds_has_no_address_below_feeds():
    answer = client().get("/feeds", headers=EVIL)
    assert (answer.status_code, answer.data) == (404, b"Feed not found.\n")


@pytest.mark.parametrize("path", ["/nothing", "/favicon.ico", "/static/nothing.css", "/static/", "/feed", "/.env"])
def test_what_is_not_there_is_said_safely_and_for_a_minute(path):
    answer = client().get(path)
    assert (answer.status_code, answer.data) == (404, b"There is nothing at this address.\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_wrong_method_is_said_safely():
    answer = client().post("/healthz")
    assert (answer.status_code, answer.data) == (405, b"This address can only be read.\n")
    assert "GET" in answer.headers["Allow"] and answer.headers["X-Content-Type-Options"] == "nosniff"


def test_every_address_of_the_page_is_below_the_configured_one():
    page = client(base_url="https://daily.example/syndication").get("/", headers=EVIL).text
    assert page.count('href="') == page.count('href="https://daily.example/syndication/') + 1, "but the skip link"
    assert page.count('rel="alternate"') == 2 * 3
    assert 'title="Asia &amp; us – The Daily Example (Atom)"' in page and ">Asia &amp; us</a></h2>" in page
    for name in ("front.css", "icon.svg"):
        assert f'href="https://daily.example/syndication/static/{name}"' in page
        with client().get(f"/static/{name}") as answer:
            assert answer.status_code == 200
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "public, max-age=3600"
            assert answer.headers["Content-Type"].startswith("text/css" if name == "front.css" else "image/svg+xml")


def test_the_policy_of_the_page_allows_what_it_needs():
    answer = client().get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert " style=" not in answer.text and answer.text.count("<script") == 1
