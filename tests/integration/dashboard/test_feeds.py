"""Feeds in the dashboard, without JavaScript: made, previewed, changed, renamed, retired, reinstated."""

import pytest

from syndication.model.selection import Selection, Term
from syndication.store.publishing import feed_definitions
from tests.support.newsroom import at

FORM = {"title": "Ferries", "slug": "ferries", "listed": "1"}


@pytest.fixture
def newsroom(sqlite_dashboard):
    for number, slug in enumerate(["taiwan", "china", "sports", "taiwan"]):
        sqlite_dashboard.desk.put(
            f"a{number}", title=f"<i>Story {number}", published_at=at(hours=-number), sections=(slug,)
        )
    sqlite_dashboard.publish()
    return sqlite_dashboard


@pytest.fixture
def made(newsroom):
    newsroom.person().post("/feed/new", **FORM, any_section=["taiwan", "china"])
    return newsroom


def stored(newsroom, slug):
    with newsroom.database.read() as conn:
        return feed_definitions.find(conn, slug)


def test_an_editor_makes_a_feed_of_sections_tags_and_authors(newsroom):
    editor = newsroom.person("read", "feeds")
    assert "Create feed" in editor.get("/feed/new").text
    made = editor.post(
        "/feed/new", **FORM, description="All about ferries", entries="20", hours="0", content="summary",
        any_section=["taiwan", "china"], any_tag="Ferries\r\n Harbour \r\n", all_language="en",
        none_author="Lin Mei-hua",
    )  # fmt: skip
    assert made.location == "/editors/feed?slug=ferries"
    found = stored(newsroom, "ferries").definition
    assert found.selection == Selection(
        any=(Term("section", "taiwan"), Term("section", "china"), Term("tag", "ferries"), Term("tag", "harbour")),
        all=(Term("language", "en"),),
        none=(Term("author", "lin mei-hua"),),
    )
    assert (found.entries, found.hours, found.content, found.listed) == (20, 0, "summary", True)
    page = editor.follow(made)
    assert "Ferries created." in page.words
    form = next(form for form in page.forms() if form.get("id") == "feed-form")
    values = dict(form.form_values())
    assert values["any_tag"].split() == ["ferries", "harbour"] and values["entries"] == "20"
    assert {v for n, v in form.form_values() if n == "any_section"} == {"taiwan", "china"}
    (act,) = newsroom.api.audit(target="ferries")
    assert (act.act, act.actor) == ("feed-create", "user read.feeds")


def test_a_form_that_is_sent_as_it_is_shown_changes_nothing(made):
    editor = made.person()
    before = stored(made, "ferries")
    form = next(form for form in editor.get("/feed?slug=ferries").forms() if form.get("id") == "feed-form")
    fields = {}
    for name, value in form.form_values():
        fields.setdefault(name, []).append(value)
    assert editor.post("/feed?slug=ferries", **{n: v for n, v in fields.items() if n != "csrf_token"}).status == 303
    assert stored(made, "ferries") == before


def test_a_section_for_the_address_itself(newsroom):
    editor = newsroom.person()
    editor.post("/feed/new", **FORM, any_section=[":own"])
    assert stored(newsroom, "ferries").definition.selection is None
    form = next(form for form in editor.get("/feed?slug=ferries").forms() if form.get("id") == "feed-form")
    assert ("any_section", ":own") in form.form_values()


def test_a_preview_is_a_page_without_the_script_and_a_part_with_it(made):
    editor = made.person()
    fields = {"title": "", "slug": "", "any_section": "taiwan"}
    page = editor.post("/feed/preview", **fields)
    assert page.status == 200 and "2 entries" in page.words and "Story 3" in page.words and "<i>Story" not in page.text
    assert 'value="taiwan" checked' in page.text
    given = {"csrf_token": editor.token(), **fields}
    part = editor.ask("POST", "/feed/preview", data=given, headers={"HX-Request": "true"})
    assert part.status == 200 and "<html" not in part.text and "2 entries" in part.text
    wrong = editor.ask("POST", "/feed/preview", data=given | {"entries": "none"}, headers={"HX-Request": "true"})
    assert wrong.status == 200 and "No preview. Entries must be" in wrong.text
    assert stored(made, "feed-without-an-address-yet") is None
    changed = editor.post("/feed/preview?slug=ferries", title="Boats", any_section="taiwan")
    assert "The feed is new" not in changed.words and "Most readers show the new title, Boats" in changed.words


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"slug": "Ferry Boats"}, "slug", "lower-case letters"),
        ({"slug": "taiwan"}, "slug", "is used by the section 'taiwan'"),
        ({"title": ""}, "title", "Title must not be empty."),
        ({"entries": "many"}, "entries", "number"),
        ({"max_entries": "3", "entries": "5"}, "max_entries", "at least"),
        ({"language": "english please"}, "language", "language tag"),
        ({"image": "picture.png"}, "image", "should start with https://"),
        ({"any_tag": "x" * 2000}, "any", "at most"),
    ],
)
def test_a_wrong_field_is_marked_and_nothing_is_lost(newsroom, fields, field, words):
    page = newsroom.person().post("/feed/new", **{**FORM, "description": "Kept", "none_tag": "Sale", **fields})
    assert page.status in (409, 422)
    assert words in page.tree.xpath(f"string(//*[@id='{field}-error'])"), page.note
    form = next(form for form in page.forms() if form.get("id") == "feed-form")
    values = dict(form.form_values())
    assert values["description"] == "Kept" and values["none_tag"].strip() == "Sale" and "Not saved" in page.note


