"""Random lives of articles: who may not preview finds no word that readers were not shown, wherever they look.

Each revision of an article has a word of its own in every text, each article one in its id. What may be known is worked
out from the rows and the published documents alone. The other way round: what was shown stays visible.
"""

import io
import re
from contextlib import closing, redirect_stderr, redirect_stdout
from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import event, text

from syndication.dashboard.ttl_cache import TTLCache
from syndication.serve.catalogue import Catalogue
from syndication.store.articles.term_registry import FOUND
from syndication.store.db.database import Database
from syndication.web.document_loader import DocumentLoader
from syndication.web.pages.settings import PageSettings
from syndication.web.public_pages import flask_app
from syndication.web.term_search import TermSearch
from syndication.web.wsgi.feed_middleware import FeedMiddleware
from tests.conftest import FakeClock
from tests.support.dashboard import PREFIX, Dashboard
from tests.support.thorough import THOROUGH

READER, BLIND = ("read",), ("write",)

PHASES = [Phase.generate]
"""Shrinking a failure takes minutes; the steps that led to one are printed anyway."""

WORDS = re.compile(r"zq(?:id)?\d+x")

MEMBERS_WORDS = re.compile(r"yq\d+x")
"""They stand only in what is for members: nobody else finds them, before a publication or after."""

IDS = tuple(f"zqid{number}x" for number in range(5))

SECTIONS = ("taiwan", "sports", "nowhere")
"""The last one has no feed."""

HOURS = (None, -3, -1, 1, 2)

ids, hours = st.sampled_from(IDS), st.sampled_from(HOURS)


