"""Publication numbers, and documents that are read from the database when they are polled."""

import asyncio
import threading
import time
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from syndication.serve.catalogue import Catalogue
from syndication.serve.document_memory import OVERHEAD, DocumentMemory, paths
from syndication.serve.poll_counter import PollCounter
from syndication.store.db.database import Database
from syndication.store.db.together import Together
from syndication.store.publishing import documents, published
from syndication.store.tables.publishing import DocumentRow, PublicationRow, SectionStateRow
from syndication.web.document_loader import COMPARE_SECONDS, DocumentLoader
from syndication.web.document_reader import READ_SECONDS
from syndication.web.polls import PollResponder
from tests.support.desk import Desk
from tests.support.hung_postgresql import frozen
from tests.support.service import until

SMALL = 3 * OVERHEAD
"""A budget for some of the twelve documents."""

ONE = 1
"""A budget that has no room at the start, and is used up by one document: the last one stays, however large it is."""

PATH = "/feeds/taiwan.atom"


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.put("a1", sections=("taiwan",))
    desk.work()
    return desk


def loader_of(desk: Desk, budget: int = 1 << 30) -> DocumentLoader:
    empty = Catalogue.empty(desk.site, desk.sections, {}, frozenset(), memory=DocumentMemory(budget))
    return DocumentLoader(desk.database, empty, lambda counter: None)


def poll(loader: DocumentLoader, path: str = PATH) -> tuple[int, bytes]:
    scope: dict[str, Any] = {"method": "GET", "query_string": b"", "headers": []}
    loader.counter = PollCounter()
    start, body = asyncio.run(PollResponder(loader).answer(scope, path))
    return start["status"], body


def test_only_what_was_published_since_is_read(desk):
    loader = loader_of(desk)
    loader.load()
    before = loader.catalogue.documents["/feeds/china.atom"]
    desk.put("a2", sections=("taiwan",))
    desk.later()
    with desk.database.read() as conn:
        found, last = documents.read_published_since(conn, loader._publication)
    assert found == {"taiwan": 2, "all": 2} and last == loader._publication + 2
    loader.load()
    assert loader.catalogue.versions()["taiwan"] == 2 and loader.catalogue.documents[PATH].version == 2
    assert loader.catalogue.documents["/feeds/china.atom"] is before
    with desk.database.read() as conn:
        assert documents.read_published_since(conn, last) == ({}, last)


def number(conn, section):
    writes = Together(conn)
    published.number_publication(conn, writes, section)
    writes.run()


def test_a_version_that_commits_late_is_not_missed(desk):
    """The first of two transactions to take a number commits last, and the loader looks all the time."""
    numbered, commit, seen = threading.Event(), threading.Event(), []

    def first() -> None:
        with desk.database.write() as conn:
            number(conn, "taiwan")
            numbered.set()
            commit.wait(10)

    def second() -> None:
        with desk.database.write() as conn:
            number(conn, "china")

    def look(last: int) -> int:
        with desk.database.read() as conn:
            found, last = documents.read_published_since(conn, last)
        seen.extend(sorted(found))
        return last

    last = look(0)
    seen.clear()
    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert numbered.wait(10)
    threads[1].start()
    for _ in range(50):
        last = look(last)
    assert seen == [], "the second waits for the first, or its number would hide the first one's"
    commit.set()
    for thread in threads:
        thread.join(10)
    look(last)
    assert seen == ["china", "taiwan"]


def test_a_database_from_a_backup_and_a_section_that_is_gone_are_noticed(desk):
    loader = loader_of(desk)
    loader.load()
    loader._publication += 100
    loader.catalogue.memory.publish({"taiwan": 50, "never": 1})
    loader.load()
    assert loader.catalogue.versions()["taiwan"] == 1 and "never" not in loader.catalogue.memory.versions


def test_a_poll_of_a_document_that_is_not_in_memory_reads_it(desk):
    loader = loader_of(desk, budget=ONE)
    loader.load()
    loader.read_state()
    assert not loader.catalogue.documents
    loader.reader.start()
    try:
        for path, body in ((PATH, desk.document()), ("/feeds/china.rss", desk.document("china", "rss"))) * 2:
            assert poll(loader, path) == (200, body.identity)
        assert poll(loader, "/feeds/none.atom")[0] == 404
        assert loader.reader.read == 4 and len(loader.catalogue.documents) == 1
    finally:
        loader.reader.stop()


