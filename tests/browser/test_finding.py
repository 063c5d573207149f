"""Finding a story: by keyboard and mouse, with its clicks counted."""

from playwright.sync_api import expect


def test_a_story_is_found_and_says_why_it_is_out_after_two_clicks(visit, house):
    title = "Ferry to the outer islands"
    house.put("lost-1", title=title, status="draft", published_at=None)
    page = visit("chief", "/editors/articles")
    page.evaluate("window.clicks = 0; addEventListener('click', (event) => { if (event.isTrusted) window.clicks++ })")
    page.get_by_label("Words in any order").fill("islands ferry")
    before = page.evaluate("window.clicks")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=title).click()
    expect(page.locator("h1")).to_have_text(title)
    expect(page.get_by_role("region", name="Taiwan", exact=True).locator("li[aria-current=step]")).to_be_visible()
    assert before == 0


def test_a_search_needs_no_mouse_and_its_hits_can_be_downloaded(visit, house):
    house.put("lost-2", title="Harbour timetable for ferries")
    page = visit("chief", "/editors/articles")
    page.get_by_label("Words in any order").fill("timetable harbour")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 article", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert download.value.suggested_filename == "articles.csv"
    assert "lost-2,Harbour timetable for ferries," in download.value.path().read_text(encoding="utf-8-sig")