class Lives(RuleBasedStateMachine):
    """A newsroom with a worker, and everybody who looks."""

    new_url = None

    @initialize()
    def begin(self):
        self.clock = FakeClock()
        self.database = Database(type(self).new_url("sqlite"), clock=self.clock)
        self.dashboard = Dashboard(self.database, self.clock)
        self.desk, self.api = self.dashboard.desk, self.dashboard.api
        del self.desk.sections["china"]
        self.desk.restart()
        self.api.worker_seen()
        paths = self.api.get("/openapi.json", ()).json["paths"]
        self.gets = [path for path, item in paths.items() if "get" in item]
        terms = TermSearch(self.database, FOUND, object)
        empty = Catalogue.empty(self.desk.site, self.desk.sections, {}, frozenset())
        self.front = DocumentLoader(self.database, empty, lambda counter: None)
        app = flask_app(self.front, pages=PageSettings(searches_terms=True), find_terms=terms)
        app.wsgi_app = FeedMiddleware(app.wsgi_app, self.front)
        self.site = app.test_client()
        self.browser = self.dashboard.person(*READER)
        self.revision = 0
        self.gathered_words = set()
        """The words of what was public when a worker gathered it: terms for the search, until it gathers again."""
        self.shown_words, self.shown_ids, self.shown_rows = set(), set(), {}
        self.log = io.StringIO()
        self.publish()

    def teardown(self):
        if hasattr(self, "database"):
            self.database.close()

    def story(self, published, expires, section, status, bad=False):
        """What a CMS sends: a new revision, with a word that no other one has; every third is for members."""
        self.revision += 1
        word, closed, now = f"zq{self.revision}x", f"yq{self.revision}x", self.clock()
        members = self.revision % 3 == 0
        return {
            "title": f"T {word}", "url": f"{'ftp' if bad else 'https'}://daily.example/{word}", "slug": word,
            "html": f"<p>{word}</p>" + f"<!--members-only--><p>{closed}</p>" * members, "summary": word,
            "access": "members" if members else "public", "authors": [word], "tags": [word], "correction": word,
            "enclosures": [{"url": f"/{closed}.mp3", "media_type": "audio/mpeg"}] * members,
            "image": {"url": f"/{word}.jpg", "caption": word}, "sections": [section] if section else [],
            "published_at": (now + timedelta(hours=published)).isoformat() if published is not None else None,
            "expires_at": (now + timedelta(hours=expires)).isoformat() if expires is not None else None,
            "status": "draft" if published is None and status == "published" else status,
        }  # fmt: skip

    status = st.sampled_from(("published", "published", "draft", "withdrawn"))
    section = st.sampled_from((*SECTIONS, None))

    @rule(id=ids, published=hours, expires=hours, section=section, status=status, bad=st.integers(0, 5))
    def write(self, id, published, expires, section, status, bad):
        self.api.ask("PUT", f"/articles/{id}", self.story(published, expires, section, status, bad == 0))

    @rule(id=ids, published=hours, expires=hours, section=section, status=status, how=st.sampled_from(("put", "batch")))
    def write_blindly(self, id, published, expires, section, status, how):
        existed, story = self.may_know_of(id), self.story(published, expires, section, status)
        if how == "put":
            said = self.api.ask("PUT", f"/articles/{id}", story, scopes=BLIND)
            outcome = said.json["outcome"]
            assert existed or (said.status, said.json["article"]["status"]) == (201, story["status"])
        else:
            said = self.api.ask("POST", "/articles:batch", {"articles": [story | {"id": id}]}, scopes=BLIND)
            outcome = said.json["outcomes"][0]["outcome"]
        assert existed or outcome == "created"
        assert set(WORDS.findall(said.body.decode())) <= {id, story["slug"]}

    @rule(id=ids, act=st.sampled_from(("withdraw", "restore")))
    def move(self, id, act):
        self.api.ask("POST", f"/articles/{id}/{act}")

    @rule(id=ids, hours=hours)
    def set_embargo(self, id, hours):
        if hours is not None:
            self.api.ask(
                "PATCH", f"/articles/{id}", {"published_at": (self.clock() + timedelta(hours=hours)).isoformat()}
            )

    @rule(id=ids)
    def delete(self, id):
        with self.database.write() as conn:
            conn.execute(text("DELETE FROM article WHERE id = :id"), {"id": id})

    @rule(old=ids, new=ids)
    def change_id(self, old, new):
        with self.database.write() as conn:
            if conn.scalar(text("SELECT count(*) FROM article WHERE id = :id"), {"id": new}) == 0:
                conn.execute(text("UPDATE article SET id = :new WHERE id = :old"), {"old": old, "new": new})

    @rule(hours=st.sampled_from((0, 0, 1, 2)))
    def publish(self, hours=0):
        """Time passes, the worker publishes, and what readers get is noted."""
        log = io.StringIO()
        with redirect_stdout(log), redirect_stderr(log):
            self.dashboard.publish(seconds=2 + 3600 * hours)
            self.front.load()
            self.front.read_state()
        self.log.write(log.getvalue())
        self.gathered_words |= {self.word(row) for row in self.rows().values() if self.is_public(row)}
        everything = self.desk.everything()
        assert not MEMBERS_WORDS.search(everything)
        words = set(WORDS.findall(everything))
        self.shown_ids |= words & set(IDS)
        self.shown_words |= words
        for id, row in self.rows().items():
            if id in words and self.word(row) in words:
                self.shown_rows[id] = self.content(row)

    def rows(self):
        with self.database.read() as conn:
            filed = conn.execute(text("SELECT article_id, group_concat(section) FROM article_section GROUP BY 1")).all()
            found = conn.execute(text("SELECT * FROM article")).mappings().all()
        return {row["id"]: dict(row) | {"sections": dict(map(tuple, filed)).get(row["id"])} for row in found}

    def word(self, row):
        return WORDS.search(row["title"])[0]

    def content(self, row):
        return {name: value for name, value in row.items() if name not in ("id", "status")}

    def is_public(self, row):
        now = self.clock().isoformat(timespec="microseconds").replace("+00:00", "Z")
        begun = row["published_at"] is not None and row["published_at"] <= now
        return row["status"] == "published" and begun and (row["expires_at"] is None or row["expires_at"] > now)

    def may_know_of(self, id):
        row = self.rows().get(id)
        return id in self.shown_ids or (row is not None and self.is_public(row))

    def known(self):
        """Every word that may be known."""
        public = {word for id, row in self.rows().items() if self.is_public(row) for word in (id, self.word(row))}
        return self.shown_words | self.shown_ids | public

    def look(self, where, said, asked=""):
        found = set(WORDS.findall(said)) - set(WORDS.findall(asked))
        assert found <= self.known(), (where, found - self.known())
        assert not MEMBERS_WORDS.search(said), where

    @invariant()
    def the_api_tells_nothing_else(self):
        gets = self.gets
        assert len(gets) > 10
        addresses = [path for path in gets if "{" not in path and "docs" not in path and "openapi" not in path]
        addresses += [
            path.replace("{id}", id) for path in gets for id in IDS if "{id}" in path and "/articles/" in path
        ]
        addresses += [path.replace("{slug}", slug) for path in gets for slug in self.desk.sections if "{slug}" in path]
        addresses += [f"{path}?old=0&new={self.desk.state().version}" for path in addresses if "/difference" in path]
        addresses += [f"/articles?{query}" for query in ("status=draft", "status=withdrawn", "section=nowhere", "q=zq")]
        for address in addresses:
            said = self.api.get(address, READER)
            self.look(address, f"{said.body.decode()} {dict(said.headers)}", address)
        listed = {one["id"] for said in self.api.pages("/articles?limit=1", READER) for one in said.json["articles"]}
        assert listed == {id for id, row in self.rows().items() if self.may_read(id, row)}
        for word in {*IDS, *map(self.word, self.rows().values())}:
            said = self.api.get(f"/articles?q={word}", READER).json
            assert {one["id"] for one in said["articles"]} <= listed and said["count"] == len(said["articles"]), word

    def may_read(self, id, row):
        return self.is_public(row) or self.shown_rows.get(id) == self.content(row)

    @invariant()
    def what_was_shown_stays_visible_and_all_else_is_unknown(self):
        rows = self.rows()
        for id in IDS:
            readable = id in rows and self.may_read(id, rows[id])
            assert self.api.get(f"/articles/{id}", READER).status == (200 if readable else 404), id
            for what in ("trace", "history"):
                status = self.api.get(f"/articles/{id}/{what}", READER).status
                assert status == (200 if self.may_know_of(id) else 404), (id, what)
            if not self.may_know_of(id):
                for method, rest, body in (
                    ("PATCH", "", {}), ("PATCH", "", {"title": "x"}), ("POST", "/withdraw", None),
                    ("POST", "/restore", None),
                ):  # fmt: skip
                    said, unknown = (
                        self.api.ask(method, f"/articles/{one}{rest}", body, scopes=BLIND) for one in (id, "nothing")
                    )
                    assert (said.status, said.body) == (404, unknown.body.replace(b"nothing", id.encode()))
        assert self.rows() == rows

    @invariant()
    def no_page_of_the_dashboard_shows_anything_else(self):
        self.dashboard.app.extensions["ttl_cache"] = TTLCache()
        addresses = [
            f"{PREFIX}{path}"
            for path in ("/", "/live/overview", "/articles", "/charts", "/upcoming", "/deliveries", "/audit-log")
        ]
        addresses += [f"{PREFIX}/articles?{query}" for query in ("status=withdrawn", "status=draft", "section=nowhere")]
        addresses += [f"{PREFIX}/{page}?id={id}" for id in IDS for page in ("article", "article/withdraw")]
        for slug in self.desk.sections:
            base = f"{PREFIX}/sections/{slug}"
            addresses += [base, *(f"{base}/{page}" for page in ("versions", "reader", "reader/view", "documents/atom"))]
            addresses.append(f"{base}/versions?old=0&new={self.desk.state(slug).version}")
        for address in addresses:
            page = self.browser.get(address)
            assert page.status in (200, 403, 404), (address, page.text)
            self.look(address, page.text, address)

    @invariant()
    def a_stranger_and_a_log_reader_find_nothing_else(self):
        feeds = [f"/feeds/{slug}.{format}" for slug in self.desk.sections for format in ("atom", "rss", "json")]
        pages = [f"/feeds/{slug}" for slug in self.desk.sections]
        lists = ("/", "/opml.xml", "/feeds.json", "/robots.txt", "/metrics", "/readyz", "/healthz")
        for address in (*lists, *feeds, *pages):
            said = self.site.get(address)
            assert said.status_code == 200, (address, said.status)
            self.look(address, said.get_data(as_text=True))
        for query in ("zq", "yq"):
            said = self.site.get(f"/?q={query}").get_data(as_text=True)
            assert "cannot be searched" not in said
            self.look(query, re.sub("|".join(self.gathered_words) or "^$", "", said))
        self.look("the log", self.log.getvalue())


