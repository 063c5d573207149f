"""What a publication costs a web process, and that it loses and promises nothing by reading so little."""

from contextlib import contextmanager
from threading import Thread

import pytest
from sqlalchemy import event, update

from syndication.model.values import FORMATS
from syndication.serve.catalogue import Catalogue
from syndication.serve.document_memory import DocumentMemory
from syndication.store.processes import purge_queue
from syndication.store.publishing import documents
from syndication.store.tables.publishing import PublicationRow
from syndication.web import document_loader
from syndication.web.document_loader import DocumentLoader
from syndication.web.served_versions import EditorsLoader
from tests.support.desk import Desk

PATH = "/feeds/taiwan.atom"


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.put("a1", sections=("taiwan",))
    desk.work()
    return desk


def catalogue(desk):
    return Catalogue.empty(desk.site, desk.sections, {}, frozenset(), memory=DocumentMemory())


@pytest.fixture
def loader(desk):
    loader = DocumentLoader(desk.database, catalogue(desk), lambda counter: None)
    loader.load()
    loader._load_published()
    return loader


@pytest.fixture
def editors(desk):
    loader = EditorsLoader(desk.database, catalogue(desk), lambda counter: None)
    loader.load()
    return loader


def publish(desk, article):
    desk.put(article, sections=("taiwan",))
    desk.later()


@contextmanager
def statements(database, after=None):
    """Collects the statements of the block; ``after`` runs once, after the first."""
    found = []

    def note(_conn, _cursor, statement, _parameters, _context, _many):
        if statement.startswith("SELECT"):
            found.append(statement)
            if after is not None and len(found) == 1:
                thread = Thread(target=after)  # Another connection.
                thread.start()
                thread.join()

    event.listen(database.engine, "after_cursor_execute", note)
    yield found
    event.remove(database.engine, "after_cursor_execute", note)


def test_look_is_one_statement_and_a_publication_two(desk, loader):
    with statements(desk.database) as looked:
        loader._load_published()
    publish(desk, "a2")
    with statements(desk.database) as served:
        loader._load_published()
    assert (len(looked), len(served)) == (1, 2)  # Codings that are not made yet are not looked for.
    assert {loader.catalogue.documents[f"/feeds/taiwan.{format}"].version for format in FORMATS} == {2}
    assert loader.served["taiwan"][0] == 2 and loader.publication == loader.loads[-1][0]


def test_version_published_between_the_two_statements_is_not_missed(desk, loader):
    publish(desk, "a2")
    with statements(desk.database, after=lambda: publish(desk, "a3")):
        loader._load_published()
    # On SQLite both see what the first saw; then the next look brings the rest.
    served = 3 if desk.database.dialect == "postgresql" else 2
    assert loader.catalogue.documents[PATH].version == loader.catalogue.versions()["taiwan"] == served
    loader._load_published()
    assert loader.catalogue.documents[PATH].version == loader.catalogue.versions()["taiwan"] == 3
    with desk.database.read() as conn:
        assert documents.read_published_since(conn, loader.publication) == ({}, loader.publication)
    publish(desk, "a4")
    loader._load_published()
    assert loader.catalogue.documents[PATH].version == 4


def test_many_publications_are_loaded_in_parts(desk, loader, monkeypatch):
    monkeypatch.setattr(document_loader, "LOADED_AT_ONCE", 1)
    publish(desk, "a2")  # In its section and in "all".
    loader._load_published()
    assert {slug: loader.catalogue.versions()[slug] for slug in ("taiwan", "all")} == {"taiwan": 2, "all": 2}
    assert loader.catalogue.documents["/feeds/all.json"].version == 2


def test_only_what_is_served_is_reported_to_purges(desk, loader):
    """A cache that is purged early would fetch the version before, and keep it."""
    publish(desk, "a2")
    with desk.database.write() as conn:
        purge_queue.enqueue(conn, "taiwan", 2, desk.clock())
    loader._load_published()
    publish(desk, "a3")
    with desk.database.write() as conn:
        purge_queue.enqueue(conn, "taiwan", 3, desk.clock())
    loader._follow_up()
    assert loader.versions_to_purge == {"taiwan": 2} and loader.changed_event.is_set()
    loader._load_published()
    loader._follow_up()
    assert loader.versions_to_purge == {"taiwan": 3}


def test_lower_number_is_that_of_another_database(desk, loader):
    publish(desk, "a2")
    loader._load_published()
    with desk.database.write() as conn:
        conn.execute(update(PublicationRow).values(number=1))
    loader._load_published()
    assert loader.publication == 1


def test_editors_process_loads_versions_and_reads_documents_when_shown(desk, editors):
    assert editors.catalogue.versions()["taiwan"] == 1 and not editors.catalogue.documents
    shown = editors.find(PATH)
    assert shown is not None and shown.version == 1
    with statements(desk.database) as again:
        assert editors.find(PATH) is shown
    assert again == []
    publish(desk, "a2")
    editors._load_published()
    assert editors.catalogue.versions()["taiwan"] == 2 and editors.catalogue.documents == {}
    found = editors.find(PATH)
    assert found is not None and found.version == 2


def test_editors_process_finds_no_document_of_a_feed_that_is_not_there(editors):
    assert editors.find("/feeds/nowhere.atom") is None


def test_sizes_are_those_of_the_documents(desk):
    with desk.database.read() as conn:
        sizes = documents.read_sizes(conn, ["taiwan", "all", "nowhere"])
        found = documents.load_documents(conn, ["taiwan"])
    assert sizes["taiwan"] == sum(len(document.identity) for document in found)
    assert sizes.keys() == {"taiwan", "all"}
