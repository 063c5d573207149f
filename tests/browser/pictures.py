"""``python -m tests.browser.pictures``: takes the screenshots in README.md and docs/ from running newsrooms."""

import re
import tempfile
from datetime import timedelta
from math import cos, pi
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from syndication.demo import stories
from syndication.store.db.clock import system_clock
from syndication.store.db.database import Database
from syndication.store.processes import poll_counts
from syndication.store.processes.poll_counts import SLOT, PollSums, slot_of
from tests.browser.conftest import ARGUMENTS, chromium_path
from tests.browser.house import House, open_house
from tests.browser.visits import DESK, PHONE, log_in
from tests.support.service import ROOT, Service, running

DOCS = ROOT / "docs"

TAIPEI = ZoneInfo("Asia/Taipei")

LARGEST = 200_000
"""The maximum size of a screenshot in bytes, so that the page loads quickly."""

POLLED = {"all": 120, "taiwan": 45, "world": 30, "sports": 12}
"""The number of polls per feed before the screenshots are taken."""

WRITTEN = 90
"""Seconds until these polls are certainly shown: a web process writes its counts once a minute."""


PUBLIC = "https://feeds.ledger.example"
"""The address of the feeds in the pictures for readers."""


def main() -> None:
    """Starts the demonstration, polls the feeds and takes the screenshots; then those of other newsrooms."""
    path = chromium_path()
    if path is None:
        raise SystemExit("There is no Chromium: apt-get install chromium-headless-shell")
    DOCS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        with tempfile.TemporaryDirectory() as folder, running(Path(folder), arguments=("--demonstration",)) as service:
            service.ready()
            poll(service)
            add_a_day_of_polls(Path(folder))
            take(browser, service)
        public = {"SYNDICATION_SITE__BASE_URL": PUBLIC}
        with (
            tempfile.TemporaryDirectory() as folder,
            running(Path(folder), arguments=("--demonstration",), env=public) as service,
        ):
            service.ready()
            take_public(browser, service)
        with tempfile.TemporaryDirectory() as folder, open_house(Path(folder)) as house:
            take_sources(browser, house)
        browser.close()


def poll(service: Service) -> None:
    """Polls like feed readers, whose copies are mostly up to date."""
    for slug, times in POLLED.items():
        etag = service.get(f"/feeds/{slug}.atom").headers["etag"]
        for _ in range(times):
            service.get(f"/feeds/{slug}.atom", {"If-None-Match": etag})


