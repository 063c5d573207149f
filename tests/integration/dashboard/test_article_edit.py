"""Stories are edited, written and scheduled in the dashboard: reviewed, merged and locked."""

import re
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, field_locks
from tests.support.dashboard import Dashboard
from tests.support.newsroom import article, at

CMS = Actor("token cms", "192.0.2.8")

FORM = "application/x-www-form-urlencoded"

EDIT, NEW, SCHEDULE = "/article/edit", "/article/new", "/article/schedule"


def stored(dashboard, id="a1"):
    with dashboard.database.read() as conn:
        return articles.get_article(conn, id)


def form_of(page, id="article-form"):
    return page.tree.get_element_by_id(id)


def value(page, name):
    return dict(values_of(page))[name]


def values_of(page):
    """Returns the fields of the form, also of those that are outside of it."""
    form = form_of(page)
    outside = page.tree.xpath("//textarea[@form='article-form'][not(ancestor::form)]")
    return [*form.form_values(), *((area.get("name"), area.text_content()) for area in outside)]


def shown_value(form, name, text):
    """Returns a field's value as parsers of HTML have it: the first line break of a textarea does not count."""
    names = {area.get("name") for area in form.getroottree().iter("textarea")}
    return text.removeprefix("\n") if name in names else text


def send(browser, page, act, **fields):
    """Sends the form with a button, as browsers do."""
    form = form_of(page)
    shown = [(name, shown_value(form, name, v)) for name, v in values_of(page)]
    sent = [*((name, v) for name, v in shown if name not in fields), *fields.items(), ("act", act)]
    sent = [(name, re.sub(r"\r\n|\r|\n", "\r\n", v)) for name, v in sent]
    return browser.ask(
        "POST", form.get("action"), data=urlencode(sent), content_type="application/x-www-form-urlencoded"
    )


def error(page, name):
    return " ".join(page.tree.xpath(f"string(//*[@id='{name}-error'])").split())


def buttons(page):
    """Returns what the buttons say that people see."""
    found = [button for button in page.tree.iter("button") if button.get("name") == "act"]
    return [button.text_content() for button in found if button.get("aria-hidden") is None]


def fill(database, clock):
    dashboard = Dashboard(database, clock)
    dashboard.desk.put(
        "a1", title="A nigth train", html="<p>one\r\ntwo</p>", tags=("rail",), published_at=at(hours=-1),
        updated_at=None,
    )  # fmt: skip
    dashboard.api.worker_seen()
    dashboard.publish()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, filled_once, new_url):
    return new_url(request.param, of=filled_once(request.param, fill))


@pytest.fixture
def newsroom(dashboard):
    dashboard.publish()  # Nothing is left to do but to load.
    return dashboard


def test_a_typo_is_corrected_after_a_review_and_keeps_the_date(newsroom):
    before, browser = stored(newsroom), newsroom.person()
    review = send(browser, browser.get(f"{EDIT}?id=a1"), "review", title="A night train")
    assert review.status == 200 and stored(newsroom) == before
    changes = review.tree.xpath("//*[@class='difference']")
    assert [c.xpath("string(del)") + ">" + c.xpath("string(ins)") for c in changes] == ["nigth>night"]
    assert "Taiwan: the entry changes, at position 1" in review.words
    assert buttons(review)[:2] == ["Save small fix", "Save correction"]
    page = browser.follow(send(browser, review, "fix"))
    assert page.title == "A night train" and "Saved." in page.words
    now = stored(newsroom)
    assert (now.title, now.html, now.tags, now.correction) == ("A night train", before.html, before.tags, None)
    assert now.corrected_at is None
    newsroom.publish(seconds=1)
    assert "A night train" in newsroom.desk.body("taiwan")


def test_a_correction_needs_a_note_and_moves_the_date(newsroom):
    newsroom.api.clock.now = datetime.now(UTC)  # The triggers have the database's own clock.
    browser = newsroom.person()
    review = send(browser, browser.get(f"{EDIT}?id=a1"), "review", title="A night train")
    refused = send(browser, review, "correction")
    assert refused.status == 422 and "Say what was corrected" in error(refused, "correction")
    assert value(refused, "title") == "A night train" and stored(newsroom).title == "A nigth train"
    again = send(browser, refused, "review", correction="A typo.")
    assert send(browser, again, "correction").status == 303
    now = stored(newsroom)
    assert (now.title, now.correction) == ("A night train", "A typo.") and now.corrected_at is not None
    old = send(browser, browser.get(f"{EDIT}?id=a1"), "correction", title="The night train")
    assert "Readers have seen this note" in error(old, "correction")