def test_polls_of_more_documents_than_the_budget_holds_are_all_answered(desk):
    """All wait at the same time, so that each document makes room for the next before its poll is answered."""
    loader = loader_of(desk, budget=ONE)
    loader.load()
    loader.read_state()
    wanted = [path for slug in desk.sections for path in paths(slug)]
    scope: dict[str, Any] = {"method": "GET", "query_string": b"", "headers": []}

    async def all_at_once() -> list[tuple[int, bytes]]:
        responder = PollResponder(loader)
        answers = asyncio.gather(*(responder.answer(scope, path) for path in wanted))
        await asyncio.sleep(0)
        loader.reader.start()
        return [(start["status"], body) for start, body in await answers]

    try:
        answered = asyncio.run(all_at_once())
    finally:
        loader.reader.stop()
    assert len(wanted) == 12 and len(loader.catalogue.documents) == 1
    expected = [desk.document(slug, path.rpartition(".")[2]) for slug in desk.sections for path in paths(slug)]
    assert answered == [(200, document.identity) for document in expected]


def test_while_the_database_is_down_what_is_not_in_memory_is_told_to_come_back(desk):
    loader = loader_of(desk, budget=SMALL)
    loader.load()
    loader.read_state()
    loader._mark_down()
    held = set(loader.catalogue.documents)
    assert held and all(poll(loader, path)[0] == 200 for path in held)
    other = next(path for path in paths("taiwan") + paths("china") if path not in held)
    status, _ = poll(loader, other)
    assert status == 503 and not loader.reader._waiting


def poll_headers(loader: DocumentLoader, path: str) -> tuple[int, dict[bytes, bytes]]:
    scope: dict[str, Any] = {"method": "GET", "query_string": b"", "headers": []}
    start, _ = asyncio.run(PollResponder(loader).answer(scope, path))
    return start["status"], dict(start["headers"])


def test_a_database_from_a_backup_is_served_and_what_was_later_is_not(desk):
    """The rows of an earlier moment come back, as from a backup, while the process runs."""
    tables = [table.__table__ for table in (PublicationRow, SectionStateRow, DocumentRow)]
    with desk.database.read() as conn:
        backup = [(table, [dict(row) for row in conn.execute(select(table)).mappings()]) for table in tables]
    before = desk.document().identity
    desk.put("a2", sections=("taiwan",))
    desk.later()
    loader = loader_of(desk)
    loader.load()
    assert poll(loader) == (200, desk.document().identity) and poll(loader)[1] != before
    with desk.database.write() as conn:
        for table, _ in reversed(backup):
            conn.execute(delete(table))
        for table, rows in backup:
            conn.execute(insert(table), rows)
    loader.load()
    assert poll(loader) == (200, before)
    assert loader.catalogue.versions()["taiwan"] == 1


def test_a_backup_with_a_higher_number_is_noticed_by_a_comparison(desk):
    loader = loader_of(desk)
    loader.load()
    loader.catalogue.memory.publish({"taiwan": 50})
    loader.load()
    assert loader.catalogue.versions()["taiwan"] == 50, "nothing was published since"
    loader._compared -= COMPARE_SECONDS
    loader.load()
    assert loader.catalogue.versions()["taiwan"] == 1 and poll(loader)[0] == 200
    assert COMPARE_SECONDS <= 60


def test_while_the_database_hangs_hot_feeds_are_served_and_others_are_told_to_come_back(postgres_url, clock):
    desk = Desk(Database(postgres_url, clock=clock), clock)
    desk.put("a1", sections=("taiwan",))
    desk.work()
    loader = loader_of(desk, budget=SMALL)
    loader.load()
    loader.read_state()
    loader.reader.start()
    held = set(loader.catalogue.documents)
    other = next(path for path in paths("taiwan") + paths("china") if path not in held)
    try:
        with frozen(postgres_url):
            began = time.monotonic()
            assert held and all(poll(loader, path)[0] == 200 for path in held)
            assert time.monotonic() - began < READ_SECONDS, "not one has waited for the database"
            status, headers = poll_headers(loader, other)
            assert status == 503 and headers[b"Retry-After"] == b"5"
            assert all(poll(loader, path)[0] == 200 for path in held)
        until(lambda: poll(loader, other)[0] == 200)
    finally:
        loader.reader.stop()
        desk.database.close()
