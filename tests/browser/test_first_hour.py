"""The first hour of a newsroom: from an empty folder to a story in a feed, and each next step until it is done."""

import contextlib

import pytest
from playwright.sync_api import expect

from tests.browser.test_for_everybody import look_at
from tests.browser.visits import Visits, log_in
from tests.support.service import environ, running, until
from tests.support.terminal import typed

pytestmark = pytest.mark.timeout(300)  # A minute of them until a request is counted.

PASSWORD, OTHER = "orchard-31-teapot", "orchard-37-teapot"

ANSWERS = [
    (b"Name of the newsroom:", "The Harbour Post"), (b"Public address", "https://feeds.harbour.test"),
    (b"Address of the website", "https://www.harbour.test"), (b"A domain that", ""), (b"Language", ""),
    (b"Time zone", "Asia/Taipei"), (b"First sections", "Taiwan, World"), (b"User name", "mei-hua"),
    (b"Password for", PASSWORD), (b"Repeat", PASSWORD), (b"Create this newsroom?", ""),
]  # fmt: skip

STORIES, COLLEAGUES, READERS = "Bring in your stories", "Add your colleagues", "Show readers the feeds"

FLUSHED = 90_000
"""Milliseconds until a poll is certainly counted: a web process writes its counts once a minute."""


class Newsroom:
    """What a visit needs of a running service."""

    def __init__(self, service):
        self.service, self.base, self.cookies = service, f"http://127.0.0.1:{service.port}", {}


@pytest.fixture
def folder(tmp_path):
    """A folder in which a new user answered the questions of ``init``, and nothing else was done."""
    code, screen = typed(ANSWERS, "init", env=environ(), folder=tmp_path)
    assert code == 0, screen
    return tmp_path


@contextlib.contextmanager
def started(folder, *commands):
    with contextlib.ExitStack() as stack:
        services = [stack.enter_context(running(folder, command)) for command in commands]
        yield services[-1].ready()


def steps(page):
    return page.get_by_role("region", name="Next steps").get_by_role("listitem")


def step(page, title):
    return steps(page).filter(has_text=title)


def write_story(page, title):
    page.get_by_label("Title").fill(title)
    page.get_by_label("Address on your site").fill("/first-story")
    page.get_by_role("checkbox", name="Taiwan").check()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status").first).to_contain_text("Published.")


def test_from_an_empty_folder_to_a_colleague_and_a_reader(chromium, folder):
    with started(folder, "serve") as service:
        assert "Warning:" not in service.log.read_text()
        visits = Visits(chromium, Newsroom(service))
        page = visits.stranger()
        log_in(page, "mei-hua", PASSWORD)
        expect(steps(page)).to_have_count(3)
        look_at(page)
        # A reader, whose request is counted within a minute.
        assert service.get("/feeds/taiwan.atom").status == 200
        step(page, STORIES).get_by_role("link", name="Write the first one").click()
        write_story(page, "A harbour opens")
        until(lambda: b"A harbour opens" in service.get("/feeds/taiwan.atom").body)
        page.goto("/editors/")
        expect(step(page, STORIES)).to_have_count(0)
        step(page, COLLEAGUES).get_by_role("link", name="Add people").click()
        page.get_by_label("Name", exact=True).fill("lin")
        page.get_by_role("radio", name="Editor").check()
        page.get_by_role("button", name="Add user").click()
        link = page.get_by_label("Link", exact=True).inner_text()
        assert link.startswith("https://feeds.harbour.test/editors/password/")
        colleague = visits.stranger()
        colleague.goto(link.removeprefix("https://feeds.harbour.test"))
        colleague.get_by_label("New password (at least 12").fill(OTHER)
        colleague.get_by_label("Confirm new password").fill(OTHER)
        colleague.get_by_role("button", name="Set password").click()
        log_in(colleague, "lin", OTHER)
        expect(colleague.get_by_role("button", name="Log out")).to_be_visible()
        page.goto("/editors/")
        expect(step(page, COLLEAGUES)).to_have_count(0)
        expect(page.get_by_role("region", name="Next steps")).to_have_count(0, timeout=FLUSHED)
        visits.close()
        assert not visits.wrong


def test_the_same_folder_runs_as_worker_and_web_process(folder):
    with started(folder, "worker", "web") as service:
        line = '{"id": "a1", "title": "Night train", "url": "/a1", "sections": ["taiwan"],'
        line += ' "published_at": "2026-03-14T08:00Z"}'
        done = service.run("import", "-", input=line)
        assert done.returncode == 0, done.stderr
        until(lambda: b"Night train" in service.get("/feeds/taiwan.atom").body)
        assert b"tag:harbour.test," in service.get("/feeds/taiwan.atom").body
