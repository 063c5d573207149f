"""One story: why it is not there, its moment, taking it out and back, and looking at it before anybody else can."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect


def taiwan(page):
    """Its way into the feed of Taiwan."""
    return page.get_by_role("region", name="Taiwan", exact=True)


def test_the_way_of_an_embargoed_story_stops_at_its_time(visit):
    page = visit("chief", "/editors/article?id=embargoed")
    stop = taiwan(page).locator("li[aria-current=step]")
    expect(stop).to_contain_text("under embargo")
    states = taiwan(page).locator("li").evaluate_all("items => items.map((item) => item.className)")
    assert states == ["passed"] * 5 + ["waits"] + ["ahead"] * 5
    expect(taiwan(page)).to_contain_text("It is under embargo until")


def test_a_sentence_has_the_newsrooms_time_as_all_the_rest(visit):
    page = visit("chief", "/editors/article?id=embargoed")
    expect(taiwan(page)).not_to_contain_text("UTC")
    shown = page.locator("dt:has-text('Appears') + dd").inner_text()
    expect(taiwan(page)).to_contain_text(shown)


@pytest.mark.parametrize("id", ["embargoed", "draft"])
def test_to_others_a_story_that_is_not_public_is_one_that_there_is_not(visit, id):
    page = visit("no-preview", f"/editors/article?id={id}")
    expect(page.get_by_role("alert").first).to_contain_text("There is no article")
    told = page.get_by_role("alert").first.inner_text()
    page.goto("/editors/article?id=never-was")
    assert page.get_by_role("alert").first.inner_text() == told.replace(id, "never-was")


def test_its_title_stands_nowhere_for_them(visit):
    page = visit("no-preview")
    for path in (
        "/", "/sections/taiwan", "/sections/all/versions", "/articles", "/articles?q=Budget", "/audit-log", "/charts",
    ):  # fmt: skip
        page.goto(f"/editors{path}")
        expect(page.locator("h1")).to_be_visible()
        for hidden in ("Budget of the harbour", "Half a thought", "embargoed", "under embargo"):
            assert hidden not in page.content(), path


def test_when_its_moment_comes_the_way_turns_green_by_itself(visit, house):
    title = "Its second has come"
    house.put("moment", title=title, published_at=datetime.now(UTC) + timedelta(hours=1))
    page = visit("chief", "/editors/article?id=moment")
    page.evaluate("window.same = true")
    expect(taiwan(page).locator("li[aria-current=step]")).to_contain_text("under embargo")
    assert title not in house.feed()
    house.put("moment", title=title, published_at=datetime.now(UTC) + timedelta(seconds=2))
    expect(taiwan(page).locator("li.passed")).to_have_count(11)
    expect(taiwan(page).locator("h3 .state")).to_have_text("in the feed")
    house.until_in_feed(title)
    assert page.evaluate("window.same")


def test_withdrawing_one_takes_it_out_of_the_feed_and_restoring_brings_it_back(visit, house):
    title = "Withdrawn and restored"
    house.put("there-and-back", title=title)
    house.until_in_feed(title)
    page = visit("chief", "/editors/article?id=there-and-back")
    page.get_by_role("link", name="Withdraw …").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("It leaves All stories, Taiwan within a second or so")
    expect(main).to_contain_text("Copies in caches may show it for another 7 min")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("status").first).to_have_text("The article leaves every feed within a second or so.")
    house.until_gone(title)
    expect(taiwan(page)).to_contain_text("by user chief")
    page.get_by_role("link", name="Restore …").click()
    expect(main).to_contain_text("It comes back into its feeds")
    page.get_by_role("button", name="Restore").click()
    house.until_in_feed(title)
    expect(taiwan(page).locator("h3")).to_contain_text("in the feed")


def test_leaving_it_as_it_is_changes_nothing(visit, house):
    page = visit("chief", "/editors/article/withdraw?id=public-3")
    page.get_by_role("link", name="Leave it as it is").click()
    expect(page.get_by_role("link", name="Withdraw …")).to_be_visible()
    assert "Ferry to Matsu" in house.feed()


def test_a_preview_of_an_embargoed_one_shows_it_as_a_reader_will(visit, house):
    house.put("ahead", title="Seen before its time", published_at=datetime.now(UTC) + timedelta(hours=3))
    page = visit("chief", "/editors/article?id=ahead")
    page.get_by_role("button", name="Preview").click()
    frame = page.frame_locator("iframe[title='The entry as a reader shows it']")
    expect(frame.get_by_role("heading", name="Seen before its time")).to_be_visible()
    page.get_by_text("Atom, to the letter").click()
    expect(page.locator("#entry-atom pre")).to_contain_text("<title>Seen before its time</title>")
    assert "Seen before its time" not in house.feed()


def test_the_page_says_which_one_is_left_out_and_why(visit):
    page = visit("chief", "/editors/sections/taiwan")
    row = page.get_by_role("row", name="wrong")
    expect(row).to_contain_text("its url")
    row.get_by_role("link", name="wrong").click()
    expect(taiwan(page).locator("li[aria-current=step]")).to_contain_text("left out")