@pytest.mark.timeout(900)
def test_random_lives_tell_nothing_that_was_never_shown(new_url):
    Lives.new_url = staticmethod(new_url)
    examples, steps = (20, 25) if THOROUGH else (3, 8)
    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    size = {"max_examples": examples, "stateful_step_count": steps}
    effort = settings(deadline=None, suppress_health_check=slow, phases=PHASES, **size)
    run_state_machine_as_test(Lives, settings=effort)


WAYS = {
    "a draft with a past date, withdrawn": [{"status": "draft"}, "withdraw"],
    "created as withdrawn": [{"status": "withdrawn"}],
    "embargoed, withdrawn before its minute": [{"published_at": 1}, "withdraw", "later"],
    "expires before its publication": [{"published_at": 1, "expires_at": 0.5}, "later"],
    "in no section, withdrawn as a draft": [{"status": "draft", "sections": []}, "withdraw"],
    "left out of its feed, then withdrawn": [{"url": "ftp://zq1x"}, "publish", "withdraw"],
    "deleted as a draft": [{"status": "draft"}, "delete"],
}


def live(api, way):
    for step in way:
        if isinstance(step, dict):
            times = {name: api.clock() + timedelta(hours=value) for name, value in step.items() if name.endswith("_at")}
            values = {"published_at": api.clock() - timedelta(hours=1)} | step | times
            api.desk.put("secret", title="zq1x", html="zq1x", **values)
        elif step == "delete":
            with api.database.write() as conn:
                conn.execute(text("DELETE FROM article WHERE id = 'secret'"))
        elif step == "withdraw":
            assert api.ask("POST", "/articles/secret/withdraw").status == 200
        else:
            api.desk.later(hours=2) if step == "later" else api.desk.later()
    api.desk.later()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_story_that_was_never_shown_is_an_unknown_one(api, way):
    live(api, way)
    for rest in ("", "/trace", "/history"):
        unknown = api.get(f"/articles/unknown{rest}", READER)
        said = api.get(f"/articles/secret{rest}", READER)
        assert (said.status, said.body) == (404, unknown.body.replace(b"unknown", b"secret")), rest
    paths = ["/articles", "/articles?status=withdrawn", "/articles?q=zq1", "/sections/taiwan/left-out", "/sections"]
    assert all(b"secret" not in api.get(path, READER).body for path in paths)
    assert api.get("/articles/secret/trace").status == 200
    said = api.put("secret", BLIND, title="New", published_at=None, status="draft")
    assert (said.status, said.json["outcome"], said.json["article"]["status"]) == (201, "created", "draft")