def test_a_small_fix_with_a_new_note_is_refused(newsroom):
    browser = newsroom.person()
    refused = send(browser, browser.get(f"{EDIT}?id=a1"), "fix", correction="A typo.")
    assert refused.status == 422 and "A new note moves the date" in error(refused, "correction")
    assert stored(newsroom).correction is None


def test_what_was_not_reviewed_is_not_saved(newsroom):
    browser = newsroom.person()
    review = send(browser, browser.get(f"{EDIT}?id=a1"), "review", title="A night train")
    again = send(browser, review, "fix", title="Another train")
    assert again.status == 200 and "the form has changed since the review" in again.words
    assert stored(newsroom).title == "A nigth train"
    assert send(browser, again, "fix").status == 303 and stored(newsroom).title == "Another train"


def test_an_invalid_form_keeps_what_was_typed_and_says_every_error_at_its_field(newsroom):
    browser = newsroom.person()
    page = send(
        browser, browser.get(f"{EDIT}?id=a1"), "review", title="", summary="kept", expires_at="2026-99-99T00:00",
        authors=" | a@b.example",
    )  # fmt: skip
    assert page.status == 422 and (value(page, "title"), value(page, "summary").strip()) == ("", "kept")
    assert value(page, "expires_at") == "2026-99-99T00:00"
    assert error(page, "title") and error(page, "authors") and "Write a date" in error(page, "expires_at")


def test_the_second_of_two_editors_sees_what_the_first_did_and_overwrites_nothing_unseen(newsroom):
    mei, lin = newsroom.person(name="mei"), newsroom.person(name="lin")
    hers, his = mei.get(f"{EDIT}?id=a1"), lin.get(f"{EDIT}?id=a1")
    his = send(lin, his, "review", title="Night train by Lin", html="<p>Lin's</p>")
    reviewed = send(mei, hers, "review", title="Night train by Mei", summary="Mei's summary")
    assert send(mei, reviewed, "fix").status == 303
    page = send(lin, his, "fix")
    assert page.status == 412 and "user mei saved this story after you opened it" in page.words
    assert "Taken over from there: Summary." in page.words and "You both changed Title." in page.words
    assert [value(page, name).strip() for name in ("title", "summary", "html")] == [
        "Night train by Lin", "Mei's summary", "<p>Lin's</p>",
    ]  # fmt: skip
    assert (page.tree.xpath("string(//del)"), page.tree.xpath("string(//ins)")) == ("Mei", "Lin")
    assert stored(newsroom).title == "Night train by Mei"
    review = send(lin, page, "review")
    assert send(lin, review, "fix").status == 303
    now = stored(newsroom)
    assert (now.title, now.summary, now.html) == ("Night train by Lin", "Mei's summary", "<p>Lin's</p>")


def test_a_story_that_the_cms_owns_can_be_locked_with_the_change(newsroom):
    sent = article("a1", title="A nigth train", published_at=at(hours=-1))
    for title in ("Other", "A nigth train"):
        list(articles.put_articles(newsroom.database, [article("a1", title=title, published_at=at(hours=-1))], by=CMS))
    browser = newsroom.person()
    form = browser.get(f"{EDIT}?id=a1")
    assert "This story comes from token cms: its next write replaces what you change here" in form.words
    review = send(browser, form, "review", title="A night train")
    assert "Lock Title token cms does not replace it until somebody releases it" in review.words
    page = browser.follow(send(browser, review, "fix", lock="1"))
    assert "Locked: Title" in page.words
    (done,) = articles.put_articles(newsroom.database, [sent], by=CMS)
    assert (done.kept, stored(newsroom).title) == (("title",), "A night train")
    assert browser.follow(browser.submit(page, "/article/locks")).words.count("Locked: ") == 0
    with newsroom.database.read() as conn:
        assert field_locks.list_locks(conn, ["a1"]) == {}
    list(articles.put_articles(newsroom.database, [sent], by=CMS))
    assert stored(newsroom).title == "A nigth train"


