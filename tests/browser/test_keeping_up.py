"""Pages keep up without a reload: a story's head, stations and history, a feed's entries, what is coming."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect


def test_an_article_follows_its_changes_and_keeps_the_focus(visit, house):
    house.put("kept-up", title="The first title")
    house.until_in_feed("The first title")
    page = visit("chief", "/editors/article?id=kept-up")
    page.evaluate("window.same = true")
    button = page.get_by_role("button", name="Preview")
    button.focus()
    house.put("kept-up", title="The second title")
    expect(page.get_by_role("heading", level=1)).to_have_text("The second title")
    expect(page.locator("#history")).to_contain_text("changed in")
    expect(button).to_be_focused()
    house.run_sql("DELETE FROM article WHERE id = 'kept-up'")
    expect(page.get_by_role("heading", level=1)).to_have_text("Deleted article")
    expect(page.locator("#feed_traces")).to_contain_text("deleted")
    assert page.evaluate("window.same")


def test_a_section_follows_its_entries(visit, house):
    page = visit("chief", "/editors/sections/world")
    version = page.locator("#section-head dd").first
    before = version.inner_text()
    house.put("just-in", title="Just in from abroad", sections=("world",), published_at=datetime.now(UTC))
    expect(page.locator("#section-entries")).to_contain_text("Just in from abroad")
    expect(version).not_to_have_text(before)


def test_what_is_coming_follows_an_embargo(visit, house):
    at = datetime.now(UTC) + timedelta(hours=2)
    page = visit("chief", "/editors/upcoming")
    house.put("to-come", title="Opening of the night market", published_at=at)
    expect(page.locator("#coming")).to_contain_text("Opening of the night market")
    house.run_sql("DELETE FROM article WHERE id = 'to-come'")
    expect(page.locator("#coming")).not_to_contain_text("Opening of the night market")


def test_a_page_that_no_script_refreshes_says_since_when(visit):
    for path in ("/editors/", "/editors/sections/world", "/editors/upcoming", "/editors/article?id=public-1"):
        page = visit("chief", path, java_script_enabled=False)
        expect(page.get_by_text("Reload the page to update it.")).to_be_visible()
    expect(visit("chief", "/editors/users").get_by_text("Reload the page to update it.")).to_be_visible()
    live = visit("chief", "/editors/")
    expect(live.get_by_text("Reload the page to update it.")).to_be_hidden()