def test_what_was_shown_stays_visible_to_read_until_its_text_changes(api):
    api.put("a1", title="zq1x")
    api.desk.later()
    api.ask("POST", "/articles/a1/withdraw")
    api.desk.later()
    assert api.get("/articles/a1", READER).json["title"] == "zq1x"
    assert [one["id"] for one in api.get("/articles", READER).json["articles"]] == ["a1"]
    api.ask("PATCH", "/articles/a1", {"html": "zq2x"})
    assert api.get("/articles/a1", READER).status == 404 and api.get("/articles", READER).json["articles"] == []
    trace = api.get("/articles/a1/trace", READER)
    assert trace.status == 200 and {one["rule"] for one in trace.json["sections"]} == {"withdrawn"}
    with api.database.write() as conn:
        for table in ("entry", "tombstone", "feed_version_change", "feed_version"):
            conn.execute(text(f"DELETE FROM {table}"))  # As old ones are pruned.
    assert api.get("/articles/a1/history", READER).status == 200


def test_an_entry_by_an_older_program_is_remembered_and_its_content_recorded_at_the_next_start(api):
    api.put("a1")
    api.desk.later()
    with api.database.write() as conn:
        conn.execute(text("DELETE FROM shown_article"))
        rows = conn.execute(text("SELECT * FROM entry")).mappings().all()
        conn.execute(text("DELETE FROM entry"))
        columns = list(rows[0])
        insert = f"INSERT INTO entry ({', '.join(columns)}) VALUES ({', '.join(':' + name for name in columns)})"
        conn.execute(text(insert), [dict(row) for row in rows])
    with api.database.read() as conn:
        assert conn.execute(text("SELECT * FROM shown_article")).all() == [("a1", None)]
    assert set(api.desk.restart()) == {"all", "taiwan"}
    api.desk.later()
    with api.database.read() as conn:
        assert conn.scalar(text("SELECT digest FROM shown_article")) is not None
    assert api.desk.restart() == []


