"""The front page's search for tags and authors, against a database that answers, and one that does not."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, text

from syndication.model.asked_addresses import ASKED_KINDS
from syndication.model.values import Author
from syndication.serve.catalogue import Catalogue
from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.articles.term_registry import FOUND
from syndication.store.db.database import Database
from syndication.web import term_search as module
from syndication.web.pages.settings import PageSettings
from syndication.web.public_pages import flask_app
from syndication.web.term_search import TermSearch, term_search
from tests.support.asked import settings_with
from tests.support.desk import Desk
from tests.support.newsroom import at, section, site

DESK = Actor("desk", "test")
UNAVAILABLE = "Tags and authors cannot be searched at the moment."


class Ticks:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class FrontPage:
    """The front page of one web process over the desk's database; counts the questions to it."""

    def __init__(self, desk: Desk, **options: Any) -> None:
        self.desk, self.ticks, self.asked = desk, Ticks(), 0
        empty = Catalogue.empty(site(), {"taiwan": section("taiwan")}, {}, frozenset())
        self.loader: Any = SimpleNamespace(catalogue=empty)
        self.search = TermSearch(
            desk.database, FOUND, lambda: self.loader.catalogue.memory.generation, clock=self.ticks, **options
        )
        settings = PageSettings(searches_terms=True)
        self.client = flask_app(self.loader, pages=settings, find_terms=self.search).test_client()
        event.listen(desk.database.engine, "before_cursor_execute", self._count)

    def _count(self, conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        self.asked += "term_word" in statement

    def get(self, query: str, address: str = "198.51.100.7", **headers: str) -> Any:
        return self.client.get("/", query_string={"q": query}, environ_base={"REMOTE_ADDR": address}, headers=headers)


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.put("a1", tags=("Ferries & <b>boats</b>", "夜車"), authors=(Author("Lin Mei-hua"),))
    desk.put("a2", tags=("Ferry secrets",), published_at=at(hours=5))
    desk.put("a3", tags=("Ferry drafts",), status="draft")
    desk.work()
    return desk


def test_tags_and_authors_are_found_with_their_pages_and_feeds(desk):
    page = FrontPage(desk)
    answer = page.get("ferr")
    assert "Tags and authors: 1." in answer.text and "<bdi>Ferries &amp; &lt;b&gt;boats&lt;/b&gt;</bdi>" in answer.text
    assert 'href="https://feeds.daily.example/feeds/tag/ferries-b-boats-b"' in answer.text
    assert 'href="https://feeds.daily.example/feeds/tag/ferries-b-boats-b.atom"' in answer.text
    assert answer.headers["Cache-Control"] == "public, max-age=60" and "secrets" not in answer.text
    assert "/feeds/tag/%E5%A4%9C%E8%BB%8A.atom" in page.get("夜車").text
    written = page.get("MEI").text
    assert "/feeds/author/lin-mei-hua" in written and '<span class="of">Author</span>' in written
    assert "Tags and authors" not in page.get("drafts").text and "0 tags" not in page.get("x").text


def test_an_answer_is_kept_for_a_minute_in_every_spelling_and_until_something_is_published(desk):
    page = FrontPage(desk)
    for query in ("ferr", "FERR", " ferr ", "férr"):
        assert "boats" in page.get(query).text
    assert page.asked == 1
    page.ticks.now += module.KEPT_SECONDS
    assert "boats" in page.get("ferr").text and page.asked == 2
    withdrawals.withdraw(desk.database, ["a1"], by=DESK)
    page.loader.catalogue.memory.generation = object()
    assert "boats" not in page.get("ferr").text and page.asked == 3


def test_one_client_and_all_of_them_have_a_limit_and_the_page_has_the_sections_then(desk, monkeypatch):
    monkeypatch.setattr(module, "EVERYBODY", 5)
    monkeypatch.setattr(module, "EACH", 3)
    page = FrontPage(desk, trusted_proxies=1)
    assert all(page.get(f"ferr {n}", **{"X-Forwarded-For": "203.0.113.1"}).status_code == 200 for n in range(3))
    refused = page.get("taiwan", **{"X-Forwarded-For": "203.0.113.1"})
    assert UNAVAILABLE in refused.text and "1 section found" in refused.text
    assert refused.headers["Cache-Control"] == "no-store" and "ETag" not in refused.headers
    assert UNAVAILABLE not in page.get("taiwan", **{"X-Forwarded-For": "203.0.113.2"}).text
    for n in range(20):
        page.get(f"word {n}", **{"X-Forwarded-For": f"192.0.2.{n}"})
    assert page.asked == 5
    page.ticks.now += 61
    assert "boats" in page.get("ferr", **{"X-Forwarded-For": "203.0.113.1"}).text


def test_a_database_that_fails_is_left_alone_for_a_while(desk):
    with desk.database.write() as conn:
        conn.execute(text("ALTER TABLE term_word RENAME TO elsewhere"))
    page = FrontPage(desk)
    for n in range(5):
        answer = page.get(f"taiwan{'x' * (n % 2)}")
        assert answer.status_code == 200 and UNAVAILABLE in answer.text
    assert page.asked == 1
    with desk.database.write() as conn:
        conn.execute(text("ALTER TABLE elsewhere RENAME TO term_word"))
    page.ticks.now += module.PAUSE
    assert "boats" in page.get("ferr").text


def test_a_slow_database_holds_a_page_for_half_a_second(new_url, clock):
    database = Database(new_url("postgresql"), clock=clock)
    desk = Desk(database, clock)
    desk.put("a1", tags=("Ferries",))
    desk.work()
    impatient = Database(database.url, timeout=module.TIMEOUT, clock=clock)
    search = TermSearch(impatient, FOUND, object)
    with database.write() as conn:
        conn.execute(text("LOCK TABLE term_word IN ACCESS EXCLUSIVE MODE"))
        assert search("ferries", {}) is None
    assert search("ferries", {}) is None  # It rests.
    impatient.close()
    database.close()


@pytest.mark.parametrize("query", ["\x00", "'; --", "%", "\ud800", "🙈", "a" * 9_000, "<script>", "\u202e", "- - -"])
def test_hostile_words_get_a_page(desk, query):
    answer = FrontPage(desk).client.get("/", query_string={"q": query.encode("utf-8", "surrogatepass")})
    assert answer.status_code == 200 and UNAVAILABLE not in answer.text and "<script>" not in answer.text


def test_only_what_readers_may_ask_for_is_searched(desk):
    def kinds(*allowed: str) -> Any:
        search = term_search(settings_with(allowed=allowed), object)
        return None if search is None else search._kinds

    assert kinds("combinations") is None and kinds("authors") == ("author",)
    assert kinds("tags", "authors", "combinations") == FOUND == tuple(k for k in ASKED_KINDS if k != "combination")
    only = TermSearch(desk.database, ("author",), object)
    assert only("ferries", {}) == () and [one.name for one in only("lin", {}) or ()] == ["Lin Mei-hua"]