def test_a_lock_is_not_set_if_the_change_is_not_saved(newsroom):
    list(articles.put_articles(newsroom.database, [article("a1", title="Of the CMS")], by=CMS))
    browser = newsroom.person()
    review = send(browser, browser.get(f"{EDIT}?id=a1"), "review", title="Mine")
    with newsroom.database.write() as conn:
        conn.execute(text("UPDATE article SET title = 'Meanwhile'"))
    assert send(browser, review, "fix", lock="1").status == 412
    with newsroom.database.read() as conn:
        assert field_locks.list_locks(conn, ["a1"]) == {}


def test_an_embargoed_story_is_saved_without_the_question_of_a_correction(newsroom):
    newsroom.desk.put("soon", title="Soon", published_at=at(hours=3), sections=("taiwan",))
    browser = newsroom.person()
    review = send(browser, browser.get(f"{EDIT}?id=soon"), "review", title="Sooner")
    assert buttons(review)[0] == "Save" and "Taiwan: is published" in review.words
    assert send(browser, review, "fix").status == 303 and stored(newsroom, "soon").title == "Sooner"


def test_who_may_not_preview_cannot_edit_what_is_hidden(newsroom):
    newsroom.desk.put("soon", title="Soon", published_at=at(hours=3))
    newsroom.desk.put("members", access="members", html="<p>closed</p>")
    browser = newsroom.person("read", "write")
    for path in (f"{EDIT}?id=soon", f"{SCHEDULE}?id=soon"):
        assert (browser.get(path).status, browser.post(path).status) == (404, 404)
    assert browser.get(f"{EDIT}?id=members").status == 403
    assert browser.get(f"{EDIT}?id=a1").status == 200


def test_a_large_story_can_be_edited(newsroom):
    browser, long = newsroom.person(), "夜" * 400_000
    review = send(browser, browser.get(f"{EDIT}?id=a1"), "review", html=long)
    assert review.status == 200
    assert send(browser, review, "fix").status == 303 and stored(newsroom).html == long


@pytest.mark.parametrize(
    ("act", "fields", "status", "words"),
    [
        ("draft", {}, "draft", "Draft saved."),
        ("publish", {}, "published", "Published."),
        ("publish", {"published_at": "2026-03-15T08:00"}, "published", "Scheduled."),
    ],
)
def test_a_story_is_written_by_hand(newsroom, act, fields, status, words):
    browser = newsroom.person()
    page = send(
        browser, browser.get(NEW), act, title="Ferry & fog", url="/news/ferry", html="<p>Fog.</p>",
        sections="taiwan", **fields,
    )  # fmt: skip
    page = browser.follow(page)
    found = stored(newsroom, "2026-03-14-ferry-fog")
    assert words in page.words and (found.title, found.sections, found.status) == ("Ferry & fog", ("taiwan",), status)
    ahead = found.published_at is not None and found.published_at > newsroom.now
    assert ahead == bool(fields) and (found.published_at is None) == (status == "draft")


def test_a_new_story_never_replaces_another_one(newsroom):
    browser = newsroom.person()
    page = send(browser, browser.get(NEW), "publish", id="a1", title="Mine", url="/mine", summary="kept")
    assert page.status == 409 and "is taken" in error(page, "id")
    assert value(page, "summary").strip() == "kept" and stored(newsroom).title == "A nigth train"
    page = send(browser, page, "publish", id="a2/trace", url="/mine")
    assert page.status == 422 and error(page, "id") == "Write an ID without slashes."
    page = send(browser, page, "publish", id="a2", url="")
    assert page.status == 422 and error(page, "url")


