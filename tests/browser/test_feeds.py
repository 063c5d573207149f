"""Feeds: made with a live preview, changed, renamed and retired, and served to readers each time."""

import json

import pytest
from playwright.sync_api import expect

from tests.support.service import until


@pytest.fixture(autouse=True)
def retired_afterwards(house):
    """Other tests count the newsroom's feeds."""
    before = served(house)
    yield
    for slug in served(house) - before:
        assert house.service.run("feeds", "retire", slug).returncode == 0


def served(house):
    listed = json.loads(house.service.run("feeds", "list", "--json").stdout)
    return {feed["slug"] for feed in listed if feed["owner"] == "editors" and not feed["retired_at"]}


def status(house, path):
    return house.service.get(path).status


def test_an_editor_makes_a_feed_and_watches_the_preview(visit, house):
    house.put("browser-ferry", title="Night boat to Lienchiang", tags=("Night boats",))
    page = visit("chief", "/editors/feeds")
    page.get_by_role("link", name="New feed").click()
    preview = page.locator("#preview")
    page.get_by_label("Tags, any of these").fill("night boats")
    expect(preview).to_contain_text("1 entry")
    expect(preview).to_contain_text("Night boat to Lienchiang")
    page.get_by_role("checkbox", name="World").first.check()
    expect(preview).to_contain_text("6 entries")
    page.get_by_label("Newest entries").fill("0")
    expect(preview).to_contain_text("No preview. Entries must be")
    page.get_by_label("Newest entries").fill("")
    expect(preview).to_contain_text("6 entries")
    expect(page.get_by_role("alert").first).to_be_hidden()
    page.get_by_label("Title").fill("Boats & harbours")
    page.get_by_label("Address", exact=True).fill("boats")
    page.get_by_role("button", name="Create feed").click()
    expect(page.get_by_role("status").first).to_contain_text("Boats & harbours created.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Boats & harbours")
    until(lambda: "Night boat to Lienchiang" in house.feed("boats"))

    page.reload()
    expect(preview).to_contain_text("Readers notice nothing.")
    page.get_by_text("None of these", exact=False).first.click()
    page.get_by_label("Tags, none of these").fill("Night Boats")
    expect(preview).to_contain_text("1 entry goes.")
    expect(preview).to_contain_text("Leaving")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    house.until_gone("Night boat to Lienchiang", "boats")


def test_a_feed_is_renamed_retired_and_reinstated(visit, house):
    page = visit("chief", "/editors/feed/new")
    page.get_by_label("Title").fill("Tonight")
    page.get_by_label("Address", exact=True).fill("tonight")
    page.get_by_role("button", name="Create feed").click()
    page.get_by_role("link", name="Rename …").click()
    page.get_by_label("New address").fill("World")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator("#slug-error")).to_contain_text("lower-case letters")
    page.get_by_label("New address").fill("last-night")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("status").first).to_contain_text("the old address redirects to it")
    until(lambda: status(house, "/feeds/tonight.atom") == 301 and status(house, "/feeds/last-night.atom") == 200)
    page.get_by_role("link", name="Retire …").click()
    page.get_by_role("button", name="Retire").click()
    until(lambda: {status(house, f"/feeds/{slug}.atom") for slug in ("tonight", "last-night")} == {410})
    page.get_by_role("button", name="Reinstate").click()
    until(lambda: status(house, "/feeds/last-night.atom") == 200)


def test_a_feed_is_made_without_scripts(visit, house):
    page = visit("chief", "/editors/feed/new", java_script_enabled=False)
    page.get_by_role("checkbox", name="Taiwan").first.check()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Night train to Hualien")
    expect(page.get_by_role("checkbox", name="Taiwan").first).to_be_checked()
    page.get_by_label("Title").fill("Plain")
    page.get_by_label("Address", exact=True).fill("plain")
    page.get_by_role("button", name="Create feed").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Plain")
    until(lambda: status(house, "/feeds/plain.atom") == 200)


def test_an_editor_is_told_of_another_ones_change(visit):
    page = visit("chief", "/editors/feed/new")
    page.get_by_label("Title").fill("Shared")
    page.get_by_label("Address", exact=True).fill("shared")
    page.get_by_role("button", name="Create feed").click()
    other = visit("chief", "/editors/feed?slug=shared")
    for one, title in ((page, "Mine"), (other, "Theirs")):
        one.get_by_label("Title").fill(title)
        one.get_by_role("button", name="Save").click()
    expect(other.get_by_role("alert").first).to_contain_text("has changed the feed 'shared' meanwhile")
    expect(other.get_by_label("Title")).to_have_value("Theirs")
    other.get_by_role("link", name="see what is stored now").click()
    expect(other.get_by_label("Title")).to_have_value("Mine")
