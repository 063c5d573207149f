"""br and zstd of what a worker has published: made later, of the newest version, once, and after a crash too."""

import gzip
import threading
import time

import brotli
import pytest
import zstandard
from sqlalchemy import select

from syndication.pipeline import codings as pipeline
from syndication.pipeline.codings import make_codings
from syndication.serve.catalogue import Catalogue
from syndication.serve.document_memory import DocumentMemory
from syndication.store.db.database import DatabaseDown
from syndication.store.publishing import codings, documents
from syndication.store.publishing.renamed_feed import move_feed
from syndication.store.tables.publishing import DocumentCodingRow
from syndication.web.document_loader import DocumentLoader
from syndication.worker.coding_thread import LOOK_SECONDS, STILL_SECONDS, CodingThread
from tests.support.desk import Desk
from tests.support.service import until


class Hands:
    """A worker's main thread, its coding thread, and the time that the latter knows."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.now = 0.0
        self.thread = self.restarted()

    def restarted(self) -> CodingThread:
        self.thread = CodingThread(self.desk.database, clock=lambda: self.now)
        return self.thread

    def publish(self, *ids: str) -> None:
        """Publishes new articles, and tells the thread as a worker does."""
        for id in ids:
            self.desk.put(id, sections=("taiwan",))
        for outcome in self.desk.later().values():
            if outcome.result == "published":
                self.thread.published(outcome.section, outcome.version)

    def after(self, seconds: float) -> None:
        self.now += seconds
        self.thread.work()

    def uncoded(self) -> dict[str, int]:
        with self.desk.database.read() as conn:
            return codings.list_uncoded(conn)

    def coded(self, slug: str = "taiwan") -> list[str]:
        """Returns the codings of a feed's Atom document, whose bytes are right."""
        document = self.desk.document(slug)
        read = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstandard.decompress}
        assert all(read[coding](body) == document.identity for coding, body in document.bodies.items())
        assert document.size == len(document.identity)
        return sorted(document.bodies)


@pytest.fixture
def hands(database, clock):
    hands = Hands(Desk(database, clock))
    hands.publish("a1")
    return hands


def test_a_version_has_gzip_at_once_and_the_rest_when_the_section_has_stood_still(hands):
    assert hands.coded() == ["gzip"] and hands.uncoded().keys() == {"all", "taiwan", "china", "sports"}
    hands.after(STILL_SECONDS - 0.01)
    assert hands.coded() == ["gzip"]
    hands.after(0.02)
    assert hands.coded() == ["br", "gzip", "zstd"] and not hands.uncoded()


def test_of_a_burst_the_last_version_alone_is_compressed(hands, monkeypatch):
    made = []
    monkeypatch.setattr(
        "syndication.worker.coding_thread.make_codings",
        lambda database, section, version, pause: made.append((section, version)),
    )
    for id in ("b1", "b2", "b3"):
        hands.after(STILL_SECONDS / 2)
        hands.publish(id)
    hands.after(STILL_SECONDS)
    version = hands.desk.state().version
    assert version == 4 and [one for one in made if one[0] == "taiwan"] == [("taiwan", version)]
    hands.after(STILL_SECONDS)
    assert len(made) == 4


def test_a_new_version_begins_with_gzip_and_replaces_the_old_codings(hands):
    hands.after(STILL_SECONDS)
    hands.publish("a2")
    assert hands.coded() == ["gzip"] and hands.uncoded() == {"all": 2, "taiwan": 2}
    hands.after(STILL_SECONDS)
    assert hands.coded() == ["br", "gzip", "zstd"]
    with hands.desk.database.read() as conn:
        rows = conn.execute(select(DocumentCodingRow.section, DocumentCodingRow.version)).all()
    assert len(rows) == 4 * 3 * 2 and {row.version for row in rows if row.section == "taiwan"} == {2}


