"""Several stories withdrawn in the dashboard: chosen in a list, asked about once, said for each, undone."""

from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import text

from syndication.model.field_limits import MAX_REASON, MAX_WITHDRAWALS
from syndication.store.articles.withdrawals import get_withdrawals, withdraw
from tests.support.api import TESTER
from tests.support.dashboard import FORM

IDS = [
    "a1", "2026/03/night train", "it's \"quoted\"", "two\nlines", "two\r\nlines", "a%2fb", "夜車 🚆",
    "<b>&amp;</b>", "a+b", "x" * 500,
]  # fmt: skip


@pytest.fixture
def newsroom(dashboard):
    for number, id in enumerate(IDS):
        dashboard.desk.put(id, title=f"Title {number:02}", url=f"/news/{number}", guid=f"guid-{number}")
    dashboard.publish()
    dashboard.api.worker_seen()
    return dashboard


def out(dashboard):
    with dashboard.database.read() as conn:
        return {id: one.reason for id, one in get_withdrawals(conn, IDS).items()}


def form_of(page, **chosen):
    """Returns the form of the list as a browser sends it: the fields that name it, with what was ticked."""
    (form,) = page.tree.xpath("//form[@id='withdraw']")
    fields = [(one.get("name"), one.get("value")) for one in form.xpath(".//input")]
    listed = page.tree.xpath("//input[@type='hidden'][@form='withdraw']")
    fields += [(one.get("name"), one.get("value")) for one in listed]
    return fields + [item for name, values in chosen.items() for item in ((name, value) for value in values)]


def send(browser, path, fields):
    values = [(name, value.replace("\r\n", "\n").replace("\n", "\r\n")) for name, value in fields]
    return browser.ask("POST", path, data=urlencode(values), content_type=FORM)


def ticks(page):
    return [one.get("value") for one in page.tree.xpath("//input[@type='checkbox'][@form='withdraw'][@name='id']")]


def confirm(browser, asked, **more):
    form = next(form for form in asked.forms() if "confirmed" in form.fields)
    values = [(name, value) for name, value in form.form_values() if name not in more]
    return send(browser, form.get("action"), values + list(more.items()))


def test_all_on_a_page_are_withdrawn_with_two_forms_and_undone_with_one(newsroom):
    browser = newsroom.person()
    found = browser.get("/articles?q=title*")
    assert len(ticks(found)) == len(IDS)
    asked = send(browser, "/withdrawals", form_of(found, what=["page"]))
    assert asked.status == 200 and asked.title == f"Withdraw {len(IDS)} stories?" and not out(newsroom)
    assert "They leave All stories, Taiwan and stay out" in asked.words or "They leave Taiwan, All" in asked.words
    assert "another 7 min." in asked.words and all(f"Title {number:02}" in asked.words for number in range(len(IDS)))
    assert asked.tree.xpath("//a[text()='Cancel']/@href") == ["/editors/articles?q=title*"]
    page = browser.follow(confirm(browser, asked, reason="Duplicate"))
    assert out(newsroom) == dict.fromkeys(IDS, "Duplicate")
    assert f"{len(IDS)} stories withdrawn. Updating" in page.words and "Duplicate" in page.words
    live = page.tree.xpath("string(//*[@id='delivery']/@hx-get)")
    newsroom.publish(seconds=1)
    newsroom.api.worker_seen()
    part = browser.part(live)
    assert f"{len(IDS)} stories withdrawn: every web process serves the feeds without them." in part.text
    assert not part.tree.xpath("//*[@id='delivery']/@hx-get")
    back = browser.follow(browser.submit(page, "/withdrawals/"))
    assert f"{len(IDS)} stories: {len(IDS)} restored." in back.words and not out(newsroom)
    assert f"{len(IDS)} stories restored. Updating" in back.words and not back.tree.xpath("//button[text()='Undo']")


@pytest.mark.parametrize("path", ["/articles", "/sections/taiwan"])
def test_ticked_stories_are_withdrawn_from_a_search_and_from_a_section(newsroom, path):
    browser = newsroom.person()
    page = browser.get(path)
    chosen = [one for one in ticks(page) if one in (quote(IDS[3], safe="/"), quote(IDS[4], safe="/"), "a1")]
    assert len(chosen) == 3
    asked = send(browser, "/withdrawals", form_of(page, id=chosen, what=["selected"]))
    assert asked.tree.xpath("//a[text()='Cancel']/@href") == [f"/editors{path}"]
    browser.follow(confirm(browser, asked))
    assert sorted(out(newsroom)) == sorted(["a1", IDS[3], IDS[4]])
    assert not {*chosen} & {*ticks(browser.get("/articles"))}


def test_nothing_chosen_and_too_many_are_refused(newsroom):
    browser = newsroom.person()
    page = browser.get("/articles")
    refused = send(browser, "/withdrawals", form_of(page, what=["selected"]))
    assert (refused.status, refused.note.startswith("Select at least one story.")) == (422, True)
    many = [f"m{number}" for number in range(MAX_WITHDRAWALS + 1)]
    refused = send(browser, "/withdrawals", form_of(page, id=many))
    assert refused.status == 422 and "Select at most 200 stories at once. Nothing was withdrawn." in refused.note


