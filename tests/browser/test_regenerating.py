"""Regenerating: the button, the progress bar, and the live page."""

from playwright.sync_api import expect


def test_the_bar_reaches_its_end_without_a_reload(visit):
    page = visit("chief")
    page.get_by_role("button", name="Regenerate all").click()
    page.get_by_role("button", name="Regenerate all").click()
    page.wait_for_url("**/editors/?regeneration=*")
    page.evaluate("window.same = true")
    progress = page.get_by_role("region", name="Regeneration")
    expect(progress.get_by_role("status")).to_contain_text("Finished:")
    bar = progress.get_by_role("progressbar")
    assert bar.get_attribute("value") == bar.get_attribute("max") == "5", "four sections, and the feed of a tag"
    assert page.evaluate("window.same")


def test_the_bar_stops_polling_at_its_end(visit):
    page = visit("chief", "/editors/sections/taiwan")
    page.get_by_label("Reason").fill("to see it <end>")
    page.get_by_role("button", name="Regenerate").click()
    progress = page.get_by_role("region", name="Regeneration")
    expect(progress).to_contain_text("to see it <end>")
    expect(progress.get_by_role("status")).to_contain_text("Finished:")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1200)
    assert not [url for url in asked if "/live/regenerations/" in url]


def test_selecting_no_section_is_refused(visit):
    page = visit("chief")
    page.get_by_role("button", name="Regenerate selected").click()
    expect(page.get_by_role("alert").first).to_have_text("Select at least one section.")


def test_a_checked_box_and_the_focus_survive_live_updates(visit, house):
    page = visit("chief")
    box = page.get_by_role("checkbox", name="Select Taiwan")
    box.focus()
    page.keyboard.press("Space")
    entries = page.locator("#row-taiwan td[data-label=Entries]")
    before = entries.inner_text()
    house.put("news-while-it-is-open", title="Something new while the page is open")
    expect(entries).not_to_have_text(before)
    expect(box).to_be_checked()
    expect(box).to_be_focused()


def test_only_the_selected_sections_are_regenerated(visit):
    page = visit("chief")
    page.get_by_role("checkbox", name="Select World").check()
    page.get_by_role("button", name="Regenerate selected").click()
    expect(page.get_by_role("region", name="Regeneration")).to_contain_text("1 of 1")


def test_without_script_a_reload_shows_the_result(visit):
    page = visit("chief", java_script_enabled=False)
    page.get_by_role("checkbox", name="Select Taiwan").check()
    page.get_by_role("button", name="Regenerate selected").click()
    done = page.get_by_text("Finished:")
    for _ in range(50):
        if done.is_visible():
            break
        page.reload()
    expect(done).to_be_visible()
