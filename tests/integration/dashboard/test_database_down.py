"""The dashboard while the database is down, and its recovery."""

import contextlib
import re

import psycopg
import pytest
from sqlalchemy import make_url

from syndication.dashboard.errors import DATABASE_DOWN, NOT_DONE
from syndication.dashboard.pages import POLICY
from syndication.store.db.database import Database
from tests.support.dashboard import Dashboard


@pytest.fixture
def dashboard(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    yield Dashboard(database, clock)
    database.close()


@contextlib.contextmanager
def away(url):
    """Ends all connections to a database and refuses new ones."""
    address = make_url(url)
    name, admin = address.database, address.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        conn.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,))
        yield
        conn.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def check_told(browser, token):
    """Checks that pages, live parts and forms report it, and that static files are still served."""
    last = browser.post("/article/withdraw?id=a%261", token, reason="<b>")
    (form,) = last.forms()
    assert form.get("action") == "/editors/article/withdraw?id=a%261"
    assert dict(form.form_values()) == {"csrf_token": token, "confirmed": "1", "reason": "<b>"}
    secret = browser.post("/login", token, name="lin", password="secret")
    assert secret.note == NOT_DONE and not secret.forms() and "secret" not in secret.text
    for page in (browser.get("/"), browser.get("/login"), browser.get("/nothing"), last):
        words = NOT_DONE if page is last else DATABASE_DOWN
        assert (page.status, page.note, page.headers.get("Retry-After")) == (503, words, "5")
        assert page.title == "Database not available" and not page.cookies
        assert bool(page.tree.xpath("//*[@data-retry]")) == (page is not last)
        assert page.headers["Cache-Control"] == "no-store" and page.headers["Content-Security-Policy"] == POLICY
    part = browser.part("/live/overview")
    assert (part.status, part.note) == (503, DATABASE_DOWN) and "<html" not in part.text
    assert browser.get("/static/dashboard.css").status == 200


def test_pages_report_that_the_database_is_down_and_sessions_survive(dashboard, postgres_url):
    browser = dashboard.person()
    token = browser.token()
    with away(postgres_url):
        check_told(browser, token)
    assert browser.get("/").status == 200


def test_every_form_can_be_sent_again_as_it_was(dashboard, postgres_url):
    browser = dashboard.person()
    token = browser.token()
    rules = [rule for rule in dashboard.app.url_map.iter_rules() if "POST" in rule.methods]
    assert len(rules) > 30
    with away(postgres_url):
        for rule in rules:
            path = f"{re.sub('<[^>]+>', 'taiwan', rule.rule)}?id=a%26b"
            page = browser.post(path, token, section=["taiwan", "world"], what="chosen", note="<b>\n'\"")
            (form,) = page.forms()
            assert (page.status, page.note, form.get("action")) == (503, NOT_DONE, path)
            sent = [("csrf_token", token), ("confirmed", "1"), ("section", "taiwan"), ("section", "world"),
                    ("what", "chosen"), ("note", "<b>\n'\"")]  # fmt: skip
            assert form.form_values() == sent and form.xpath("string(.//button)") == "Try again"
    assert browser.post("/article/withdraw?id=nothing", token).status == 404  # The token is valid still.


def test_a_web_process_started_without_database_reports_it(dashboard, postgres_url):
    browser = dashboard.person()
    token, cookie = browser.token(), browser.cookie
    dashboard.restart()
    again = dashboard.stranger()
    again.cookie = cookie
    with away(postgres_url):
        check_told(again, token)
    assert again.get("/").status == 200


def test_the_api_reports_that_the_database_is_down(dashboard, postgres_url):
    api = dashboard.api
    assert api.get("/status").status == 200
    with away(postgres_url):
        for said in (api.get("/status"), api.put("a1")):
            assert (said.status, said.kind) == (503, "database-down")
            assert said.headers["Retry-After"] == "5" and "OperationalError" not in said.json["detail"]
    assert api.put("a1").status == 201
