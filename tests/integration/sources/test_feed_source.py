"""A feed as a source of the store: what its looks change there, and what they never do."""

import json
from contextlib import contextmanager

import pytest

from syndication.config.loading import load_settings
from syndication.store.articles import articles
from syndication.store.sources import source_states
from syndication.worker.source_threads import SourceThread
from tests.support.web_server import answer, serving

CONFIGURATION = """
[site]
title = "The Daily"
base_url = "https://feeds.daily.example"
home_url = "https://daily.example"
authority = "daily.example"
authority_date = "2026-01-01"

[[source]]
name = "cms"
kind = "feed"
url = "{url}/feed?key=hidden"
every = "1 min"
section = "world"
allow_private = true
polite = false
categories = {{ "Ferries" = "travel" }}
"""


def entry(id, updated="2026-01-10T08:00:00Z", *, title="Story", category="Sport"):
    return (
        f"<entry><id>tag:{id}</id><title>{title}</title><link href='https://cms.example/{id}'/>"
        f"<updated>{updated}</updated><content type='html'>Text</content><category term='{category}'/></entry>"
    )


def deleted(id):
    return f"<at:deleted-entry ref='tag:{id}' when='2026-02-11T08:00:00Z'/>"


def atom(*parts):
    names = "xmlns='http://www.w3.org/2005/Atom' xmlns:at='http://purl.org/atompub/tombstones/1.0'"
    document = f"<feed {names}><title>CMS</title>{''.join(parts)}</feed>"
    return answer(200, {"ETag": f'"{abs(hash(document))}"'}, document.encode())


class Newsroom:
    """One worker after another, which look at a feed that a test changes."""

    def __init__(self, database, settings, server):
        self.database, self.settings, self.server = database, settings, server
        self.thread = None
        self.start_worker()

    def start_worker(self):
        self.stop_worker()
        (table,) = self.settings.sources
        self.thread = SourceThread(self.settings, table, self.database, "w1", steady=lambda: self.steady)

    def stop_worker(self):
        if self.thread is not None:
            self.thread.reader.close()

    steady = 0.0

    def look(self, said=None, *, asked=False):
        """Looks a minute later, as if somebody had ``asked`` for it, and returns the state of the source."""
        if said is not None:
            self.server.answers = lambda _: said
        self.steady += 61
        with self.database.write() as conn:
            source_states.change(conn, "cms", retry_at=None, requested_at=self.database.now(conn) if asked else None)
        self.thread.step()
        with self.database.read() as conn:
            return source_states.get(conn, "cms")

    def published(self):
        ids = [f"tag:{letter}" for letter in "abcdefgh"]
        with self.database.read() as conn:
            found = articles.load_articles(conn, ids)
        return {id.removeprefix("tag:"): one for id, one in found.items() if one.status == "published"}


@contextmanager
def running(database, folder):
    with serving(lambda _: answer(500)) as server:
        path = folder / "syndication.toml"
        path.write_text(CONFIGURATION.format(url=server.url))
        (folder / "sections.toml").write_text(
            '[[section]]\nslug = "world"\ntitle = "World"\n[[section]]\nslug = "travel"\ntitle = "Travel"\n'
        )
        newsroom = Newsroom(database, load_settings(path, {}), server)
        yield newsroom
        newsroom.stop_worker()


@pytest.fixture
def newsroom(sqlite_database, tmp_path):
    with running(sqlite_database, tmp_path) as made:
        yield made


def test_a_feed_fills_the_store_and_only_its_own_words_withdraw(newsroom):
    state = newsroom.look(atom(*map(entry, "dcba")))
    assert state.error is None and state.articles == 4
    assert set(newsroom.published()) == set("abcd") and newsroom.published()["a"].sections == ("world",)

    newsroom.look(atom(entry("e", category="ferries"), entry("d", title="Corrected"), entry("b")))  # c and a are gone.
    assert set(newsroom.published()) == set("abcde")
    assert newsroom.published()["d"].title == "Corrected" and newsroom.published()["e"].sections == ("travel",)

    newsroom.look(atom())
    for page in (answer(200, {}, b"<!doctype html><title>Maintenance"), answer(503)):
        assert newsroom.look(page, asked=True).error
    assert set(newsroom.published()) == set("abcde")

    newsroom.look(atom(entry("e"), deleted("d"), deleted("c"), deleted("nobody")), asked=True)
    assert set(newsroom.published()) == set("abe")

    newsroom.look(atom(entry("e"), entry("d", "2026-03-01T08:00:00Z"), deleted("d")))
    assert set(newsroom.published()) == set("abde")


HOSTILE = [
    {"id": "nul\0"}, {"id": "half \ud800"}, {"id": "x" * 10_000}, {"id": {"a": 1}}, {"id": ""},
    {"id": None, "url": None},
    {"id": "1", "title": "half \ud800"}, {"id": "2", "title": 5}, {"id": "3", "title": "x" * 100_000},
    {"id": "4", "content_html": "nul\0"}, {"id": "5", "content_html": ["x"]}, {"id": "6", "url": "javascript:alert(1)"},
    {"id": "7", "date_published": "soon"}, {"id": "8", "date_published": "0000-00-00T00:00:00Z"},
    {"id": "9", "date_published": "9999-12-31T23:59:59-14:00"}, {"id": "10", "tags": [1, None, {"a": 2}, "nul\0"]},
    {"id": "11", "authors": [{"name": "half \udfff"}]}, {"id": "12", "tags": ["x" * 5000] * 500}, 7, None, [],
]  # fmt: skip


def test_hostile_entries_stop_neither_the_look_nor_the_others(database, tmp_path):
    """What the store cannot hold is refused with its reason, and each look says the same."""
    with running(database, tmp_path) as newsroom:
        check_hostile_entries(newsroom)


def check_hostile_entries(newsroom):
    usual = {"url": "https://cms.example/1", "title": "Story", "date_published": "2026-01-10T08:00:00Z"}
    items = [usual | one if isinstance(one, dict) else one for one in [{"id": "tag:a"}, *HOSTILE, {"id": "tag:b"}]]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "CMS", "items": items}
    said = answer(200, {"Content-Type": "application/feed+json"}, json.dumps(feed).encode())
    state = newsroom.look(said)
    assert state.error is None and set(newsroom.published()) == {"a", "b"}
    assert state.refused >= 10
    again = newsroom.look(said, asked=True)
    assert (again.error, again.refused, again.articles) == (None, state.refused, state.articles)


def test_a_restarted_worker_asks_only_for_what_changed(newsroom):
    newsroom.look(atom(entry("a")))
    etag = newsroom.server.answers(None).split(b"ETag: ")[1].split(b"\r\n")[0].decode()
    newsroom.start_worker()
    state = newsroom.look(answer(304))
    assert newsroom.server.asked[1].headers["if-none-match"] == etag
    assert state.error is None and set(newsroom.published()) == {"a"}


def test_a_failing_feed_is_left_alone_also_by_a_restarted_worker(newsroom):
    state = newsroom.look(answer(500))
    assert state.error == "127.0.0.1 answered 500" and "hidden" not in state.bookmark
    newsroom.start_worker()
    assert newsroom.look().error == state.error and len(newsroom.server.asked) == 1
    assert newsroom.look(atom(entry("a")), asked=True).error is None and set(newsroom.published()) == {"a"}
