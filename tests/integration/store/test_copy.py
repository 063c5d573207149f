"""Copying a database: the same rows, the same documents, and no side effects."""

from dataclasses import replace

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, text

from syndication.cli import main
from syndication.errors import StoreError
from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.copy import copy_database
from syndication.store.copy.rows import TABLES
from syndication.store.db.database import Database
from syndication.store.migrations import runner
from syndication.store.processes import web_processes, workers
from syndication.store.tables.articles import ArticleRow
from tests.support.desk import Desk, titles
from tests.support.full_newsroom import everything, full_newsroom
from tests.support.future import NEXT, TODAY, program


def silent(doing: str, table: str, rows: int) -> None:
    """A progress callback that does nothing."""


@pytest.fixture
def another(new_url, clock):
    """Makes another empty database of a kind."""
    made = []

    def make(dialect: str) -> Database:
        made.append(Database(new_url(dialect), clock=clock))
        return made[-1]

    yield make
    for database in made:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request, another):
    return another(request.param)


def test_every_table_comes_out_the_same_in_the_other_database_and_back(another, clock, tmp_path):
    first, second, third = another("sqlite"), another("postgresql"), another("sqlite")
    full_newsroom(first, clock, tmp_path)
    before = everything(first)
    assert [table.name for table in TABLES if not before[table.name]] == [], "what holds nothing would prove nothing"
    done = copy_database(first, second, silent)
    assert everything(second) == everything(first) == before
    assert {copied.table: copied.rows for copied in done.tables} == {t.name: len(before[t.name]) for t in TABLES}
    assert copy_database(second, third, silent).tables == done.tables
    assert everything(third) == before
    for database in (second, third):
        runner.check(database)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_database_is_copied_within_its_kind(another, clock, tmp_path, dialect):
    first, second = another(dialect), another(dialect)
    full_newsroom(first, clock, tmp_path)
    copy_database(first, second, silent)
    assert everything(second) == everything(first)


def test_a_target_without_tables_gets_them(another, clock, tmp_path):
    source, bare = another("postgresql"), Database(f"sqlite:///{tmp_path / 'new/bare.db'}", clock=clock)
    Desk(source, clock).put("a1")
    copy_database(source, bare, silent)
    runner.check(bare)
    assert everything(bare) == everything(source)
    bare.close()


def test_a_worker_on_the_copy_republishes_nothing_and_continues(sqlite_database, target, clock, tmp_path):
    desk = full_newsroom(sqlite_database, clock, tmp_path)
    desk.later(minutes=5)
    documents = [desk.document(slug, format) for slug in desk.sections for format in ("atom", "rss", "json")]
    copy_database(sqlite_database, target, silent)
    moved = Desk(target, clock)
    assert moved.restart() == [] and moved.work() == {}
    assert [moved.document(document.section, document.format) for document in documents] == documents
    moved.put("new", published_at=clock())
    assert moved.later()["taiwan"].version == desk.state().version + 1
    assert "Story new" in titles(moved.body())
    with target.write() as conn:
        record(conn, Actor("desk", "a test"), [Act("look", "a1", "seen")], clock())
    moved.put("story-1", sections=("taiwan",))
    moved.later()
    assert "Story story-1" not in moved.body(), "what was withdrawn stays out"


def test_the_copy_never_reuses_a_number(sqlite_database, target, clock):
    desk = Desk(sqlite_database, clock)
    desk.put("a1")
    desk.work()  # The queue is empty, and its sequence has advanced.
    copy_database(sqlite_database, target, silent)
    with sqlite_database.read() as conn:
        last = conn.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = 'change'"))
    with target.write() as conn:
        conn.execute(text("UPDATE article SET title = 'New'"))
        assert conn.scalar(text("SELECT min(seq) FROM change")) == last + 1 > 1


def test_a_target_that_is_not_empty_is_refused_and_left_alone(sqlite_database, target, clock):
    Desk(sqlite_database, clock).put("a1")
    Desk(target, clock).put("other")
    before = everything(target)
    with pytest.raises(StoreError, match="is not empty, there are rows in article, change, publication, section_"):
        copy_database(sqlite_database, target, silent)
    assert everything(target) == before


def test_a_database_is_not_copied_into_itself(database):
    with pytest.raises(StoreError, match="source and target are the same database"):
        copy_database(database, database, silent)


def test_a_source_of_another_revision_is_refused(sqlite_database, target, tmp_path):
    with program(NEXT, tmp_path):
        with pytest.raises(StoreError, match=f"is at revision {TODAY} and this program needs {NEXT}"):
            copy_database(sqlite_database, target, silent)
        runner.migrate(sqlite_database)
    with pytest.raises(StoreError, match=f"at revision {NEXT} of a newer program: copy with that program"):
        copy_database(sqlite_database, target, silent)


def test_a_newer_programs_target_is_refused(sqlite_database, target, tmp_path):
    with program(NEXT, tmp_path):
        runner.migrate(target)
    with pytest.raises(StoreError, match=f"the target is at revision {NEXT}"):
        copy_database(sqlite_database, target, silent)


