"""A browser and a running newsroom, shared by all tests of a process."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.house import House, open_house
from tests.browser.visits import SECONDS, Visits

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
"""No graphics card, and no network access, not even for images in articles."""

expect.set_options(timeout=SECONDS * 1000)


def chromium_path() -> str | None:
    """Returns the path of the system's Chromium, or None.

    The one without windows is preferred: the other draws the toolbar of each, which costs as much as most pages.
    """
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.skip("there is no Chromium: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def house(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A newsroom for all tests of this process; each test writes its own articles."""
    with open_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def visit(chromium: Browser, house: House) -> Iterator[Visits]:
    """Opens pages, and afterwards checks that none had an error."""
    visits = Visits(chromium, house)
    yield visits
    visits.close()
    assert not visits.wrong


@pytest.fixture(scope="package")
def journey(chromium: Browser, house: House) -> Iterator[tuple[Visits, Page]]:
    """The browser session of ``tour``."""
    visits = Visits(chromium, house)
    yield visits, visits("chief", "/editors/account")
    visits.close()


@pytest.fixture
def tour(journey: tuple[Visits, Page]) -> Iterator[Page]:
    """A page of a user with all scopes, opened once, for tests that only view pages."""
    visits, page = journey
    visits.wrong.clear()
    yield page
    page.goto("about:blank")
    assert not visits.wrong