def test_only_what_came_or_changed_is_written(api):
    for number in range(4):
        api.put(f"a{number}")
    api.desk.later()
    written = []

    def note(_conn, _cursor, statement, parameters, *_):
        if "INSERT INTO shown_article" in statement:  # On PostgreSQL it is a part of what writes the version.
            rows = parameters if isinstance(parameters, list) else [parameters]
            written.extend(value for row in rows for value in (row.values() if isinstance(row, dict) else row))

    event.listen(api.database.engine, "before_cursor_execute", note)
    api.put("a1", title="New")
    api.desk.later()
    event.remove(api.database.engine, "before_cursor_execute", note)
    assert {value for value in written if value in ("a0", "a1", "a2", "a3")} == {"a1"}


def statements(api, method, address, scopes):
    """What is asked of the database for one request."""
    asked = []

    def note(_conn, _cursor, statement, *_):
        asked.append(statement)

    event.listen(api.database.engine, "before_cursor_execute", note)
    said = api.ask(method, address, {} if method == "PATCH" else None, scopes=scopes)
    event.remove(api.database.engine, "before_cursor_execute", note)
    return said.status, asked


@pytest.mark.parametrize(
    ("method", "rest"),
    [("GET", ""), ("GET", "/trace"), ("GET", "/history"), ("PATCH", ""), ("POST", "/withdraw"), ("POST", "/restore")],
)
def test_a_hidden_article_costs_the_same_statements_as_an_unknown_one(api, method, rest):
    scopes = READER if method == "GET" else BLIND
    api.put("secret", status="draft", html="x" * 100_000)
    api.put("gone", status="draft")
    with api.database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id = 'gone'"))
    statements(api, method, f"/articles/unknown{rest}", scopes)  # The token's use is recorded once a minute.
    unknown = statements(api, method, f"/articles/unknown{rest}", scopes)
    assert unknown[0] == 404
    for id in ("secret", "gone"):
        assert statements(api, method, f"/articles/{quote(id)}{rest}", scopes) == unknown
    assert sum("shown_article" in statement for statement in unknown[1]) == 1
    assert not any("html" in statement for statement in unknown[1])


def test_nothing_of_a_section_moves_when_a_hidden_story_is_written(api, clock):
    api.put("a1")
    api.desk.later()

    def looks():
        paths = ("/sections", "/sections/taiwan", "/status", "/articles/a1/trace")
        return [api.get(path, READER).body for path in paths]

    before = looks()
    clock.advance(60)
    api.put("secret", status="draft")
    assert looks() == before
    api.desk.later()
    assert looks() == before
    assert api.get("/sections/taiwan").json["regenerated_at"] is not None


@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_writer_who_may_not_preview_is_not_told_that_an_id_was_deleted_unseen(api, withdrawn):
    live(api, WAYS["deleted as a draft"])
    if withdrawn:
        api.ask("POST", "/articles/secret/withdraw")
    said = api.put("secret", BLIND, title="New").json
    assert (said["outcome"], said["message"], said["article"]["status"]) == ("created", None, "published")
    assert api.get("/articles/secret").json["title"] == "New"
    api.desk.later()
    assert ("New" in api.desk.everything()) is not withdrawn
    api.ask("POST", "/articles/secret/restore")
    api.desk.later()
    assert "New" in api.desk.everything()


def test_a_copy_has_what_was_shown(sqlite_api, new_url):
    from syndication.store.copy import copy_database

    sqlite_api.put("a1")
    sqlite_api.desk.later()
    with closing(Database(new_url("sqlite"))) as target:
        with target.write() as conn:
            conn.execute(text("DELETE FROM shown_article"))
        copy_database(sqlite_api.database, target, lambda *_: None)
        with target.read() as conn:
            (row,) = conn.execute(text("SELECT * FROM shown_article")).all()
    assert row.article_id == "a1" and row.digest
