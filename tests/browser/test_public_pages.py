"""The pages for readers: the front page, and the page of a feed, with and without a script."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browser.test_for_everybody import look_at
from tests.browser.test_keyboard import enter, go
from tests.browser.visits import DESK, PHONE, fits

FRONT, PAGE, SEARCH = "/", "/feeds/taiwan", "/?q=wor"

SELECTED = "getSelection().toString()"

STORY = "A bridge is open again"


@pytest.fixture
def address(house):
    return f"{house.base}/feeds/taiwan.atom"


@pytest.mark.parametrize("path", [FRONT, SEARCH, "/?q=nothing-like-it", PAGE, "/feeds/odd", "/hub"])
def test_axe_finds_nothing(visit, path):
    page = visit(None, path)
    for details in page.locator("details").all():
        details.locator("summary").click()
    look_at(page)


def test_a_browser_that_opens_a_feed_gets_the_page_and_can_subscribe(visit, house, address):
    house.put("just-now", title="Open since this minute", published_at=datetime.now(UTC))
    house.until_in_feed("Open since this minute")
    page = visit.stranger()
    answer = page.goto("/feeds/taiwan.atom")
    assert answer.headers["cache-control"] == "no-store" and answer.headers["content-type"].startswith("text/html")
    expect(page.get_by_role("heading", level=1)).to_have_text("Taiwan")
    expect(page.get_by_role("region", name="Newest stories")).to_contain_text("Open since this minute")
    assert page.get_by_role("link", name="Open in your app").get_attribute("href") == f"feed:{address}"
    # What is no page in a tab is a poll, from the same address.
    assert page.request.get("/feeds/taiwan.atom").headers["content-type"] == "application/atom+xml; charset=utf-8"


def test_the_button_copies_the_address(visit, address):
    page = visit(None, PAGE, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address
    expect(page.get_by_role("button", name="Copied")).to_have_count(0)


def test_the_button_copies_where_the_clipboard_is_refused(visit, address):
    page = visit(None, PAGE)
    page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error('refused')))")
    page.evaluate("document.addEventListener('copy', () => { window.copied = getSelection().toString(); })")
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("window.copied") == address


def test_one_click_selects_the_address_without_a_script(visit, address):
    page = visit.stranger(java_script_enabled=False)
    page.goto(PAGE)
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    page.get_by_text(address, exact=True).first.click()
    assert page.evaluate(SELECTED) == address


@pytest.mark.parametrize("script", [True, False])
def test_the_search_finds_sections_by_typing_or_by_asking(visit, script):
    page = visit.stranger(java_script_enabled=script)
    page.goto(FRONT)
    cards = page.locator("#sections > li")
    expect(cards.first).to_be_visible()
    every = cards.count()
    assert every >= 4, "four sections, and feeds of editors"
    page.get_by_label("Find a section").fill("WÖR")
    expect(cards.filter(visible=True)).to_have_count(1 if script else every)
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile(r"/\?q="))
    expect(page.get_by_role("status")).to_contain_text("1 section found.")
    expect(cards).to_have_count(1)
    page.get_by_role("link", name="World", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("World")


@pytest.mark.parametrize("script", [True, False])
def test_the_search_finds_tags_and_authors_by_typing_or_by_asking(visit, house, script):
    tag = "<i>Lanterns</i> & kites"
    house.put("tagged", title="A sky full of lanterns", tags=(tag,))
    house.until_in_feed("A sky full of lanterns")
    page = visit.stranger(java_script_enabled=script)
    page.goto(FRONT)
    page.get_by_label("Find a section, tag or author").fill("LANT")
    if not script:
        page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_contain_text("No sections found. Tags and authors: 1.")
    terms = page.get_by_role("region", name="Tags and authors")
    expect(terms.get_by_role("listitem")).to_have_count(1)
    expect(terms).to_contain_text("Tag")
    if script:
        page.get_by_label("Find a section, tag or author").fill("taiwan")
        expect(terms).to_have_count(0)
        page.get_by_label("Find a section, tag or author").fill("kites")
        expect(page.get_by_role("status")).to_contain_text("Tags and authors: 1.")
        look_at(page)
    terms.get_by_role("link", name=tag, exact=True).click()
    expect(page).to_have_url(re.compile("/feeds/tag/i-lanterns-i-kites$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(tag)


def test_the_front_page_leads_to_a_feed_by_keyboard(visit):
    page = visit(None, FRONT)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    go(page, "Find a section, tag or author")
    page.keyboard.type("taiw")
    expect(page.get_by_role("status")).to_have_text("1 section found.")
    enter(page, "Taiwan")
    expect(page).to_have_url(re.compile(f"{PAGE}$"))
    go(page, "Copy")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("Copied|Press"))).to_be_focused()
    go(page, "All formats")
    page.keyboard.press("Enter")
    go(page, "JSON Feed")
    enter(page, "World")
    expect(page).to_have_url(re.compile("/feeds/world$"))


def test_a_new_story_is_on_both_pages(visit, house):
    title = "Seen by readers of pages"
    house.put("on-pages", title=title)
    house.until_in_feed(title)
    page = visit(None, FRONT)
    expect(page.locator("#sections")).to_contain_text(title)
    page.goto(PAGE)
    expect(page.get_by_role("region", name="Newest stories").get_by_role("link", name=title)).to_be_visible()


@pytest.mark.parametrize("width", [320, PHONE, DESK])
@pytest.mark.parametrize("path", [FRONT, PAGE, "/feeds/odd"])
def test_nothing_scrolls_sideways_or_is_cut_off(visit, path, width):
    page = visit.stranger(width=width)
    page.goto(path)
    assert fits(page)
    for link in page.get_by_role("link").filter(visible=True).all():
        assert link.evaluate("(a) => a.scrollWidth <= a.clientWidth || getComputedStyle(a).display === 'inline'")


def test_the_qr_code_is_a_square_that_a_camera_can_see(visit):
    page = visit.stranger(scheme="dark")
    page.goto(PAGE)
    code = page.get_by_role("img", name=re.compile("QR code"))
    box = code.bounding_box()
    assert box["width"] == pytest.approx(box["height"], abs=1) and box["width"] >= 96
    assert code.evaluate("(found) => getComputedStyle(found).backgroundColor") == "rgb(255, 255, 255)"