def alive(conn, what: str, now) -> None:
    if what == "worker":
        workers.record_heartbeat(conn, workers.WorkerProcess("w", "host", 7, now, now))
    else:
        web_processes.record_heartbeat(conn, web_processes.WebProcess("w", "host", 7, now, now, None))


@pytest.mark.parametrize("what", ["worker", "web process"])
def test_the_service_has_to_be_stopped_unless_the_copy_is_a_trial(database, target, clock, what):
    Desk(database, clock).put("a1")
    with database.write() as conn:
        alive(conn, what, clock())
    with pytest.raises(StoreError, match=rf"a {what} is running on the source \(process 7 on host\).*--live"):
        copy_database(database, target, silent)
    copy_database(database, target, silent, live=True)
    assert everything(target) == everything(database)


def test_later_writes_are_not_in_the_copy_and_are_reported(database, target, clock):
    desk = Desk(database, clock)
    desk.put("a1")
    before = everything(database)

    def write(doing: str, table: str, rows: int) -> None:
        if (doing, table, rows) == ("copying", "article", 0):
            desk.put("a2", sections=())
            withdraw_by_hand(database, "a1")

    done = copy_database(database, target, write)
    assert everything(target) == before
    assert done.missed >= 2


def withdraw_by_hand(database: Database, id: str) -> None:
    with database.write() as conn:
        conn.execute(text("UPDATE article SET status = 'withdrawn' WHERE id = :id"), {"id": id})


OWN_TRIGGER = {
    "sqlite": ["CREATE TRIGGER loud AFTER INSERT ON article BEGIN UPDATE article SET title = upper(title); END"],
    "postgresql": [
        "CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN NEW.title := upper(NEW.title); RETURN NEW; END'",
        "CREATE TRIGGER loud BEFORE INSERT ON article FOR EACH ROW EXECUTE FUNCTION loud()",
    ],
}


def test_a_copy_that_differs_is_rolled_back(sqlite_database, target, clock):
    Desk(sqlite_database, clock).put("a1")
    with target.write() as conn:
        for statement in OWN_TRIGGER[target.dialect]:
            conn.exec_driver_sql(statement)
    before = everything(target)
    with pytest.raises(StoreError, match=r"article differs in the target .* triggers or rules"):
        copy_database(sqlite_database, target, silent)
    assert everything(target) == before
    runner.check(target)


def command(*arguments: str, url: str):
    return CliRunner().invoke(main, ["copy-database", *arguments], env={"SYNDICATION_DATABASE__URL": url})


def test_the_command_lists_the_copied_tables(sqlite_database, postgres_url, clock, tmp_path):
    full_newsroom(sqlite_database, clock, tmp_path)
    done = command(postgres_url, url=sqlite_database.url)
    assert (done.exit_code, done.stderr) == (0, "Examining …\nCopying …\nComparing …\n")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["table", "rows", "digest", "in", "both"]
    assert [line.split()[0] for line in lines[1:-2]] == [table.name for table in TABLES]
    assert ["article", "303"] in [line.split()[:2] for line in lines] and lines[-1].startswith("Copied ")
    again = command(postgres_url, url=sqlite_database.url)
    assert again.exit_code == 1 and again.stderr.startswith("Error: the target is not empty")
    back = command(f"sqlite:///{tmp_path / 'back.db'}", "--from", postgres_url, url="sqlite:///nowhere.db")
    assert back.stdout.splitlines()[:-1] == lines[:-1]


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("nonsense", "TO_URL is not an address"),
        ("mysql://h/x", "TO_URL names 'mysql'"),
        ("postgresql://u:secret@127.0.0.1:1/x", "postgresql://u:***@127.0.0.1:1/x: one of them does not answer"),
    ],
)
def test_a_target_that_cannot_be_opened_is_reported_in_one_sentence(sqlite_url, to, words):
    done = command(to, url=sqlite_url)
    assert done.exit_code == 1 and words in done.stderr and "secret" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_text_of_any_length_and_letters_is_the_same(sqlite_database, target, clock):
    long = "".join(map(chr, (*range(1, 0xD800), *range(0xE000, 0x10FFFF, 97)))) * 3
    with sqlite_database.write() as conn:
        conn.execute(
            insert(ArticleRow).values(id="a1", slug="s", url="/u", title=long, html=long[::-1], status="draft")
        )
    copy_database(sqlite_database, target, silent)
    assert everything(target) == everything(sqlite_database)


def test_a_copy_knows_its_tables_by_value_and_not_by_order(sqlite_database, another, clock):
    desk = Desk(sqlite_database, clock)
    for number in range(500):
        desk.put(f"{number * 7919 % 500:x}-{'Aa'[number % 2]}é")
    second, third = another("postgresql"), another("sqlite")
    done = copy_database(sqlite_database, second, silent)
    assert copy_database(second, third, silent) == replace(done)