def test_the_second_of_two_editors_is_told_and_may_save_again(made):
    first, second = made.person(), made.person()
    pages = [browser.get("/feed?slug=ferries") for browser in (first, second)]
    etags = [page.tree.xpath("string(//form[@id='feed-form']//input[@name='etag']/@value)") for page in pages]
    assert first.post("/feed?slug=ferries", etag=etags[0], title="First", any_section="taiwan").status == 303
    refused = second.post("/feed?slug=ferries", etag=etags[1], title="Second", any_section="taiwan")
    assert refused.status == 412 and "has changed the feed 'ferries' meanwhile" in refused.note
    assert stored(made, "ferries").definition.title == "First" and 'value="Second"' in refused.text
    again = refused.tree.xpath("string(//form[@id='feed-form']//input[@name='etag']/@value)")
    assert second.post("/feed?slug=ferries", etag=again, title="Second", any_section="taiwan").status == 303
    assert stored(made, "ferries").definition.title == "Second"


def test_rename_retire_and_reinstate_ask_first(made):
    editor = made.person()
    taken = editor.submit(editor.get("/feed/rename?slug=ferries"), "/feed/rename", slug="taiwan")
    assert taken.status == 409 and "is used by the section 'taiwan'" in taken.note
    renamed = editor.submit(editor.get("/feed/rename?slug=ferries"), "/feed/rename", slug="boats")
    assert renamed.location == "/editors/feed?slug=boats" and "/feeds/ferries" in editor.follow(renamed).words
    asked = editor.get("/feed/retire?slug=boats")
    assert "410 (gone)" in asked.words and stored(made, "boats").retired_at is None
    page = editor.follow(editor.submit(asked, "/feed/retire"))
    assert "Retired" in page.words and stored(made, "boats").retired_at is not None
    assert "Retired" in editor.get("/feeds?q=ferries").words
    assert editor.follow(editor.submit(page, "/feed/reinstate")).status == 200
    assert stored(made, "boats").retired_at is None
    acts = [act.act for act in made.api.audit() if act.act.startswith("feed-")]
    assert acts == ["feed-reinstate", "feed-retire", "feed-rename", "feed-create"]


def test_what_the_configuration_sets_is_shown_and_not_changed(made):
    page = made.person().get("/feed?slug=taiwan")
    assert "Set by the configuration" in page.words and not [f for f in page.forms() if f.get("id") == "feed-form"]
    for path in ("/feed?slug=taiwan", "/feed/rename?slug=taiwan", "/feed/retire?slug=taiwan"):
        refused = made.person().post(path, title="Mine", slug="formosa", etag="")
        assert refused.status == 409 and "set by the configuration" in refused.note
    assert made.person().get("/feed/retire?slug=taiwan").status == 409


def test_a_reader_of_the_dashboard_sees_no_form(made):
    page = made.person("read").get("/feed?slug=ferries")
    assert "section Taiwan, section China" in page.words and "Save" not in page.words and "Rename" not in page.words
    assert "New feed" not in made.person("read").get("/feeds").words


def test_feeds_are_searched_and_paged(made):
    editor = made.person()
    for number in range(60):
        editor.post("/feed/new", title=f"Election {number}", slug=f"election-{number:02}", any_section="taiwan")
    page = editor.get("/feeds?q=election")
    first = page.tree.xpath("//tbody//th/a/text()")
    following = page.tree.xpath("string(//a[@rel='next']/@href)")
    rest = editor.get(following).tree.xpath("//tbody//th/a/text()")
    assert len(first) == 50 and len(rest) == 10 and not set(first) & set(rest)
    assert "No feeds found" in editor.get("/feeds?q=nothing-like-it").words
