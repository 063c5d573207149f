"""Pages while a worker, the database or the service is down, and their automatic recovery."""

import contextlib
import os
import re
import signal
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser.house import House, write_configuration
from tests.browser.visits import Visits
from tests.support.service import running, until

STALE = r"Showing data from \d\d:\d\d"


@pytest.fixture(scope="module")
def apart(new_module_url, tmp_path_factory):
    """A newsroom on PostgreSQL whose web process runs alone, without a supervisor that restarts processes."""
    folder = tmp_path_factory.mktemp("apart")
    env = {"SYNDICATION_CONFIG": str(write_configuration(folder))}
    with running(folder, "web", url=new_module_url("postgresql"), env=env) as web:
        until(lambda: web.get("/healthz").status == 200)
        yield House(web, None, None, None)


@contextlib.contextmanager
def worker(house):
    """Runs a separate worker, and ends its remaining processes."""
    settings = {name: value for name, value in house.service.env.items() if name.startswith("SYNDICATION_")}
    with running(house.service.folder, "worker", env=settings) as service:
        yield service


@pytest.fixture
def visit_apart(chromium, apart):
    visits = Visits(chromium, apart)
    yield visits
    visits.close()
    assert not visits.wrong


def test_page_shows_that_no_worker_runs_until_one_starts(visit_apart, apart):
    line = "#overview [role=status]"
    with worker(apart) as first:
        apart.service.ready()
        page = visit_apart("chief")
        expect(page.locator(line)).to_contain_text("All is well.")
        os.kill(first.process.pid, signal.SIGKILL)
        expect(page.locator(line)).to_contain_text("No worker is running", timeout=20_000)
        page.get_by_role("button", name="Regenerate all").click()
        page.get_by_role("button", name="Regenerate all").click()
        expect(page.get_by_role("region", name="Regeneration")).to_contain_text("No worker is running")
    with worker(apart):
        expect(page.locator(line)).to_contain_text("All is well.", timeout=20_000)
        expect(page.get_by_role("region", name="Regeneration")).to_contain_text("4 of 4")


def test_page_shows_that_the_database_is_down_and_recovers(visit_apart, apart, postgres_server):
    with worker(apart):
        apart.service.ready()
        page = visit_apart("chief")
        with psycopg.connect(postgres_server.format(name="postgres"), autocommit=True) as conn:
            name = apart.service.env["SYNDICATION_DATABASE__URL"].partition("?")[0].rpartition("/")[2]
            conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            expect(page.locator("#old")).to_contain_text(
                re.compile(rf"{STALE}\. The database does not answer\."), timeout=20_000
            )
            fresh = visit_apart("chief", "/editors/articles")
            expect(fresh.get_by_role("alert").first).to_contain_text("The database does not answer.")
            assert apart.service.get("/feeds/all.json").status == 200
            conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        expect(page.locator("#old")).to_be_hidden(timeout=20_000)
        expect(fresh.get_by_role("heading", name="Articles")).to_be_visible(timeout=20_000)


def tree(pid):
    """Returns a process and all that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in tree(int(child)))]


def test_pages_say_since_when_while_the_web_process_is_frozen(visit_apart, apart):
    with worker(apart):
        apart.service.ready()
        page = visit_apart("chief", "/editors/sections/taiwan")
        verdict = page.locator("#verdict-link")
        expect(verdict).to_have_text("All is well", timeout=20_000)
        stopped = tree(apart.service.process.pid)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            lost = re.compile(rf"^Connection lost\. {STALE}; retrying\.$")
            expect(page.locator("#old")).to_have_text(lost, timeout=30_000)
            expect(verdict).to_have_text("Not up to date")
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        expect(page.locator("#old")).to_be_hidden(timeout=30_000)
        expect(verdict).to_have_text("All is well", timeout=20_000)


def test_page_shows_a_lost_connection_and_recovers(visit):
    page = visit("chief")
    page.context.set_offline(True)
    expect(page.locator("#old")).to_have_text(re.compile(rf"^Connection lost\. {STALE}; retrying\.$"))
    page.context.set_offline(False)
    expect(page.locator("#old")).to_be_hidden()