def add_a_day_of_polls(folder: Path) -> None:
    """Adds the counts of the day before the demonstration began: few at night, most at noon."""
    database = Database(f"sqlite:///{folder}/var/syndication.db")
    with database.write() as conn:
        now = database.now(conn)
        moments = [slot_of(now - SLOT * place) for place in range(1, timedelta(days=1) // SLOT)]
        for slug, times in POLLED.items():
            for moment in moments:
                there = moment.astimezone(TAIPEI)
                polls = times * (1.2 - cos(2 * pi * (there.hour * 60 + there.minute) / 1440))
                sums = PollSums(round(polls / 8), round(polls * 7 / 8), round(polls) * 5000)
                poll_counts.add_polls(conn, {(slug, moment): sums})
    database.close()


def take(browser: Browser, service: Service) -> None:
    """Takes the screenshots of the demonstration."""
    password = re.search(r"log in as demonstration, password (\S+)\)", service.log.read_text())
    assert password, "the demonstration printed no password"
    desk = browser.new_context(base_url=f"http://127.0.0.1:{service.port}", viewport={"width": DESK, "height": 800})
    page = desk.new_page()
    log_in(page, "demonstration", password[1])
    page.wait_for_url("**/editors/")
    # Polls are counted in memory and written periodically.
    figure = page.locator("dl.figures div", has_text="Requests (1 h)").locator("dd")
    expect(figure).not_to_have_text("0", timeout=WRITTEN * 1000)
    save(page, "overview")
    page.goto(f"/editors/article?id={embargoed()}")
    page.set_viewport_size({"width": DESK, "height": 960})
    save(page, "article")
    take_edit(page)
    page.goto("/editors/charts")
    expect(page.locator("svg.plot")).to_have_count(3)
    bar = page.get_by_role("img", name=re.compile("full, .* unchanged")).nth(30)
    bar.focus()
    page.set_viewport_size({"width": DESK, "height": 1040})
    page.evaluate("scrollTo(0, 0)")
    save(page, "statistics")
    take_feed(page)
    page.goto("/editors/")
    page.set_viewport_size({"width": PHONE, "height": 844})
    page.emulate_media(color_scheme="dark")
    save(page, "overview-phone")


def take_public(browser: Browser, service: Service) -> None:
    """Takes the screenshots of the pages for readers, as at a public address."""

    def answer(route: Route) -> None:
        found = service.get(route.request.url.removeprefix(PUBLIC))
        route.fulfill(status=found.status, headers=found.headers, body=found.body)

    context = browser.new_context(viewport={"width": DESK, "height": 800})
    context.route(f"{PUBLIC}/**", answer)
    page = context.new_page()
    page.goto(f"{PUBLIC}/")
    save(page, "front")
    page.goto(f"{PUBLIC}/feeds/taiwan")
    save(page, "feed-page")
    page.set_viewport_size({"width": PHONE, "height": 844})
    page.emulate_media(color_scheme="dark")
    save(page, "feed-page-phone")


def take_edit(page: Page) -> None:
    """Takes the screenshot of a correction and its review."""
    page.goto("/editors/articles?section=taiwan")
    page.get_by_role("link", name="Night train to Hualien returns after five years").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    title = page.get_by_label("Title")
    title.fill(title.input_value().replace("five", "four"))
    page.get_by_role("button", name="Review changes").click()
    expect(page.get_by_role("region", name="Review", exact=True)).to_contain_text("In the feeds")
    save(page, "edit")


def take_feed(page: Page) -> None:
    """Takes the screenshot of a new feed with its preview."""
    page.set_viewport_size({"width": DESK, "height": 1000})
    page.goto("/editors/feed/new")
    page.get_by_label("Title").fill("Out and about")
    page.get_by_label("Address", exact=True).fill("out-and-about")
    page.get_by_role("checkbox", name="Travel").first.check()
    page.get_by_role("checkbox", name="Life", exact=True).first.check()
    expect(page.locator("#preview")).to_contain_text("First entries")
    expect(page.locator("#preview .entries li")).not_to_have_count(20)  # Those of every story are shown first.
    save(page, "feed")


def take_sources(browser: Browser, house: House) -> None:
    """Takes the screenshot of a source with a story that could not be stored."""
    house.put("31", title="Written by the newsroom")
    house.cms.publish(31, headline="Written in the CMS")
    desk = browser.new_context(base_url=house.base, viewport={"width": DESK, "height": 600})
    page = desk.new_page()
    log_in(page, "chief", house.password_of("chief"))
    page.wait_for_url("**/editors/")
    page.goto("/editors/sources")
    expect(page.get_by_role("row", name="31")).to_be_visible()
    expect(page.locator(".state").first).to_have_text("Up to date")
    save(page, "sources")


def embargoed() -> str:
    """Returns the ID of the article with the latest embargo."""
    dated = [story for story in stories(system_clock()) if story.published_at is not None]
    return max(dated, key=lambda story: story.published_at).id


def save(page: Page, name: str) -> None:
    """Writes the screenshot, if it is not too large."""
    picture = page.screenshot()
    if len(picture) > LARGEST:
        raise SystemExit(f"{name}.png has {len(picture)} bytes, and should have {LARGEST} at most")
    (DOCS / f"{name}.png").write_bytes(picture)
    print(f"docs/{name}.png", len(picture))


if __name__ == "__main__":
    main()
