"""Drafts and embargoed articles leave no trace on any page for users without the scope preview."""

import re
from collections import deque
from contextlib import closing
from urllib.parse import urlencode, urljoin

import pytest

from syndication.store.db.database import Database
from tests.support.dashboard import PREFIX, Dashboard
from tests.support.newsroom import at

BLIND = [("read",), ("read", "write", "regenerate", "feeds", "admin")]
"""The fewest and the most scopes without preview."""

SECRETS = {
    "hush-draft": {"status": "draft", "published_at": None},
    "hush-embargo": {"published_at": at(hours=2, minutes=34)},
    "hush-broken": {"published_at": at(hours=3, minutes=34), "url": "ftp://hush"},
    "hush-withdrawn": {"published_at": at(hours=4, minutes=34), "status": "withdrawn"},
    "hush-expiring": {"published_at": at(hours=5, minutes=34), "expires_at": at(hours=6, minutes=34)},
}

TRACES = re.compile(r"hush|:34:00", re.IGNORECASE)
"""An ID, a title, a time."""

SEARCHED = re.compile(r'value="hush(ed hush)?"', re.IGNORECASE)
"""The search text, repeated in the search form."""


def newsrooms(clock, *databases):
    """Returns newsrooms with the same public articles; the first one also has secrets."""
    found = [Dashboard(database, clock) for database in databases]
    for dashboard in found:
        for slug in ("china", "sports"):
            del dashboard.desk.sections[slug]
        dashboard.desk.restart()
        for number in range(6):
            dashboard.desk.put(f"a{number}", published_at=at(hours=-number), sections=("taiwan",) if number % 2 else ())
        dashboard.desk.put("bad", title="\x01")
        dashboard.desk.put("leaving", expires_at=at(hours=8))
        dashboard.desk.put("gone", status="withdrawn")
    for id, values in SECRETS.items():
        story = {"title": f"A HUSHED {id}", "summary": "HUSHED", "html": "<p>HUSHED</p>", "tags": ("hush",)}
        found[0].desk.put(id, **story | values)
    for dashboard in found:
        dashboard.publish()
    clock.advance(1)
    for dashboard in found:
        dashboard.desk.put("a1", title="Changed", published_at=at(hours=-1))
        dashboard.publish()
        dashboard.api.worker_seen()
    return found


@pytest.fixture
def newsroom(database, clock):
    (dashboard,) = newsrooms(clock, database)
    return dashboard


def searches(page, tried):
    """Yields what to search for in each form: words, each option, and a secret word with each option.

    A form is tried on the first page that has it; on its results, all options with all others would be thousands.
    """
    for form in page.forms("get"):
        values = dict(form.form_values())
        if (which := (form.get("action"), *form.fields)) in tried:
            continue
        tried.add(which)
        filled = [values, *(values | {"q": words} for words in ("hush", "HUSHED hush", "a1") if "q" in values)]
        for select in form.iter("select"):
            for option in select.value_options:
                filled += [start | {select.name: option} for start in filled[:2]]
        yield from (f"{form.get('action') or ''}?{urlencode(found)}" for found in filled)


def crawl(browser):
    """Returns every page reachable by links, searches, images and frames, by address."""
    waiting, found, tried = deque([f"{PREFIX}/"]), {}, set()
    while waiting:
        address = waiting.popleft().partition("#")[0]
        if address in found or not address.startswith(PREFIX) or "narrow=1" in address:
            continue  # A narrow chart has the numbers of the wide one.
        page = found[address] = browser.get(address)
        assert page.status in (200, 204), (address, page.text)
        if page.kind == "text/html" and page.text:
            waiting += [urljoin(address, one) for one in (*page.addresses(), *searches(page, tried))]
    return found


def bare(page):
    """Returns the text of a page without tokens, digests and withdrawal times, which differ between newsrooms."""
    text = re.sub(r'(name="csrf_token" value=")[^"]*', r"\1", page.text)
    text = re.sub(r"<time[^>]*>[^<]*</time> and stays out until", "", text)
    return re.sub(r"[0-9a-f]{12}", "", text)


@pytest.mark.thorough("postgresql")
def test_without_preview_pages_equal_those_of_a_newsroom_without_secrets(database, new_url, clock):
    with closing(Database(new_url(database.dialect), clock=clock)) as other:
        newsroom, public = newsrooms(clock, database, other)
        pages, others = (crawl(dashboard.person(*BLIND[1])) for dashboard in (newsroom, public))
        assert pages.keys() == others.keys() and len(pages) > 40
        for address, page in pages.items():
            # The audit log, for admins, has the IDs of articles, but never their texts.
            if not address.startswith(f"{PREFIX}/audit-log"):
                assert bare(page) == bare(others[address]), address
                assert not TRACES.search(SEARCHED.sub("", page.text)), address


def test_with_preview_all_secrets_are_shown(sqlite_database, clock):
    (newsroom,) = newsrooms(clock, sqlite_database)
    text = "".join(page.text for page in crawl(newsroom.person()).values())
    for id in SECRETS:
        assert f"A HUSHED {id}" in text
    assert "14:34:00" in text and "18:34:00" in text


def test_a_hidden_article_is_like_one_that_does_not_exist(newsroom):
    for scopes in BLIND:
        browser = newsroom.person(*scopes)
        token, before = browser.token(), newsroom.api.everything_stored("session", "audit_log")
        acts = ("/article/withdraw", "/article/restore") if "write" in scopes else ()
        for id in SECRETS:
            asked = [("GET", "/article"), *((method, path) for path in acts for method in ("GET", "POST"))]
            for method, path in asked:
                page, nothing = (
                    browser.get(address) if method == "GET" else browser.post(address, token)
                    for address in (f"{path}?id={id}", f"{path}?id=no-such-article")
                )
                assert page.status == nothing.status == 404
                assert bare(page).replace(id, "") == bare(nothing).replace("no-such-article", "")
            assert browser.part(f"/article?id={id}").status == 404
        assert newsroom.api.everything_stored("session", "audit_log") == before


def test_a_preview_is_hidden_without_the_scope(newsroom):
    browser, blind = newsroom.person(), newsroom.person("read", "write", "admin")
    shown = browser.follow(browser.post("/article/preview?id=hush-embargo"))
    newsroom.api.previewer.answer_all()
    part = browser.part(shown.tree.xpath("string(//*[@id='preview']/@hx-get)"))
    frame = part.tree.xpath("string(//iframe/@src)")
    assert "A HUSHED hush-embargo" in browser.get(frame).text
    for address in (frame, frame.replace("/previews", "/live/previews").removesuffix("/view")):
        assert blind.get(address).status == 403
    id = frame.split("/")[3]
    for path in (f"/article?id=a1&preview={id}", f"/?regeneration={id}", f"/live/regenerations/{id}"):
        assert "HUSHED" not in blind.get(path).text


def test_a_regeneration_reveals_nothing(newsroom):
    browser = newsroom.person("read", "write", "regenerate")
    shown = browser.follow(browser.post("/regenerations", what="all", reason="x"))
    newsroom.publish(seconds=2)
    part = browser.part(shown.tree.xpath("string(//*[@id='regeneration']/@hx-get)"))
    assert "Finished:" in part.text and not TRACES.search(shown.text + part.text)


def test_an_article_is_visible_on_the_second_its_embargo_ends(newsroom):
    browser = newsroom.person("read")
    newsroom.publish(seconds=2 * 3600 + 34 * 60 - 2)
    assert browser.get("/article?id=hush-embargo").status == 404
    newsroom.publish(seconds=1)
    assert "In the feed" in browser.get("/article?id=hush-embargo").words
