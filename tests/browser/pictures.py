"""``python -m tests.browser.pictures``: makes the pictures in docs/editors.md, from the demonstration as it runs."""

import re
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from syndication.demo import stories
from syndication.store.db.clock import system_clock
from tests.browser.conftest import ARGUMENTS, chromium_path
from tests.browser.visits import DESK, PHONE, log_in
from tests.support.service import ROOT, Service, running

DOCS = ROOT / "docs"

LARGEST = 200_000
"""Bytes of a picture, so that the page loads quickly."""

POLLED = {"all": 120, "taiwan": 45, "world": 30, "sports": 12}
"""How often readers ask for a feed before the pictures are made."""

WRITTEN = 90
"""Seconds after which these polls are surely told: a web process writes them down once a minute."""


def main() -> None:
    """Start the demonstration, let readers poll, and look at three pages."""
    path = chromium_path()
    if path is None:
        raise SystemExit("There is no Chromium: apt-get install chromium")
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), arguments=("--demonstration",)) as service:
        service.ready()
        poll(service)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            take(browser, service)
            browser.close()


def poll(service: Service) -> None:
    """Ask as readers do, who mostly have what is there already."""
    for slug, times in POLLED.items():
        etag = service.get(f"/feeds/{slug}.atom").headers["etag"]
        for _ in range(times):
            service.get(f"/feeds/{slug}.atom", {"If-None-Match": etag})


def take(browser: Browser, service: Service) -> None:
    """Make the three pictures."""
    password = re.search(r"log in as demonstration, password (\S+)\)", service.log.read_text())
    assert password, "the demonstration says no password"
    desk = browser.new_context(base_url=f"http://127.0.0.1:{service.port}", viewport={"width": DESK, "height": 800})
    page = desk.new_page()
    log_in(page, "demonstration", password[1])
    page.wait_for_url("**/editors/")
    # Polls are counted in memory, and written down once in a while.
    figure = page.locator("dl.figures div", has_text="Polls in the last hour").locator("dd")
    expect(figure).not_to_have_text("0", timeout=WRITTEN * 1000)
    save(page, "overview")
    page.goto(f"/editors/article?id={embargoed()}")
    page.set_viewport_size({"width": DESK, "height": 960})
    save(page, "article")
    page.goto("/editors/")
    page.set_viewport_size({"width": PHONE, "height": 844})
    page.emulate_media(color_scheme="dark")
    save(page, "overview-phone")


def embargoed() -> str:
    """The id of the story that is under embargo for longest."""
    dated = [story for story in stories(system_clock()) if story.published_at is not None]
    return max(dated, key=lambda story: story.published_at).id


def save(page: Page, name: str) -> None:
    """Write the picture, if it is of a sensible size."""
    picture = page.screenshot()
    if len(picture) > LARGEST:
        raise SystemExit(f"{name}.png has {len(picture)} bytes, and should have {LARGEST} at most")
    (DOCS / f"{name}.png").write_bytes(picture)
    print(f"docs/{name}.png", len(picture))


if __name__ == "__main__":
    main()
