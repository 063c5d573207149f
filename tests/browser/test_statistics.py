"""Statistics: the numbers of a bar by keyboard, by pointer and without script, at each width, and as a file."""

import re

import pytest
from playwright.sync_api import expect

from syndication.store.processes import poll_counts
from syndication.store.processes.poll_counts import PollSums, slot_of

BAR = re.compile(r": [\d,]+ full, [\d,]+ unchanged, [\d,]+ published$")


@pytest.fixture(scope="module")
def polled(house):
    """The newsroom with some requests in the present slot."""
    with house.database.write() as conn:
        now = house.database.now(conn)
        poll_counts.add_polls(conn, {("taiwan", slot_of(now)): PollSums(5, 7, 100)})
    return house


def test_the_numbers_of_a_bar_are_shown_in_focus_and_under_the_pointer(visit, polled):
    page = visit("chief", "/editors/charts?section=taiwan&over=week")
    bar = page.get_by_role("img", name=BAR).last
    expect(bar.locator(".tip")).to_be_hidden()
    bar.focus()
    expect(bar.locator(".tip")).to_be_visible()
    page.get_by_role("heading", name="Statistics").click()
    expect(bar.locator(".tip")).to_be_hidden()
    bar.locator(".hit").hover()
    expect(bar.locator(".tip")).to_be_visible()
    assert bar.locator("title").text_content() == bar.get_attribute("aria-label")


def test_a_chart_is_as_wide_as_the_page_and_fits_a_phone(visit, polled):
    page = visit("chief", "/editors/charts?section=taiwan&over=week")
    page.set_viewport_size({"width": 1280, "height": 844})
    main, chart = page.locator("main").bounding_box(), page.locator("svg.plot").first.bounding_box()
    assert abs(main["width"] - chart["width"]) < 1
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("svg.plot").first).to_be_hidden()
    expect(page.locator("figure img").first).to_be_visible()


def test_the_numbers_are_downloaded(visit, polled):
    page = visit("chief", "/editors/charts?section=taiwan&over=week")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download these numbers (CSV)").click()
    assert waiting.value.suggested_filename == "statistics-taiwan-week.csv"
    assert waiting.value.path().read_text().startswith("from,articles published,full feed (200),unchanged (304)")
