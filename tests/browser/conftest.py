"""A browser and a house for it to visit: one of each for all tests of a process."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.house import House, open_house
from tests.browser.visits import SECONDS, Visits

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
"""Without a graphics card; and the pictures of a story, which its reader would load, are not looked for outside."""

expect.set_options(timeout=SECONDS * 1000)


def chromium_path() -> str | None:
    """Where the system's own Chromium is; None if there is none."""
    found = shutil.which("chromium") or "/usr/bin/chromium"
    return found if Path(found).exists() else None


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def house(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house for all tests of this process: each writes stories of its own."""
    with open_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def visit(chromium: Browser, house: House) -> Iterator[Visits]:
    """Opens pages; afterwards nothing may have happened on them that never may."""
    visits = Visits(chromium, house)
    yield visits
    visits.close()
    assert not visits.wrong


@pytest.fixture(scope="session")
def journey(chromium: Browser, house: House) -> Iterator[tuple[Visits, Page]]:
    """The one visit of ``tour``."""
    visits = Visits(chromium, house)
    yield visits, visits("chief", "/editors/account")
    visits.close()


@pytest.fixture
def tour(journey: tuple[Visits, Page]) -> Iterator[Page]:
    """A page of one who may everything, for tests that only look at one page after the other: it is opened once."""
    visits, page = journey
    visits.wrong.clear()
    yield page
    page.goto("about:blank")
    assert not visits.wrong
