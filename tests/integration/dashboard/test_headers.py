"""The headers of every response, and pages without inline code or external resources."""

import hashlib
import re
from base64 import b64encode
from urllib.parse import urlsplit

import pytest

from syndication.dashboard.pages import POLICY
from tests.integration.dashboard.test_access import SCOPE_OF
from tests.support.dashboard import PREFIX
from tests.support.newsroom import at

PAGES = [path for method, path in SCOPE_OF if method == "GET"]

LOADED = {"script": "src", "link": "href", "img": "src", "source": "srcset", "iframe": "src", "form": "action"}
"""Attributes with addresses that a browser loads from or sends to."""

STATIC = ("dashboard.css", "dashboard.js", "icon.svg")


@pytest.fixture
def newsroom(dashboard):
    """A newsroom with content for every page."""
    for number in range(3):
        dashboard.desk.put(f"a{number}", expires_at=at(hours=5))
    dashboard.desk.put("late", published_at=at(hours=2))
    dashboard.desk.put("bad", title="\x01")
    dashboard.publish()
    return dashboard


def visited(browser):
    """Yields every page with content, live parts, and errors."""
    asked = browser.follow(browser.post("/regenerations", what="all"))
    previewed = browser.follow(browser.post("/article/preview?id=a1"))
    yield from (asked, previewed, browser.post("/users", name="new", scope="read"))
    yield browser.post("/tokens", name="cms", scope="read", days="30")
    yield from (browser.get(path) for path in PAGES if not path.endswith((".svg", "/view", "/login/code")))
    more = "/article?id=a1", "/article/withdraw?id=a1", "/article/restore?id=a1", "/articles?q=none", "/users/new"
    yield from (browser.get(path) for path in (*more, "/sections/taiwan/versions?old=0&new=1", "/nothing"))
    yield from (
        browser.post("/account", old="x"),
        browser.post("/article/withdraw?id=none"),
        browser.post("/logout", ""),
    )
    yield browser.part("/article?id=a1")
    yield browser.part("/nothing")


def check_inert(page):
    """Checks that a page has no inline scripts or styles and loads nothing from other origins."""
    for element in page.tree.iter("*"):
        assert element.tag not in ("style", "base", "object", "embed", "applet")
        assert not [name for name in element.attrib if name == "style" or name.startswith("on")]
        assert element.tag != "script" or (element.get("src") and not (element.text or "").strip())
        assert element.get("http-equiv") is None and element.get("srcdoc") is None
        loaded = [element.get(name) for name in ("hx-get", LOADED.get(element.tag)) if name and element.get(name)]
        assert all(address.startswith(f"{PREFIX}/") for address in loaded), loaded
        assert urlsplit(element.get("href", "/")).scheme in ("", "https"), element.get("href")


def check_headers(page):
    headers = page.headers
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] in (
        "same-origin",
        "no-referrer",
    )
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin" and headers["X-Robots-Tag"] == "noindex"
    assert "frame-ancestors" in headers["Content-Security-Policy"]
    assert "Server" not in headers and "ETag" not in headers


def test_no_page_has_inline_code_or_external_resources(newsroom):
    seen = set()
    for page in [
        *visited(newsroom.person()),
        newsroom.stranger().get("/login"),
        newsroom.stranger().post("/login", ""),
    ]:
        check_headers(page)
        seen.add(page.status)
        if page.kind == "text/csv":
            continue
        check_inert(page)
        assert page.kind == "text/html" and page.headers["Content-Type"].endswith("charset=utf-8")
        assert page.headers["Content-Security-Policy"] == POLICY and page.headers["Cache-Control"] == "no-store"
    assert {200, 400, 404, 422} <= seen <= {200, 303, 400, 404, 410, 422}


def test_the_policy_forbids_inline_code_and_framing():
    rules = dict(rule.split(maxsplit=1) for rule in POLICY.split("; "))
    assert rules.pop("default-src") == rules.pop("base-uri") == rules.pop("frame-ancestors") == "'none'"
    assert set(rules.values()) == {"'self'"} and {"script-src", "style-src", "form-action", "connect-src"} <= set(rules)


def test_the_reader_preview_is_sandboxed(newsroom):
    browser = newsroom.person()
    page = browser.get("/sections/taiwan/reader/view")
    check_headers(page)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; ")
    assert "script-src" not in policy and "unsafe" not in policy and "frame-ancestors 'self'" in policy
    style = page.tree.findtext(".//style")
    assert f"'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    frame = browser.get("/sections/taiwan/reader").tree.find(".//iframe")
    assert frame.get("sandbox") == "allow-popups allow-popups-to-escape-sandbox"


def test_responses_without_a_body_have_the_same_headers(newsroom):
    browser = newsroom.person()
    seen = browser.get("/").tree.xpath("string(//*[@id='overview']/@hx-get)")
    for page in (newsroom.stranger().get("/"), browser.part(seen), newsroom.stranger().part("/live/overview")):
        check_headers(page)
        assert page.status in (204, 303) and page.headers["Cache-Control"] == "no-store"


def test_static_files_are_cached_for_a_year_by_digest(sqlite_dashboard):
    browser = sqlite_dashboard.stranger()
    addresses = browser.get("/login").tree.xpath("//script/@src | //link/@href")
    assert {urlsplit(address).path.removeprefix(f"{PREFIX}/static/") for address in addresses} >= set(STATIC)
    for address in addresses:
        page = browser.get(address)
        assert page.status == 200 and urlsplit(address).query == hashlib.sha256(page.body).hexdigest()[:12]
        assert "max-age=31536000" in page.headers["Cache-Control"] and not page.cookies
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        again = browser.get(address, If_None_Match=page.headers["ETag"])
        assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("name", ["..%2flogin.py", "../login.py", "%2e%2e/login.py", "/etc/passwd", "", "nothing.css"])
def test_only_static_files_are_served_as_static(sqlite_dashboard, name):
    page = sqlite_dashboard.stranger().get(f"/static/{name}")
    assert page.status in (303, 404) and "import" not in page.text


def test_style_sheets_load_nothing_and_scripts_evaluate_nothing(sqlite_dashboard):
    browser = sqlite_dashboard.stranger()
    for name in ("dashboard.css", "reader.css"):
        assert not re.search(r"@import|url\(|//", browser.get(f"/static/{name}").text)
    assert not re.search(r"\beval\(|innerHTML|new Function|document\.write", browser.get("/static/dashboard.js").text)
    config = browser.get("/login").tree.xpath("string(//meta[@name='htmx-config']/@content)")
    assert '"allowEval":false' in config and '"selfRequestsOnly":true' in config
