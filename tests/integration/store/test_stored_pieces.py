"""A worker with nothing in memory takes the compressed pieces that did not change out of the published documents."""

import gzip
import random
from dataclasses import replace

import pytest
from sqlalchemy import event, select, update

from syndication.pipeline import joined_gzip
from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.publishing import documents, editor_holds
from syndication.store.tables.publishing import DocumentRow
from tests.support.desk import Desk
from tests.support.newsroom import at, section

FORMATS = ("atom", "rss", "json")
MEI = Actor("user mei", "192.0.2.1")
ENTRIES = 20


def story(desk, n, **changes):
    """Publishes a story of some nine kilobytes."""
    dice = random.Random(n)
    words = " ".join("".join(dice.choices("etaoinshrdlcum", k=2 + dice.randrange(7))) for _ in range(1_500))
    desk.put(f"s{n}", html=f"<p>{words}</p>", published_at=at(minutes=n - 60), updated_at=at(minutes=n - 60), **changes)


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.sections = {slug: replace(section(slug), entries=ENTRIES) for slug in ("taiwan", "china")}
    desk.restart()
    for n in range(ENTRIES):
        story(desk, n)
    desk.work()
    return desk


@pytest.fixture
def compressed(monkeypatch):
    """Records the lengths of what is compressed."""
    found = []
    real = joined_gzip._deflate

    def counting(text, window=b"", *, last=False):
        found.append(len(text))
        return real(text, window, last=last)

    monkeypatch.setattr(joined_gzip, "_deflate", counting)
    return found


@pytest.fixture
def reads(database):
    """Records the statements that read where pieces lie."""
    found = []

    def before(_conn, _cursor, statement, *_):
        if statement.startswith("SELECT") and "pieces" in statement.partition("FROM")[0]:
            found.append(statement)

    event.listen(database.engine, "before_cursor_execute", before)
    yield found
    event.remove(database.engine, "before_cursor_execute", before)


def rename(desk, title="Another title", *, from_scratch=False):
    """Publishes everything again, by a worker that has just started, under another title of the site."""
    desk.site = replace(desk.site, title=title)
    desk.restart()
    desk.regenerator.maker.from_scratch = from_scratch
    assert desk.later()["taiwan"].result == "published"


def bodies(desk):
    """Returns the documents, unpacked by another program, which compares their checksums."""
    found = {format: desk.document(format=format).bodies["gzip"] for format in FORMATS}
    return {format: gzip.decompress(body).decode() for format, body in found.items()}


def is_whole(desk, title):
    """Returns whether each document has all stories, and Atom the site's title, which RSS does not say."""
    found = bodies(desk)
    return title in found["atom"] and all(f"/news/s{n}" in body for body in found.values() for n in range(ENTRIES))


def size(desk):
    return sum(len(body) for body in bodies(desk).values())


def damage(desk, **values):
    with desk.database.write() as conn:
        conn.execute(update(DocumentRow).values(**values).execution_options(synchronize_session=False))


def test_another_title_compresses_no_entry_again(desk, compressed, reads):
    rename(desk)
    assert sum(compressed) < 20_000, "the heads and the ends"
    assert len(reads) == 1, "a feed without stories needs none"
    assert is_whole(desk, "Another title")
    assert size(desk) > 3 * ENTRIES * 8_000


def test_a_worker_that_has_just_started_compresses_little_of_a_feed_that_an_editor_holds(desk, compressed, reads):
    with desk.database.write() as conn:
        editor_holds.hold(conn, "taiwan", None, None, "wrong story", MEI, desk.clock())
    story(desk, ENTRIES)
    desk.work()
    desk.restart()
    compressed.clear()
    withdrawals.withdraw(desk.database, ["s19"], MEI)
    assert desk.later()["taiwan"].result == "published" and len(reads) == 1
    assert sum(compressed) < size(desk) / 2
    for body in bodies(desk).values():
        assert "/news/s18" in body and "/news/s19" not in body and f"/news/s{ENTRIES}" not in body


def test_a_worker_that_has_just_started_compresses_a_new_story_and_what_refers_to_it(desk, compressed):
    desk.restart()
    story(desk, ENTRIES)
    desk.later()
    assert 30_000 < sum(compressed) < size(desk) / 2
    assert all("/news/s20" in body for body in bodies(desk).values())


def test_a_worker_that_knows_the_pieces_does_not_read_the_stored_ones(desk, reads):
    for n in range(3):
        story(desk, ENTRIES + n)
        desk.later()
    assert reads == []


def test_what_was_taken_is_known_afterwards(desk, compressed, reads):
    rename(desk)
    compressed.clear()
    story(desk, ENTRIES)
    desk.later()
    assert sum(compressed) < size(desk) / 2 and len(reads) == 1


@pytest.mark.parametrize("what", ["index", "body", "index of another body", "no index"])
def test_a_damaged_body_or_index_makes_no_wrong_document(desk, compressed, what):
    with desk.database.read() as conn:
        row = conn.execute(
            select(DocumentRow.gzip, DocumentRow.pieces).where(
                DocumentRow.section == "taiwan", DocumentRow.format == "atom"
            )
        ).one()
    middle = len(row.gzip) // 2
    if what == "index":
        damage(desk, pieces=row.pieces[:30] + bytes([row.pieces[30] ^ 1]) + row.pieces[31:])
    elif what == "body":
        damage(desk, gzip=row.gzip[:middle] + bytes([row.gzip[middle] ^ 1]) + row.gzip[middle + 1 :])
    elif what == "index of another body":
        story(desk, 5, title="A corrected story")
        desk.later()
        damage(desk, pieces=row.pieces)
    else:
        damage(desk, pieces=None)
    compressed.clear()
    rename(desk)
    assert sum(compressed) > 0.95 * size(desk), "everything is compressed"
    assert is_whole(desk, "Another title")
    compressed.clear()
    rename(desk, "A third title")
    assert sum(compressed) < 20_000, "what was published since is whole"


def test_a_reconciliation_does_not_take_stored_pieces(desk, compressed):
    rename(desk, from_scratch=True)
    assert sum(compressed) > 0.95 * size(desk)


def test_web_processes_do_not_read_where_pieces_lie(desk, database, reads):
    with database.read() as conn:
        documents.load_documents(conn, desk.sections)
        documents.load_published_since(conn, 0)
        documents.load_some(conn, [("taiwan", "atom")])
    assert reads == []