def test_a_reason_that_is_too_long_is_said_at_its_field_with_what_was_typed(newsroom):
    browser, long = newsroom.person(), "x" * (MAX_REASON + 1)
    asked = send(browser, "/withdrawals", form_of(browser.get("/articles"), what=["page"]))
    again = confirm(browser, asked, reason=long)
    single = browser.submit(browser.get("/article/withdraw?id=a1"), "/article/withdraw", reason=long)
    for page in (again, single):
        assert page.status == 422 and not out(newsroom)
        (field,) = page.tree.xpath("//input[@id='reason']")
        assert (field.get("value"), field.get("aria-invalid")) == (long, "true")
        assert "reason must have at most 500 characters" in page.note
    assert browser.follow(confirm(browser, again, reason="ok")).status == 200 and len(out(newsroom)) == len(IDS)


def test_a_single_story_has_a_reason_and_undo_on_its_page(newsroom):
    browser = newsroom.person()
    asked = browser.get("/article/withdraw?id=a1")
    assert "Legal complaint" in asked.tree.xpath("//datalist/option/@value")
    page = browser.follow(browser.submit(asked, "/article/withdraw", reason="Legal complaint"))
    assert page.tree.xpath("string(//dt[.='Withdrawn because']/following-sibling::dd[1])") == "Legal complaint"
    assert "withdraw withdrawn" in " ".join(page.words.split()) and "Legal complaint" in page.words
    newsroom.desk.put("a1", title="Corrected meanwhile", url="/news/0", guid="guid-0")
    back = browser.follow(browser.submit(page, "/withdrawals/"))
    assert "Restored, with the changes made since." in back.words and "Restored. Updating" in back.words
    assert not out(newsroom) and not back.tree.xpath("//button[text()='Undo']")


def test_undo_is_offered_for_an_hour(newsroom, clock):
    browser = newsroom.person()
    page = browser.follow(browser.submit(browser.get("/article/withdraw?id=a1"), "/article/withdraw"))
    assert page.tree.xpath("//button[text()='Undo']")
    clock.advance(3600)
    assert not browser.get("/article?id=a1").tree.xpath("//button[text()='Undo']")
    late = browser.submit(page, "/withdrawals/")
    assert late.status == 409 and "This can no longer be undone" in late.note and out(newsroom) == {"a1": None}


def test_what_was_withdrawn_or_restored_by_others_is_said(newsroom):
    withdraw(newsroom.database, [IDS[1]], TESTER)
    browser = newsroom.person()
    ids = [quote(id) for id in (*IDS[:3], "nobody")]
    asked = browser.post("/withdrawals", confirmed="", id=ids)
    assert "already withdrawn" in asked.words and "there is no such story" in asked.words
    page = browser.follow(confirm(browser, asked))
    assert "4 stories: 2 withdrawn, 1 withdrawn before, 1 not found." in page.words
    browser.post(f"/article/restore?{urlencode({'id': IDS[2]})}")
    one = browser.get("/article?id=a1")
    assert "Withdrawn together with 3 others" in one.words
    back = browser.follow(browser.submit(page, "/withdrawals/"))
    assert "2 stories: 1 restored, 1 restored before." in back.words
    assert "It had been restored before." in back.words and list(out(newsroom)) == [IDS[1]]


def test_a_story_that_the_database_rejects_is_named_and_the_others_are_withdrawn(sqlite_dashboard):
    for id in ("a1", "a2"):
        sqlite_dashboard.desk.put(id, title=f"Title {id}", url=f"/{id}", guid=id)
    with sqlite_dashboard.database.write() as conn:
        conn.execute(
            text("CREATE TRIGGER own BEFORE UPDATE ON article WHEN NEW.id = 'a2' BEGIN SELECT RAISE(ABORT, 'x'); END")
        )
    browser = sqlite_dashboard.person()
    page = browser.follow(browser.post("/withdrawals", id=["a1", "a2"]))
    assert "2 stories: 1 withdrawn, 1 not withdrawn." in page.words and "trigger own" in page.words
    assert list(out(sqlite_dashboard)) == ["a1"]
    refused = browser.submit(browser.get("/article/withdraw?id=a2"), "/article/withdraw")
    assert refused.status == 409 and "Not withdrawn: the database rejected it" in refused.note


def test_who_may_not_write_has_nothing_to_tick(newsroom):
    browser = newsroom.person("read", "preview")
    for path in ("/articles", "/sections/taiwan"):
        page = browser.get(path)
        assert not ticks(page) and "Withdraw" not in page.words


def test_without_preview_the_reason_of_others_is_not_shown(newsroom):
    browser = newsroom.person()
    browser.follow(browser.submit(browser.get("/article/withdraw?id=a1"), "/article/withdraw", reason="Names a source"))
    assert "Names a source" in newsroom.person("read", "preview").get("/article?id=a1").words
    writer = newsroom.person("read", "write").get("/article?id=a1")
    assert "Names a source" not in writer.words and writer.tree.xpath("//button[text()='Undo']")
    assert "Names a source" not in newsroom.person("read").get("/article?id=a1").words


def test_a_list_from_elsewhere_is_no_place_to_return_to(newsroom):
    asked = newsroom.person().post("/withdrawals", **{"confirmed": "", "id": "a1", "from": "//evil.example"})
    assert asked.tree.xpath("//a[text()='Cancel']/@href") == ["/editors/articles"]
