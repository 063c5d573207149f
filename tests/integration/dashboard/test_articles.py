"""Articles in the dashboard: found, shown, withdrawn, restored and previewed, with any ID."""

import csv
import io
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from syndication.store.articles.withdrawals import get_withdrawal
from tests.support.newsroom import at

IDS = [
    "a1", "2026/03/night train", "it's \"quoted\"", "two\nlines", "two\r\nlines", "a%2fb", "夜車 🚆", "?q=1&id=2#x",
    "<b>&amp;</b>", "a+b", "..", " spaces\t", "x" * 500,
]  # fmt: skip


def link(page, text):
    """Returns the address of the link with this text."""
    return next(a.get("href") for a in page.tree.iter("a") if a.text_content() == text)


def shown_id(page):
    return page.tree.xpath("string(//dt[.='ID']/following-sibling::dd[1])")


def read(id):
    """Returns an ID as HTML parsers read it, with normalised line endings."""
    return id.replace("\r\n", "\n")


def is_out(dashboard, id):
    with dashboard.database.read() as conn:
        return get_withdrawal(conn, id) is not None


@pytest.fixture
def newsroom(dashboard):
    """A newsroom with one article for each ID."""
    for number, id in enumerate(IDS):
        dashboard.desk.put(id, title=f"Title {number:02}", url=f"/news/{number}", guid=f"guid-{number}")
    dashboard.publish()
    dashboard.api.worker_seen()
    return dashboard


def test_an_article_is_found_by_title_or_id_and_shown(newsroom):
    browser = newsroom.person("read")
    for number, id in enumerate(IDS):
        for words in (f"Title {number:02}", id[:200]):
            found = browser.get(f"/articles?{urlencode({'q': words})}")
            page = browser.get(link(found, f"Title {number:02}"))
            assert (page.status, page.title) == (200, f"Title {number:02}")
        assert shown_id(page) == read(id)
        part = browser.part(page.tree.xpath("string(//*[@id='feed_traces']/@hx-get)"))
        assert part.status == 200 and "<html" not in part.text and "In the feed" in part.text


def test_an_article_is_withdrawn_and_restored_with_two_clicks_each(newsroom):
    browser = newsroom.person()
    for number, id in enumerate(IDS):
        page = browser.get(f"/article?{urlencode({'id': id})}")
        for act, words in (
            ("Withdraw", "Withdrawn. Updating"),
            ("Restore", "Restored. Updating"),
        ):
            asked = browser.get(link(page, f"{act} …"))
            assert f"Title {number:02}" in asked.words and is_out(newsroom, id) == (act == "Restore")
            page = browser.follow(browser.submit(asked, f"/article/{act.lower()}"))
            assert page.status == 200 and shown_id(page) == read(id) and words in page.words
            assert is_out(newsroom, id) == (act == "Withdraw")
    acts = newsroom.api.audit(act="withdraw") + newsroom.api.audit(act="restore")
    assert sorted(act.target for act in acts) == sorted(2 * IDS)
    assert {act.actor for act in acts} == {"user read.preview.write.regenerate.feeds.admin"}


def delivery(browser, page):
    """Returns the live part that follows a withdrawal, as it is a moment later."""
    return browser.part(page.tree.xpath("string(//*[@id='delivery']/@hx-get)"))


def test_a_withdrawal_is_confirmed_when_every_web_process_serves_it(newsroom):
    browser = newsroom.person()
    page = browser.follow(browser.submit(browser.get("/article/withdraw?id=a1"), "/article/withdraw"))
    newsroom.desk.later()
    part = delivery(browser, page)
    assert "Withdrawn. Waiting for 1 of 1 web process to load it." in part.text
    newsroom.desk.put("another", title="Another", url="/another", guid="another")
    newsroom.desk.later(seconds=1)
    waits = delivery(browser, part)
    newsroom.api.loader.load()
    newsroom.api.worker_seen()
    done = delivery(browser, waits)
    assert "Withdrawn: every web process serves the feeds without it." in done.text
    assert done.tree.xpath("string(//*[@id='delivery']/@class)") == "note done"
    assert not done.tree.xpath("//*[@id='delivery']/@hx-get")


def test_a_withdrawal_that_nobody_carries_out_is_red_and_says_what_to_do(newsroom, clock):
    clock.advance(seconds=60)  # The worker has ended.
    newsroom.api.web_seen()
    browser = newsroom.person()
    page = browser.follow(browser.submit(browser.get("/article/withdraw?id=a1"), "/article/withdraw"))
    assert (
        "Withdrawn. Waiting for a worker: none is running, and the article is still in All stories, Taiwan."
        " Start one with `syndication worker`." in page.words
    )
    assert page.tree.xpath("string(//*[@id='delivery']/@class)") == "note wrong"
    assert "Leaves the feed" not in page.words


def test_an_article_is_previewed_with_a_click(newsroom):
    browser = newsroom.person()
    pages = [browser.get(f"/article?{urlencode({'id': id})}") for id in IDS]
    for number, shown in enumerate(pages):
        page = browser.follow(browser.submit(shown, "/article/preview"))
        newsroom.api.previewer.answer_all()
        part = browser.part(page.tree.xpath("string(//*[@id='preview']/@hx-get)"))
        assert f"Title {number:02}" in part.tree.xpath("string(//*[@id='entry-atom'])")
        assert f"Title {number:02}" in browser.get(part.tree.xpath("string(//iframe/@src)")).text


