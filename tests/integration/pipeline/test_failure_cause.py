"""A failure names its cause, and quotes no story."""

import pytest
from sqlalchemy import text

from syndication.errors import ArticleError
from syndication.store.db.database import Database
from syndication.store.publishing.section_state import list_states
from tests.support.desk import Desk

SECRET = "the minister resigns"

SQLITE_TRIGGER = f"""CREATE TRIGGER guard BEFORE INSERT ON entry WHEN NEW.section = 'taiwan'
BEGIN SELECT RAISE(ABORT, '{SECRET}'); END"""

POSTGRESQL_TRIGGER = f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.section = 'taiwan' THEN RAISE EXCEPTION '{SECRET}'; END IF; RETURN NEW; END $$;
CREATE TRIGGER guard BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION refuse()"""


@pytest.fixture
def desk(database, clock):
    return Desk(database, clock)


def execute(desk, statement):
    with desk.database.write() as conn:
        conn.execute(text(statement.replace(":", "\\:")))


def error_of(desk, slug="taiwan"):
    with desk.database.read() as conn:
        return list_states(conn, [slug])[0].error


def test_a_trigger_is_named(desk):
    sqlite = desk.database.dialect == "sqlite"
    execute(desk, SQLITE_TRIGGER if sqlite else POSTGRESQL_TRIGGER)
    desk.put(title=SECRET)
    outcomes = desk.work()
    assert outcomes["taiwan"].result == "failed" and outcomes["all"].result == "published"
    words = error_of(desk)
    assert words == outcomes["taiwan"].error
    assert "trigger guard" in words and "table entry" in words
    assert ("SQLITE_CONSTRAINT_TRIGGER" if sqlite else "SQLSTATE P0001, function refuse") in words
    assert "store/db/together.py:" in words and "pipeline/publish.py:" in words
    assert SECRET not in words


def test_a_constraint_is_named(desk):
    execute(desk, "CREATE UNIQUE INDEX one_each ON entry (section)")
    for number in range(2):
        desk.put(f"a{number}", title=SECRET)
    assert desk.work()["taiwan"].result == "failed"
    words = error_of(desk)
    if desk.database.dialect == "sqlite":
        assert words.startswith("IntegrityError (SQLITE_CONSTRAINT_UNIQUE, UNIQUE constraint failed: entry.section")
    else:
        assert words.startswith("IntegrityError (UniqueViolation, SQLSTATE 23505, constraint one_each, table entry) in")
    assert SECRET not in words


def test_a_message_that_quotes_a_story_is_left_out(desk, monkeypatch):
    def fail(feed, *rest):
        raise ValueError(f"{SECRET} is not in list")

    desk.put()
    monkeypatch.setattr(desk.regenerator.renderer, "render", fail)
    assert desk.work()["taiwan"].result == "failed"
    words = error_of(desk)
    assert words.startswith("ValueError in pipeline/") and SECRET not in words


@pytest.mark.parametrize("error", [ArticleError(f"title is {SECRET!r}"), UnicodeError(SECRET), KeyError(SECRET)])
def test_no_message_is_shown_that_may_quote_a_story(desk, monkeypatch, error):
    desk.put(title=SECRET)
    monkeypatch.setattr("syndication.pipeline.version_maker.fill_feed", _raises(error))
    assert desk.work()["taiwan"].result == "failed"
    assert error_of(desk).startswith(f"{type(error).__name__} in pipeline/") and SECRET not in error_of(desk)


def _raises(error):
    def fail(*given):
        raise error

    return fail


HOSTILE = """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF NEW.section = 'taiwan' THEN RAISE EXCEPTION USING MESSAGE = NEW.digest, DETAIL = NEW.digest, HINT = NEW.digest,
ERRCODE = '23505', CONSTRAINT = 'of ' || NEW.article_id, TABLE = 'of ' || NEW.article_id; END IF; RETURN NEW; END $$;
CREATE TRIGGER guard BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION refuse()"""


def test_a_trigger_that_quotes_the_row_as_a_constraint_is_not_repeated(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    desk = Desk(database, clock)
    execute(desk, HOSTILE)
    desk.put("resigns")
    assert desk.work()["taiwan"].result == "failed"
    words = error_of(desk)
    assert "SQLSTATE 23505, function refuse" in words and "trigger guard of table entry" in words
    assert "resigns" not in words
    database.close()


def test_a_value_that_a_constraint_refuses_is_not_quoted(desk):
    sqlite = desk.database.dialect == "sqlite"
    rule = "CHECK (article_id NOT LIKE '%resigns%')"
    if sqlite:
        execute(desk, "CREATE TABLE other (article_id TEXT CONSTRAINT quiet " + rule + ")")
        execute(desk, "CREATE TRIGGER guard AFTER INSERT ON entry WHEN NEW.section = 'taiwan'"
                      " BEGIN INSERT INTO other VALUES (NEW.article_id); END")  # fmt: skip
    else:
        execute(desk, f"ALTER TABLE entry ADD CONSTRAINT quiet {rule}")
    desk.put("minister-resigns", title=SECRET)
    assert desk.work()["taiwan"].result == "failed"
    words = error_of(desk)
    assert "quiet" in words and "resigns" not in words and SECRET not in words


def test_a_change_after_a_failure_leaves_the_section_failing(desk, monkeypatch):
    desk.put()
    desk.work()
    with monkeypatch.context() as patched:
        patched.setattr(desk.regenerator.renderer, "render", lambda *given: 1 / 0)
        desk.put(title="Another")
        desk.later()
    desk.put(title="A third")
    while desk.regenerator.process_changes():
        pass
    with desk.database.read() as conn:
        state = list_states(conn, ["taiwan"])[0]
    assert (state.failures, state.status) == (0, "failing")
    desk.later(seconds=5)
    with desk.database.read() as conn:
        assert list_states(conn, ["taiwan"])[0].status == "current"
