"""A correction moves the date of its article, whichever way it is written; nothing else does, and the time is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from syndication.store.articles import articles
from syndication.store.copy.copy import copy_database
from syndication.store.db.database import Database
from tests.support.api import Api, story
from tests.support.newsroom import article, at

NOTE = "Three people were hurt, not two."
EARLIER, LATER = at(hours=-1), at(minutes=-30)


@pytest.fixture
def newsroom(database):
    """An article without a date of its own, which readers have seen."""
    put(database, updated_at=None)
    run(database, "INSERT INTO shown_article (article_id) VALUES ('a1')")
    return database


def put(database, **values):
    return next(iter(articles.put_articles(database, [article(**values)])))


def run(database, *statements, **values):
    with database.write() as conn:
        for statement in statements:
            conn.execute(text(statement), {"note": NOTE, "later": written(database, LATER), **values})


def written(database, moment):
    return moment if database.dialect == "postgresql" else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def corrected_at(database, id="a1"):
    with database.read() as conn:
        found = articles.get_article(conn, id)
    return found.corrected_at if found else None


def is_now(moment):
    return moment is not None and abs(moment - datetime.now(UTC)) < timedelta(minutes=5)


ROW = (
    "(id, slug, url, title, status, published_at, correction) VALUES ('a1', 's', '/u', 'T', 'published', :later, :note)"
)
DATED = (
    "(id, slug, url, title, status, published_at, updated_at, correction)"
    " VALUES ('a1', 's', '/u', 'T', 'published', :later, :later, :note)"
)

MOVES = {
    "an update": ["UPDATE article SET correction = :note"],
    "an update of the body too": ["UPDATE article SET correction = :note, html = 'x', title = 'y'"],
    "a second correction": ["UPDATE article SET correction = 'First.'", "UPDATE article SET correction = :note"],
    "an upsert": [f"INSERT INTO article {ROW} ON CONFLICT (id) DO UPDATE SET correction = excluded.correction"],
    "a deletion and an insertion": ["DELETE FROM article", f"INSERT INTO article {ROW}"],
    "a replaced correction": [
        "UPDATE article SET correction = 'First.'", "DELETE FROM article",
        f"INSERT INTO article {ROW}",
    ],
    "an older date of the writer": ["UPDATE article SET updated_at = :later", "UPDATE article SET correction = :note"],
    "no date any more": [
        "UPDATE article SET updated_at = :later", "UPDATE article SET correction = :note, updated_at = NULL"
    ],
    "a removal afterwards": ["UPDATE article SET correction = :note", "UPDATE article SET correction = NULL"],
    "a draft": ["UPDATE article SET status = 'draft'", "UPDATE article SET correction = :note"],
}  # fmt: skip

STAYS = {
    "no correction": ["UPDATE article SET html = 'x', title = 'y'"],
    "an empty one": ["UPDATE article SET correction = ''"],
    "one of spaces": ["UPDATE article SET correction = ' \n\t '"],
    "a date of the writer": ["UPDATE article SET correction = :note, updated_at = :later"],
    "a date of the writer afterwards": [
        "UPDATE article SET correction = :note", "UPDATE article SET updated_at = :later"
    ],
    "a new article": [
        "DELETE FROM shown_article", "DELETE FROM article", f"INSERT INTO article {ROW}"
    ],
    "a new row with a date": ["DELETE FROM article", f"INSERT INTO article {DATED}"],
}  # fmt: skip


@pytest.mark.parametrize("statements", MOVES.values(), ids=MOVES)
def test_a_correction_moves_the_date_by_any_statement(newsroom, statements):
    run(newsroom, *statements)
    assert is_now(corrected_at(newsroom))


@pytest.mark.parametrize("statements", STAYS.values(), ids=STAYS)
def test_a_write_without_a_new_correction_moves_no_date(newsroom, statements):
    run(newsroom, *statements)
    assert corrected_at(newsroom) is None


SAME = {
    "the same again": ["UPDATE article SET correction = :note, title = 'x'"],
    "with spaces around it": ["UPDATE article SET correction = '  ' || :note || ' '"],
    "removed and put back": ["UPDATE article SET correction = NULL", "UPDATE article SET correction = :note"],
    "deleted and inserted": ["DELETE FROM article", f"INSERT INTO article {ROW}"],
    "inserted with a date": ["DELETE FROM article", f"INSERT INTO article {DATED}"],
    "another title": ["UPDATE article SET title = 'x'"],
    "no date of the writer": ["UPDATE article SET updated_at = NULL"],
}


@pytest.mark.parametrize("statements", SAME.values(), ids=SAME)
def test_an_equal_correction_keeps_the_time_of_the_first(newsroom, statements):
    run(newsroom, "UPDATE article SET correction = :note")
    run(newsroom, "UPDATE article_correction SET corrected_at = :later")
    run(newsroom, *statements)
    assert corrected_at(newsroom) == LATER


@pytest.mark.parametrize("recursive", ["OFF", "ON"])
def test_replace_on_sqlite_moves_the_date_as_an_update_does(sqlite_database, recursive):
    put(sqlite_database, updated_at=None)
    run(sqlite_database, "INSERT INTO shown_article (article_id) VALUES ('a1')")
    with sqlite_database.write() as conn:
        conn.exec_driver_sql(f"PRAGMA recursive_triggers = {recursive}")
        row = {"note": NOTE, "later": "2026-03-14T11:30:00.000000Z"}
        conn.execute(text(f"INSERT OR REPLACE INTO article {ROW}"), row)
        moved = articles.get_article(conn, "a1").corrected_at
        conn.execute(text("UPDATE article_correction SET corrected_at = :later"), row)
        conn.execute(text(f"REPLACE INTO article {ROW}"), row)
        kept = articles.get_article(conn, "a1").corrected_at
        conn.exec_driver_sql("PRAGMA recursive_triggers = OFF")
    assert is_now(moved) and kept == LATER


def test_the_time_follows_an_article_to_another_id(newsroom):
    run(newsroom, "UPDATE article SET correction = :note", "UPDATE article_correction SET corrected_at = :later")
    run(newsroom, "INSERT INTO article_correction (article_id, correction) VALUES ('a2', 'Old.')")
    run(newsroom, "UPDATE article SET id = 'a2' WHERE id = 'a1'")
    assert corrected_at(newsroom, "a2") == LATER


def correct_and_fail(database):
    with database.write() as conn:
        conn.execute(text("UPDATE article SET correction = 'x'"))
        raise ZeroDivisionError


def test_a_correction_that_is_rolled_back_leaves_no_time(newsroom):
    with pytest.raises(ZeroDivisionError):
        correct_and_fail(newsroom)
    assert corrected_at(newsroom) is None


@pytest.mark.parametrize(
    ("values", "date", "moves"),
    [
        ({"correction": NOTE, "updated_at": EARLIER}, "correction", True),
        ({"correction": NOTE, "updated_at": LATER}, "date", False),
        ({"correction": NOTE, "updated_at": None}, "correction", True),
        ({"title": "x", "updated_at": EARLIER}, "same-date", False),
        ({"title": "x", "updated_at": LATER}, "date", False),
    ],
)
def test_writing_says_what_became_of_the_date(database, values, date, moves):
    put(database, updated_at=EARLIER)
    outcome = put(database, **values)
    assert (outcome.outcome, outcome.date) == ("updated", date)
    assert is_now(corrected_at(database)) == moves
    assert put(database, **values).outcome == "unchanged"


def test_the_api_moves_the_date_however_it_is_asked(database, clock):
    api = Api(database, clock)
    for number, (method, address, body) in enumerate(
        [
            ("PATCH", "/articles/a1", {"correction": NOTE}),
            ("PUT", "/articles/a1", story(correction=NOTE)),
            ("POST", "/articles:batch", {"articles": [story(id="a1", correction=NOTE)]}),
        ]
    ):
        run(database, "DELETE FROM article_correction")
        assert api.ask("PUT", "/articles/a1", story(title=f"Story {number}")).status < 300
        assert corrected_at(database) is None
        assert api.ask(method, address, body).status == 200
        assert is_now(corrected_at(database)), method


def test_a_copied_database_keeps_the_time(newsroom, new_url):
    run(newsroom, "UPDATE article SET correction = :note")
    target = Database(new_url("sqlite"))
    copy_database(newsroom, target, lambda *_: None)
    assert corrected_at(target) == corrected_at(newsroom)
    target.close()