def test_what_was_published_meanwhile_is_not_overwritten(hands):
    database, pauses = hands.desk.database, []

    def publish_between() -> None:
        pauses.append(1)
        if len(pauses) == 3:
            hands.publish("a2")

    assert not make_codings(database, "taiwan", 1, publish_between)
    assert hands.coded() == ["gzip"] and hands.uncoded()["taiwan"] == 2
    assert not make_codings(database, "taiwan", 1, lambda: None), "nor read"
    assert make_codings(database, "taiwan", 2, lambda: None) and hands.coded() == ["br", "gzip", "zstd"]
    assert not make_codings(database, "taiwan", 2, lambda: None), "another worker was faster"


def test_another_worker_makes_what_one_that_was_killed_has_left(hands):
    hands.restarted()
    hands.after(0)
    hands.after(STILL_SECONDS)
    assert hands.coded() == ["gzip"], "it may be that of a worker that waits"
    hands.publish("a2")
    hands.after(LOOK_SECONDS)
    assert hands.coded("china") == ["br", "gzip", "zstd"], "nobody has made it since the last look"
    assert hands.coded() == ["br", "gzip", "zstd"] and not hands.uncoded()


def test_feeds_of_others_have_gzip_alone(hands):
    desk = hands.desk
    from dataclasses import replace

    desk.sections["taiwan"] = replace(desk.sections["taiwan"], owner="editors", title="Taiwan today")
    desk.restart()
    hands.publish("a2")
    assert "taiwan" not in hands.uncoded() and hands.coded() == ["gzip"]


def test_a_failure_of_the_database_is_tried_again(hands, monkeypatch):
    def down(*given):
        raise DatabaseDown("down")

    with monkeypatch.context() as patch:
        patch.setattr(pipeline.codings, "write_codings", down)
        with pytest.raises(DatabaseDown):
            hands.after(STILL_SECONDS)
    assert hands.coded() == ["gzip"]
    hands.after(0)
    assert hands.coded() == ["br", "gzip", "zstd"] and not hands.uncoded()


def test_the_thread_waits_while_a_section_is_regenerated_and_ends_when_told(hands):
    thread = CodingThread(hands.desk.database, still=0.05)
    with thread.first():
        thread.published("taiwan", 1)
        thread.start()
        time.sleep(0.3)
        assert hands.coded() == ["gzip"]
    until(lambda: hands.coded() == ["br", "gzip", "zstd"])
    thread.stop()
    assert not any(one.name == "codings" and one.is_alive() for one in threading.enumerate())


def test_a_web_process_takes_them_without_loading_a_document_again(hands, monkeypatch):
    desk = hands.desk
    empty = Catalogue.empty(desk.site, desk.sections, {}, frozenset(), memory=DocumentMemory())
    loader = DocumentLoader(desk.database, empty, lambda counter: None)
    monkeypatch.setattr("syndication.web.document_loader.CODINGS_SECONDS", 0)
    loader.load()
    document = loader.catalogue.documents["/feeds/taiwan.atom"]
    loader.load_codings()
    assert document.encoded["br"].body is None and loader.catalogue.memory.lacking() == desk.sections.keys()
    size = loader.catalogue.size
    hands.after(STILL_SECONDS)
    monkeypatch.setattr(documents, "load_documents", lambda *given: pytest.fail("documents were loaded"))
    loader.load_codings()
    assert loader.catalogue.documents["/feeds/taiwan.atom"] is document and not loader.catalogue.memory.lacking()
    assert brotli.decompress(document.encoded["br"].body) == document.source.identity
    assert zstandard.decompress(document.encoded["zstd"].body) == document.source.identity
    with desk.database.read() as conn:
        added = sum(len(one.body) for one in codings.load_codings(conn, desk.sections))
    assert loader.catalogue.size == size + added
    monkeypatch.setattr(codings, "list_coded", lambda *given: pytest.fail("it asked though nothing was missing"))
    loader.load_codings()


def test_a_renamed_feed_keeps_its_codings(hands):
    hands.after(STILL_SECONDS)
    with hands.desk.database.write() as conn:
        move_feed(conn, "taiwan", "formosa")
    assert hands.coded("formosa") == ["br", "gzip", "zstd"]