def test_an_embargo_is_moved_and_lifted(newsroom):
    newsroom.desk.put("soon", title="Soon", published_at=at(hours=3))
    browser = newsroom.person()
    listed = browser.get("/upcoming")
    link = next(a.get("href") for a in listed.tree.iter("a") if a.text_content() == "Move Soon")
    page = browser.get(link)
    assert page.title == "Move the embargo"
    moved = browser.submit(page, SCHEDULE, published_at="2026-03-16T08:00")
    assert moved.location.startswith("/editors/upcoming") and "Scheduled." in browser.follow(moved).words
    zone = newsroom.app.extensions["time_filters"].zone
    assert stored(newsroom, "soon").published_at == datetime(2026, 3, 16, 8, tzinfo=zone)
    empty = browser.submit(browser.get(f"{SCHEDULE}?id=soon"), SCHEDULE, published_at="")
    assert empty.status == 422 and error(empty, "published_at") == "Choose a date and a time."
    done = browser.submit(browser.get(f"{SCHEDULE}?id=soon"), SCHEDULE, act="now")
    assert "Published." in browser.follow(done).words and stored(newsroom, "soon").published_at <= newsroom.now
    refused = browser.post(f"{SCHEDULE}?id=soon", act="now", etag="x")
    assert refused.status == 412


def test_a_draft_is_scheduled_and_a_public_story_is_not(newsroom):
    newsroom.desk.put("draft", title="Draft", status="draft", published_at=None)
    browser = newsroom.person()
    page = browser.get(f"{SCHEDULE}?id=draft")
    browser.submit(page, SCHEDULE, published_at="2026-03-16T08:00")
    assert stored(newsroom, "draft").status == "published"
    assert "It is public already" in browser.get(f"{SCHEDULE}?id=a1").words


def test_the_calendar_counts_the_next_days(newsroom):
    newsroom.desk.put("soon", title="Soon", published_at=at(days=1))
    newsroom.desk.put("soon2", title="Soon", published_at=at(days=1), expires_at=at(days=2))
    page = newsroom.person().get("/upcoming")
    days = [" ".join(day.text_content().split()) for day in page.tree.xpath("//ol[@class='calendar']/li")]
    assert len(days) == 7
    assert [day.split(" ", 3)[3] for day in days] == ["nothing", "2 to publish", "1 to expire", *["nothing"] * 4]
    assert page.tree.xpath("//*[@id=substring-after((//ol[@class='calendar']//a/@href)[1], '#')]")


def test_the_calendar_counts_also_what_is_on_later_pages(newsroom):
    for number in range(120):
        newsroom.desk.put(f"soon-{number}", title="Soon", published_at=at(days=1, minutes=number))
    page = newsroom.person().get("/upcoming")
    (day,) = page.tree.xpath("//ol[@class='calendar']/li[not(contains(@class, 'idle'))]")
    assert "120 to publish" in " ".join(day.text_content().split())
    assert (
        not newsroom.person()
        .get(page.tree.xpath("string(//a[text()='Later']/@href)"))
        .tree.xpath("//ol[@class='calendar']")
    )


def test_without_a_scheduled_story_there_is_no_calendar(newsroom):
    page = newsroom.person().get("/upcoming")
    assert not page.tree.xpath("//ol[@class='calendar']")
    assert "write one" in page.words


def test_the_live_preview_shows_what_is_typed(newsroom):
    browser = newsroom.person()
    page = browser.get(f"{EDIT}?id=a1")
    path = page.tree.xpath("string(//*[@aria-label='Live preview']/@hx-post)")
    fields = dict(form_of(page).form_values()) | {"title": "Typed only"}
    part = browser.ask("POST", path, data=urlencode(fields), content_type=FORM, headers={"HX-Request": "true"})
    newsroom.api.previewer.answer_all()
    part = browser.part(part.tree.xpath("string(//*[@id='preview']/@hx-get)"))
    assert "Typed only" in part.tree.xpath("string(//*[@id='entry-atom'])")
    assert part.tree.xpath("//iframe/@sandbox")
    assert stored(newsroom).title == "A nigth train"


def test_a_preview_that_finds_the_queue_full_is_asked_for_again(newsroom):
    browser = newsroom.person()
    page = browser.get(f"{EDIT}?id=a1")
    path = page.tree.xpath("string(//*[@aria-label='Live preview']/@hx-post)")
    fields = urlencode(dict(form_of(page).form_values()))
    for _ in range(3):
        part = browser.ask("POST", path, data=fields, content_type=FORM, headers={"HX-Request": "true"})
    (later,) = part.tree.xpath("//*[@id='preview']")
    assert (later.get("hx-post"), later.get("hx-trigger")) == (path, "load delay:2s")