def test_a_withdrawal_shows_its_effect_first_and_can_be_repeated(newsroom):
    browser = newsroom.person()
    asked = browser.get("/article/withdraw?id=a1")
    assert "It leaves Taiwan, All stories" in asked.words or "It leaves All stories, Taiwan" in asked.words
    assert "Cached copies may show it for another 7 min." in asked.words
    browser.submit(asked, "/article/withdraw")
    assert "The article was already withdrawn." in browser.follow(browser.submit(asked, "/article/withdraw")).words


def test_an_embargo_ends_on_the_second(newsroom):
    newsroom.desk.put("soon", title="Soon", published_at=at(seconds=10))
    browser = newsroom.person()

    def embargoed():
        return ["embargo" in page.words for page in (browser.get("/articles?q=soon"), browser.get("/article?id=soon"))]

    newsroom.clock.advance(9.999999)
    assert embargoed() == [True, True]
    newsroom.clock.advance(0.000001)
    assert embargoed() == [False, False]
    newsroom.clock.advance(0.5)
    assert embargoed() == [False, False]


def test_unknown_and_invalid_ids_are_refused(newsroom):
    browser = newsroom.person()
    for path in ("/article", "/article/withdraw", "/article/restore"):
        assert (browser.get(f"{path}?id=nothing").status, browser.get(path).status) == (404, 422)
        assert browser.get(f"{path}?id=nothing").note == "There is no article 'nothing'."
        assert browser.get(f"{path}?id={'x' * 501}").note == "id must have at most 500 characters, not 501"
    for path in ("/article/withdraw?id=nothing", "/article/restore?id=nothing"):
        assert browser.post(path).status == 404


def test_an_empty_search_gives_advice_and_results_are_paginated(newsroom):
    browser = newsroom.person("read")
    assert "No articles found. Try fewer words" in browser.get("/articles?q=nothing+of+the+kind").words
    assert browser.get("/articles?section=nowhere").status == 200
    assert browser.get("/articles?status=lost").note.startswith("The status must be 'draft'")
    for number in range(60):
        newsroom.desk.put(f"more {number}", title=f"More & more {number:02}")
    first = browser.get("/articles?q=more+%26&section=taiwan")
    second = browser.get(link(first, "Older"))
    titles = [row.text_content() for page in (first, second) for row in page.tree.xpath("//tbody//th")]
    assert len(titles) == len(set(titles)) == 60 and link(second, "Newest")


def test_hits_are_counted_and_downloaded_as_csv(newsroom):
    browser = newsroom.person("read")
    newsroom.desk.put("ferry", title='=HYPERLINK("x"), "two"\nlines', published_at=at(hours=-30))
    newsroom.desk.put("ferry-2", title="Ferry", published_at=at(hours=-60))
    found = browser.get("/articles?q=ferry")
    assert "2 articles" in found.words and "being built" not in found.words
    with newsroom.database.write() as conn:
        conn.execute(text("DELETE FROM search_fill"))
    assert "being built" in browser.get("/articles?q=ferry").words
    path = found.tree.xpath("string(//a[@download]/@href)").removeprefix("/editors")
    said = browser.get(path)
    assert said.headers["Content-Type"].startswith("text/csv; charset=utf-8")
    lines = list(csv.reader(io.StringIO(said.body.decode("utf-8-sig"))))
    assert lines[0][:2] == ["id", "title"]
    assert [line[:2] for line in lines[1:]] == [["ferry", '\'=HYPERLINK("x"), "two"\nlines'], ["ferry-2", "Ferry"]]


def test_days_are_those_of_the_newsroom(newsroom):
    browser = newsroom.person("read")
    newsroom.desk.put("ferry", title="Ferry", published_at=datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC))
    newsroom.desk.put("ferry-2", title="Ferry", published_at=datetime(2026, 3, 2, tzinfo=UTC))
    ids = {day: browser.get(f"/articles?q=ferry&from={day}&to={day}").tree.xpath("//tbody//code/text()") for day in (
        "2026-03-01", "2026-03-02", "2026-03-03",
    )}  # fmt: skip
    assert ids == {"2026-03-01": ["ferry"], "2026-03-02": ["ferry-2"], "2026-03-03": []}
    assert browser.get("/articles?from=yesterday").note == "The day must be a day like 2026-03-14, not 'yesterday'."
    assert browser.get("/articles?to=9999-12-31").status == 422


def test_an_article_says_whether_its_last_change_moved_the_date(dashboard):
    clock, desk = dashboard.api.clock, dashboard.desk
    clock.now = datetime.now(UTC)  # The triggers have the database's own clock.
    for values in ({}, {"title": "Other"}, {"title": "Other", "correction": "Not so."}):
        desk.put("a1", updated_at=None, **values)
        clock.advance(5)
        dashboard.publish()
    browser = dashboard.person("read")
    page = browser.get("/article?id=a1")
    assert page.tree.xpath("string(//dt[.='Updated']/following-sibling::dd[1])").endswith("date moved: correction")
    assert "version 3, date moved: correction" in page.words and "version 2, published, date unchanged" in page.words
    assert "Last changed in version 3: date moved: correction." in page.words
    assert "date moved: correction" in browser.get("/sections/taiwan/versions").words


def test_an_article_with_an_invisible_title_can_be_clicked(newsroom):
    newsroom.desk.put("blank", title="\u200b\u3164")
    browser = newsroom.person("read")
    assert browser.get(link(browser.get("/articles?q=blank"), "blank")).title == "blank"
