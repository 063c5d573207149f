"""One article: its trace, its publish time, withdrawal, restoration and preview."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect


def taiwan(page):
    """Returns its trace in the section Taiwan."""
    return page.get_by_role("region", name="Taiwan", exact=True)


def test_the_trace_of_an_embargoed_article_stops_at_its_time(visit):
    page = visit("chief", "/editors/article?id=embargoed")
    stop = taiwan(page).locator("li[aria-current=step]")
    expect(stop).to_contain_text("under embargo")
    states = taiwan(page).locator("li").evaluate_all("items => items.map((item) => item.className)")
    assert states == ["passed"] * 5 + ["waits"] + ["ahead"] * 5
    expect(taiwan(page)).to_contain_text("It is under embargo until")


def test_times_in_sentences_use_the_newsrooms_zone(visit):
    page = visit("chief", "/editors/article?id=embargoed")
    expect(taiwan(page)).not_to_contain_text("UTC")
    shown = page.locator("dt:has-text('Publishes') + dd").inner_text()
    expect(taiwan(page)).to_contain_text(shown)


@pytest.mark.parametrize("id", ["embargoed", "draft"])
def test_a_hidden_article_looks_like_one_that_does_not_exist(visit, id):
    page = visit("no-preview", f"/editors/article?id={id}")
    expect(page.get_by_role("alert").first).to_contain_text("There is no article")
    shown = page.get_by_role("alert").first.inner_text()
    page.goto("/editors/article?id=never-was")
    assert page.get_by_role("alert").first.inner_text() == shown.replace(id, "never-was")


def test_its_title_appears_on_no_page_without_the_scope(visit):
    page = visit("no-preview")
    for path in (
        "/", "/sections/taiwan", "/sections/all/versions", "/articles", "/articles?q=Budget", "/audit-log", "/charts",
    ):  # fmt: skip
        page.goto(f"/editors{path}")
        expect(page.locator("h1")).to_be_visible()
        for hidden in ("Budget of the harbour", "Half a thought", "embargoed", "under embargo"):
            assert hidden not in page.content(), path


def test_the_trace_updates_automatically_at_the_publish_time(visit, house):
    title = "Its second has come"
    house.put("moment", title=title, published_at=datetime.now(UTC) + timedelta(hours=1))
    page = visit("chief", "/editors/article?id=moment")
    page.evaluate("window.same = true")
    expect(taiwan(page).locator("li[aria-current=step]")).to_contain_text("under embargo")
    assert title not in house.feed()
    house.put("moment", title=title, published_at=datetime.now(UTC) + timedelta(seconds=2))
    expect(taiwan(page).locator("li.passed")).to_have_count(11)
    expect(taiwan(page).locator("h3 .state")).to_have_text("In the feed")
    house.until_in_feed(title)
    assert page.evaluate("window.same")


def test_withdrawing_removes_it_from_the_feed_and_restoring_returns_it(visit, house):
    title = "Withdrawn and restored"
    house.put("there-and-back", title=title)
    house.until_in_feed(title)
    page = visit("chief", "/editors/article?id=there-and-back")
    page.get_by_role("link", name="Withdraw …").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("It leaves All stories, Taiwan and stays out until someone restores it")
    expect(main).to_contain_text("Cached copies may show it for another ")
    page.get_by_role("button", name="Withdraw").click()
    served = "Withdrawn: every web process serves the feeds without it."
    expect(page.locator("#delivery")).to_have_text(served, timeout=20_000)
    assert title not in house.feed()
    expect(taiwan(page)).to_contain_text("by user chief")
    page.get_by_role("link", name="Restore …").click()
    expect(main).to_contain_text("it returns to its feeds")
    page.get_by_role("button", name="Restore").click()
    expect(page.locator("#delivery")).to_have_text("Restored: every web process serves it.", timeout=20_000)
    assert title in house.feed()
    expect(taiwan(page).locator("h3")).to_contain_text("In the feed")


def test_the_head_and_the_history_of_an_article_keep_up(visit, house):
    house.put("head", title="As it was")
    house.until_in_feed("As it was")
    page = visit("chief", "/editors/article?id=head")
    page.evaluate("window.same = true")
    house.put("head", title="As it is now")
    expect(page.locator("h1")).to_have_text("As it is now", timeout=20_000)
    expect(page.locator("#history li").first).to_contain_text("changed in", timeout=20_000)
    assert page.evaluate("window.same")


def test_the_entries_of_a_section_keep_up(visit, house):
    page = visit("chief", "/editors/sections/taiwan")
    page.evaluate("window.same = true")
    house.put("entry", title="Come while somebody looks")
    expect(page.locator("#section-entries")).to_contain_text("Come while somebody looks", timeout=20_000)
    assert page.evaluate("window.same")


def test_the_verdict_is_on_every_page_and_leads_to_its_cause(visit):
    page = visit("chief", "/editors/feeds")
    page.locator("#verdict-link").click()
    expect(page).to_have_url(re.compile(r"/editors/#verdict$"))
    expect(page.locator("#verdict")).to_contain_text("is left out of")


def test_cancelling_a_withdrawal_changes_nothing(visit, house):
    page = visit("chief", "/editors/article/withdraw?id=public-3")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("link", name="Withdraw …")).to_be_visible()
    assert "Ferry to Matsu" in house.feed()


def test_an_embargoed_article_can_be_previewed(visit, house):
    house.put("ahead", title="Seen before its time", published_at=datetime.now(UTC) + timedelta(hours=3))
    page = visit("chief", "/editors/article?id=ahead")
    page.get_by_role("button", name="Preview").click()
    frame = page.frame_locator("iframe[title='Reader preview']")
    expect(frame.get_by_role("heading", name="Seen before its time")).to_be_visible()
    page.get_by_text("Atom source").click()
    expect(page.locator("#entry-atom pre")).to_contain_text("<title>Seen before its time</title>")
    assert "Seen before its time" not in house.feed()


def test_a_left_out_article_is_listed_with_its_reason(visit):
    page = visit("chief", "/editors/sections/taiwan")
    row = page.get_by_role("row", name="wrong")
    expect(row).to_contain_text("its url")
    row.get_by_role("link", name="wrong").click()
    expect(taiwan(page).locator("li[aria-current=step]")).to_contain_text("left out")
