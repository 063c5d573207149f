"""Stories are edited, written and scheduled by mouse; each task counts its clicks."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect


class Clicks:
    """Clicks on a page, counted."""

    def __init__(self, page):
        self.page = page
        self.count = 0

    def __call__(self, role, name, **more):
        self.count += 1
        self.page.get_by_role(role, name=name, **more).first.click()


def find(page, words):
    """Finds stories from the overview, without a click."""
    page.get_by_label("Find a story").fill(words)
    page.keyboard.press("Enter")


def test_a_story_is_found_and_why_it_is_out_with_two_clicks(visit, house):
    page = visit("chief")
    click = Clicks(page)
    click("link", "Articles", exact=True)
    page.get_by_label("Words in any order").fill("wrong address")
    page.keyboard.press("Enter")
    click("link", "A story with a wrong address")
    steps = page.get_by_role("region", name="Taiwan", exact=True)
    expect(steps.locator("li[aria-current=step]")).to_contain_text("left out")
    expect(steps).to_contain_text("url")
    assert click.count == 2


def test_a_typo_is_corrected_with_four_clicks(visit, house):
    house.put("typo", title="Nigth ferry to Kinmen")
    house.until_in_feed("Nigth ferry to Kinmen")
    page = visit("chief")
    click = Clicks(page)
    find(page, "kinmen")
    click("link", "Nigth ferry to Kinmen")
    click("link", "Edit", exact=True)
    page.get_by_label("Title").fill("Night ferry to Kinmen")
    click("button", "Review changes")
    review = page.get_by_role("region", name="Review", exact=True)
    expect(review.locator("del")).to_have_text("Nigth")
    expect(review.locator("ins")).to_have_text("Night")
    expect(review).to_contain_text("Taiwan: the entry changes")
    click("button", "Save small fix")
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    house.until_in_feed("Night ferry to Kinmen")
    assert click.count == 4


def test_a_correction_asks_for_its_note_beside_the_review(visit, house):
    house.put("noted", title="The bridge has 12 piers")
    house.until_in_feed("The bridge has 12 piers")
    page = visit("chief")
    click = Clicks(page)
    find(page, "bridge piers")
    click("link", "The bridge has 12 piers")
    click("link", "Edit", exact=True)
    page.get_by_label("Title").fill("The bridge has 13 piers")
    click("button", "Review changes")
    click("button", "Save correction")
    note = page.get_by_label("Correction note")
    expect(note).to_be_focused()
    expect(note).to_have_accessible_description(re.compile("Say what was corrected"))
    page.keyboard.type("The number of piers was wrong.")
    click("button", "Save correction")
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    house.until_in_feed("The number of piers was wrong.")
    assert click.count == 5


def test_a_story_is_withdrawn_with_three_clicks(visit, house):
    house.put("withdrawn-here", title="Ferry tickets for nothing")
    house.until_in_feed("Ferry tickets for nothing")
    page = visit("chief")
    click = Clicks(page)
    find(page, "tickets nothing")
    click("link", "Ferry tickets for nothing")
    click("link", "Withdraw …")
    click("button", "Withdraw")
    house.until_gone("Ferry tickets for nothing")
    assert click.count == 3


def test_enter_never_publishes_or_saves(visit, house):
    page = visit("chief", "/editors/article/new")
    page.get_by_label("Title").fill("Pressed too early")
    page.get_by_label("Address on your site").fill("/early")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Preview", exact=True)).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("Pressed too early")
    page.goto("/editors/articles?q=pressed+early")
    expect(page.get_by_role("link", name="Pressed too early")).to_have_count(0)


def test_without_scripts_a_button_shows_the_preview_and_keeps_what_was_typed(visit, house):
    house.put("plain", title="Without scripts")
    page = visit("chief", "/editors/article/edit?id=plain", java_script_enabled=False)
    page.get_by_label("Title").fill("Typed without scripts")
    page.get_by_label("Body").fill("<p>Bold <b>words</b></p><script>alert(1)</script>")
    page.get_by_role("button", name="Preview").last.click()
    frame = page.frame_locator("iframe[title='Reader preview']")
    expect(frame.get_by_role("heading", name="Typed without scripts")).to_be_visible()
    expect(frame.get_by_text("words")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("Typed without scripts")
    page.get_by_role("button", name="Review changes").last.click()
    expect(page.get_by_role("region", name="Review", exact=True).locator("ins").first).to_have_text("Typed without")
    page.get_by_role("button", name="Save small fix").click()
    house.until_in_feed("Typed without scripts")


def test_the_preview_follows_what_is_typed(visit, house):
    house.put("previewed", title="Before typing")
    page = visit("chief", "/editors/article/edit?id=previewed")
    page.get_by_label("Title").fill("While typing")
    frame = page.frame_locator("iframe[title='Reader preview']")
    expect(frame.get_by_role("heading", name="While typing")).to_be_visible(timeout=30_000)
    assert "While typing" not in house.feed()


def test_an_embargo_is_moved_with_three_clicks(visit, house):
    house.put("moved", title="Opening of the bridge", published_at=datetime.now(UTC) + timedelta(hours=6))
    page = visit("chief")
    click = Clicks(page)
    click("link", "Upcoming")
    click("link", "Move Opening of the bridge")
    expect(page.get_by_role("heading", level=1)).to_have_text("Move the embargo")
    page.get_by_label("Publication time").fill("2099-01-02T08:00")
    click("button", "Move", exact=True)
    expect(page.get_by_role("status").first).to_have_text(re.compile("^Scheduled. .* on 02 Jan 2099, 08:00.$"))
    assert click.count == 3


def test_a_story_is_written_by_hand_and_is_in_the_feed(visit, house):
    page = visit("chief", "/editors/articles")
    click = Clicks(page)
    click("link", "New story")
    page.get_by_label("Title").fill("The CMS is down")
    page.get_by_label("Address on your site").fill("/news/cms-is-down")
    page.get_by_label("Body").fill("<p>We write by hand.</p>")
    click("checkbox", "Taiwan")
    click("button", "Publish")
    expect(page.get_by_role("status").first).to_contain_text("Published.")
    house.until_in_feed("The CMS is down")
    assert click.count == 3


def test_the_second_editor_sees_what_the_first_did(visit, house):
    house.put("both", title="Two editors")
    first = visit("chief", "/editors/article/edit?id=both")
    second = visit("chief", "/editors/article/edit?id=both")
    for page, title in ((first, "Two editors, one story"), (second, "Two editors, no story")):
        page.get_by_label("Title").fill(title)
        page.get_by_role("button", name="Review changes").click()
    first.get_by_role("button", name="Save small fix").click()
    expect(first.get_by_role("status").first).to_contain_text("Saved.")
    second.get_by_role("button", name="Save small fix").click()
    expect(second.get_by_role("alert").first).to_contain_text(
        re.compile("user chief saved this story .* Nothing is lost")
    )
    expect(second.get_by_label("Title")).to_have_value("Two editors, no story")
    expect(second.locator("del").first).to_have_text("one")
