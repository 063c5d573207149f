"""Writes that are sent to PostgreSQL as one statement, and to SQLite one after the other, with the same result."""

import gc
import random
import threading
import weakref

import pytest
from sqlalchemy import bindparam, delete, event, insert, select, text, update

from syndication.store.db.database import Database, DatabaseError
from syndication.store.db.together import MOST, TAKEN, Together
from syndication.store.db.upsert import for_each_dialect
from syndication.store.publishing.publication_numbers import take_number, take_number_with
from syndication.store.tables.publishing import ShownArticleRow

ROW = ShownArticleRow
NEW = insert(ROW)
GONE = delete(ROW).where(ROW.article_id == bindparam("id"))
CHANGED = (
    update(ROW)
    .where(ROW.article_id == bindparam("id"))
    .values(digest=bindparam("new"))
    .execution_options(synchronize_session=False)
)


@pytest.fixture
def database(database):
    with database.write() as conn:
        conn.execute(NEW, [{"article_id": id, "digest": "1"} for id in ("stays", "changes", "goes")])
    return database


def stored(database):
    with database.read() as conn:
        return dict(conn.execute(select(ROW.article_id, ROW.digest)).all())


def sent(database, number):
    found = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def before(_conn, _cursor, statement, *_):
        found.append(statement)

    with database.write() as conn:
        writes = Together(conn)
        writes.execute(NEW, [{"article_id": f"n{n}", "digest": f"%s {n}"} for n in range(number)])
        writes.execute(CHANGED, {"id": "changes", "new": None})
        writes.execute(GONE, [{"id": "goes"}])
        assert stored(database).keys() == {"stays", "changes", "goes"}, "nothing before it is run"
        found.clear()
        writes.run()
        writes.run()
    event.remove(database.engine, "before_cursor_execute", before)
    return found


@pytest.mark.parametrize("number", [2, MOST])
def test_all_is_written_once(database, number):
    statements = sent(database, number)
    expected = {f"n{n}": f"%s {n}" for n in range(number)}
    assert stored(database) == {"stays": "1", "changes": None} | expected
    assert len(statements) == (1 if database.dialect == "postgresql" and number == 2 else 3)


def test_nothing_is_nothing(database):
    with database.write() as conn:
        Together(conn).run()
    assert len(stored(database)) == 3


def refused(database):
    with database.write() as conn:
        writes = Together(conn)
        writes.execute(GONE, {"id": "goes"})
        writes.execute(NEW, {"article_id": "stays", "digest": "2"})
        writes.run()


def test_what_is_refused_rolls_everything_back_as_an_error_of_the_database(database):
    with pytest.raises(DatabaseError):
        refused(database)
    assert stored(database) == {"stays": "1", "changes": "1", "goes": "1"}


def test_a_statement_without_parameters_is_executed_at_once(database):
    with database.write() as conn:
        Together(conn).execute(delete(ROW))
        assert conn.scalars(select(ROW.article_id)).all() == []


def test_nothing_of_a_closed_database_stays_in_memory(database, database_url):
    other = Database(database_url)
    with other.write() as conn:
        writes = Together(conn)
        writes.execute(NEW, {"article_id": "new", "digest": "1"})
        writes.run()
    other.close()
    dialect = weakref.ref(other.engine.dialect)
    del other, conn, writes
    gc.collect()
    assert dialect() is None


UPSERT = for_each_dialect(
    lambda insert: (one := insert(ROW)).on_conflict_do_update(
        index_elements=["article_id"], set_={"digest": one.excluded.digest}
    )
)


@pytest.mark.parametrize("number", [2, MOST])
def test_shared_rows_are_written_last_in_their_order_and_know_the_number(database, number):
    dialect, written = database.dialect, []
    if dialect == "postgresql":
        note = "INSERT INTO written (id) VALUES (NEW.article_id); RETURN NEW;"
        trigger = (
            "CREATE TABLE written (seq serial, id text)",
            f"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {note} END $$",
            "CREATE TRIGGER note BEFORE INSERT OR UPDATE ON shown_article FOR EACH ROW EXECUTE FUNCTION note()",
            "CREATE TRIGGER note BEFORE INSERT OR UPDATE ON publication FOR EACH ROW EXECUTE FUNCTION note_number()",
        )
        counted = "CREATE FUNCTION note_number() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        counted += "INSERT INTO written (id) VALUES ('number'); RETURN NEW; END $$"
        with database.write() as conn:
            for statement in (*trigger[:2], counted, *trigger[2:]):
                conn.execute(text(statement))
    with database.write() as conn:
        taken = take_number(conn)
    with database.write() as conn:
        if dialect == "postgresql":
            conn.execute(text("DELETE FROM written"))
        writes = Together(conn)
        writes.execute(CHANGED, {"id": "changes", "new": TAKEN})
        writes.execute_in_order(UPSERT[dialect], [{"article_id": id, "digest": "2"} for id in ("z", "stays")])
        take_number_with(conn, writes)
        writes.execute_in_order(UPSERT[dialect], [{"article_id": id, "digest": "3"} for id in ("y", "x")])
        writes.execute(NEW, [{"article_id": f"n{n}", "digest": "1"} for n in range(number)])
        writes.run()
        assert take_number(conn) == taken + 2
        if dialect == "postgresql":
            written += conn.scalars(text("SELECT id FROM written ORDER BY seq"))
    found = stored(database)
    assert found["changes"] == str(taken + 1)
    assert [found[id] for id in ("z", "stays", "y", "x", "n0", "n1")] == ["2", "2", "3", "3", "1", "1"]
    if dialect == "postgresql":
        shared = ["z", "stays", "number", "y", "x"]
        # An upsert of a row that is there begins as an insert, so its trigger runs twice.
        assert list(dict.fromkeys(id for id in written if id in shared)) == shared
        assert max(written.index(f"n{n}") for n in range(number)) < written.index("z")


def test_writers_of_the_same_rows_never_deadlock(postgres_url):
    """Some write one row, others more than one statement has, all in the same order."""
    failed, dialect = [], "postgresql"

    def write(seed):
        dice, database = random.Random(seed), Database(postgres_url)
        try:
            for _ in range(40):
                ids = sorted(dice.sample(range(2 * MOST), dice.choice([2, 8, MOST - 1, MOST + 8])))
                with database.write() as conn:
                    writes = Together(conn)
                    writes.execute_in_order(UPSERT[dialect], [{"article_id": f"{id:03}", "digest": "1"} for id in ids])
                    take_number_with(conn, writes)
                    writes.run()
        except DatabaseError as error:
            failed.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