def test_without_scripts_the_preview_is_a_page_that_keeps_the_form(newsroom):
    browser = newsroom.person()
    form = form_of(browser.get(f"{EDIT}?id=a1"))
    path = form.xpath("string(.//button[text()='Preview']/@formaction)")
    fields = dict(form.form_values()) | {"title": "Typed only", "expires_at": "never"}
    page = browser.post(path, **fields)
    assert (page.status, value(page, "title"), value(page, "expires_at")) == (200, "Typed only", "never")
    assert (value(page, "etag"), value(page, "base")) == (fields["etag"], fields["base"])
    newsroom.api.previewer.answer_all()
    part = browser.part(page.tree.xpath("string(//*[@id='preview']/@hx-get)"))
    assert "Typed only" in part.tree.xpath("string(//*[@id='entry-atom'])")
    assert stored(newsroom).title == "A nigth train"


def test_the_first_button_of_a_form_only_reviews_or_previews(newsroom):
    browser = newsroom.person()
    edit, new = browser.get(f"{EDIT}?id=a1"), browser.get(NEW)
    first = [
        page.tree.xpath("//button[@form='article-form' or ancestor::form[@id='article-form']]")[0]
        for page in (edit, new)
    ]
    assert (first[0].get("value"), first[1].get("formaction")) == ("review", "/editors/article/edit/preview")


def test_a_note_is_asked_for_beside_the_review(newsroom):
    newsroom.api.clock.now = datetime.now(UTC)
    browser = newsroom.person()
    review = send(browser, browser.get(f"{EDIT}?id=a1"), "review", title="A night train")
    assert len(review.tree.xpath("//textarea[@name='correction']")) == 1
    assert review.tree.xpath("//section[@class='review']//textarea[@name='correction'][@form='article-form']")
    refused = send(browser, review, "correction")
    assert refused.tree.xpath("//section[@class='review']//textarea[@name='correction'][@autofocus]")
    assert send(browser, refused, "correction", correction="A typo.").status == 303
    assert stored(newsroom).correction == "A typo."


def test_clocks_that_go_back_ask_which_time_is_meant(database, clock):
    newsroom = Dashboard(database, clock, timezone="Europe/Berlin")
    newsroom.desk.put("a1", title="Soon", published_at=at(hours=3))
    browser = newsroom.person()
    page = send(browser, browser.get(f"{EDIT}?id=a1"), "review", published_at="2026-10-25T02:30")
    assert page.status == 422 and "02:30 comes twice. Choose which one." in error(page, "published_at")
    assert [one.get("value") for one in page.tree.xpath("//input[@name='published_at_turn']")] == ["first", "second"]
    page = send(browser, page, "review", published_at_turn="second")
    assert send(browser, page, "fix").status == 303
    assert stored(newsroom).published_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    chosen = "string(//input[@name='published_at_turn'][@checked]/@value)"
    for path in (f"{EDIT}?id=a1", f"{SCHEDULE}?id=a1"):
        assert browser.get(path).tree.xpath(chosen) == "second"
    refused = browser.post(f"{SCHEDULE}?id=a1", published_at="2026-10-25T02:10")
    assert refused.status == 422 and "02:10 comes twice" in error(refused, "published_at")


def test_a_publication_time_in_the_future_takes_a_public_story_out_as_the_review_says(newsroom):
    browser = newsroom.person()
    review = send(browser, browser.get(f"{EDIT}?id=a1"), "review", published_at="2026-03-20T08:00")
    assert "Taiwan: leaves the feed" in review.words


def test_another_title_keeps_the_order_of_the_sections(newsroom):
    """The first is the main one; the form lists sections as they are configured."""
    browser, order = newsroom.person(), ("elsewhere", *reversed(list(newsroom.api.settings.sections)[1:3]))
    newsroom.desk.put("ordered", title="In order", sections=order)
    page = send(browser, browser.get(f"{EDIT}?id=ordered"), "review", title="In another order")
    assert [h3.text for h3 in page.tree.iter("h3")][:2] == ["Title", "In the feeds"]
    assert send(browser, page, "fix").status == 303
    assert (stored(newsroom, "ordered").title, stored(newsroom, "ordered").sections) == ("In another order", order)
