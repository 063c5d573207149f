"""Drafts and embargoed articles exist only for who may preview: on no page is there a trace of one for all others."""

import re
from collections import deque
from contextlib import closing
from urllib.parse import urlencode, urljoin

import pytest

from syndication.store.db.database import Database
from tests.support.dashboard import PREFIX, Dashboard
from tests.support.newsroom import at

BLIND = [("read",), ("read", "write", "regenerate", "admin")]
"""Who may least, and who may most, without preview."""

SECRETS = {
    "hush-draft": {"status": "draft", "published_at": None},
    "hush-embargo": {"published_at": at(hours=2, minutes=34)},
    "hush-broken": {"published_at": at(hours=3, minutes=34), "url": "ftp://hush"},
    "hush-withdrawn": {"published_at": at(hours=4, minutes=34), "status": "withdrawn"},
    "hush-expiring": {"published_at": at(hours=5, minutes=34), "expires_at": at(hours=6, minutes=34)},
}

TRACES = re.compile(r"hush|:34:00", re.IGNORECASE)
"""An id, a title, a moment."""

SEARCHED = re.compile(r'value="hush(ed hush)?"', re.IGNORECASE)
"""What was looked for, in the form that looked for it."""


def newsrooms(clock, *databases):
    """Newsrooms with the same stories of every kind that the public knows, the first one with secrets besides."""
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
def told(database, clock):
    (dashboard,) = newsrooms(clock, database)
    return dashboard


def searches(page):
    """Each form that only asks, filled in with each of its choices."""
    for form in page.forms("get"):
        values = dict(form.form_values())
        filled = [values, *(values | {"q": words} for words in ("hush", "HUSHED hush", "a1") if "q" in values)]
        for select in form.iter("select"):
            filled += [values | {select.name: option} for option in select.value_options]
        yield from (f"{form.get('action') or ''}?{urlencode(found)}" for found in filled)


def crawl(browser):
    """Every page that can be reached by links, searches, pictures and frames, by its address."""
    waiting, found = deque([f"{PREFIX}/"]), {}
    while waiting:
        address = waiting.popleft().partition("#")[0]
        if address in found or not address.startswith(PREFIX) or "narrow=1" in address:
            continue  # A narrow plot has the numbers of the wide one.
        page = found[address] = browser.get(address)
        assert page.status in (200, 204), (address, page.text)
        if page.kind == "text/html" and page.text:
            waiting += [urljoin(address, one) for one in (*page.addresses(), *searches(page))]
    return found


def bare(page):
    """What a page says, without what is of this browser and this second alone: triggers note when a story went."""
    text = re.sub(r'(name="csrf_token" value=")[^"]*', r"\1", page.text)
    text = re.sub(r"<time[^>]*>[^<]*</time>: only restore", "", text)
    return re.sub(r"[0-9a-f]{12}", "", text)


@pytest.mark.thorough("postgresql")
def test_who_may_not_preview_gets_the_pages_of_a_newsroom_without_secrets(database, new_url, clock):
    with closing(Database(new_url(database.dialect), clock=clock)) as other:
        told, untold = newsrooms(clock, database, other)
        pages, others = (crawl(dashboard.person(*BLIND[1])) for dashboard in (told, untold))
        assert pages.keys() == others.keys() and len(pages) > 40
        for address, page in pages.items():
            # The audit log, which is for admin, has the ids of articles, and never a text.
            if not address.startswith(f"{PREFIX}/audit-log"):
                assert bare(page) == bare(others[address]), address
                assert not TRACES.search(SEARCHED.sub("", page.text)), address


def test_who_may_preview_finds_them_all(sqlite_database, clock):
    (told,) = newsrooms(clock, sqlite_database)
    text = "".join(page.text for page in crawl(told.person()).values())
    for id in SECRETS:
        assert f"A HUSHED {id}" in text
    assert "14:34:00" in text and "18:34:00" in text


def test_to_ask_for_one_by_its_id_is_to_ask_for_nothing(told):
    for scopes in BLIND:
        browser = told.person(*scopes)
        token, before = browser.token(), told.api.everything_stored("session", "audit_log")
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
        assert told.api.everything_stored("session", "audit_log") == before


def test_a_preview_of_one_is_shown_to_nobody_who_may_not_preview(told):
    browser, blind = told.person(), told.person("read", "write", "admin")
    shown = browser.follow(browser.post("/article/preview?id=hush-embargo"))
    told.api.previewer.answer_all()
    part = browser.part(shown.tree.xpath("string(//*[@id='preview']/@hx-get)"))
    frame = part.tree.xpath("string(//iframe/@src)")
    assert "A HUSHED hush-embargo" in browser.get(frame).text
    for address in (frame, frame.replace("/previews", "/live/previews").removesuffix("/view")):
        assert blind.get(address).status == 403
    id = frame.split("/")[3]
    for path in (f"/article?id=a1&preview={id}", f"/?regeneration={id}", f"/live/regenerations/{id}"):
        assert "HUSHED" not in blind.get(path).text


def test_no_regeneration_tells_of_one(told):
    browser = told.person("read", "write", "regenerate")
    shown = browser.follow(browser.post("/regenerations", what="all", reason="x"))
    told.publish(seconds=2)
    part = browser.part(shown.tree.xpath("string(//*[@id='regeneration']/@hx-get)"))
    assert "Regenerated" in part.text and not TRACES.search(shown.text + part.text)


def test_an_article_is_there_for_all_in_the_second_in_which_its_embargo_ends(told):
    browser = told.person("read")
    told.publish(seconds=2 * 3600 + 34 * 60 - 2)
    assert browser.get("/article?id=hush-embargo").status == 404
    told.publish(seconds=1)
    assert "in the feed" in browser.get("/article?id=hush-embargo").words
