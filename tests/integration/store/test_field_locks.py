"""Locked fields keep their stored values when programs write, and only then."""

from dataclasses import replace

import pytest

from syndication.model.values import Author, Image
from syndication.store.access.audit_log import Actor, list_entries, source_actor
from syndication.store.articles import articles, field_locks
from tests.support.newsroom import article, at

EDITOR, CMS = Actor("user mei", "192.0.2.7"), Actor("token cms", "192.0.2.8")

STORED = article(
    "a1", title="Corrected", summary="S", html="<p>B</p>", authors=(Author("Lin"),), sections=("taiwan",), tags=("x",),
    image=Image("/i.jpg"), correction="Not so.", published_at=at(), expires_at=at(days=1),
)  # fmt: skip

SENT = replace(
    STORED, title="Wrong again", summary="T", html="<p>C</p>", authors=(), sections=("china",), tags=("y",), image=None,
    correction=None, published_at=at(hours=1), expires_at=None, url="/elsewhere",
)  # fmt: skip


def put(database, value, by):
    (outcome,) = articles.put_articles(database, [value], by=by)
    return outcome


def set_locks(database, *fields, id="a1", by=EDITOR):
    with database.write() as conn:
        field_locks.set_locks(conn, id, fields, by, database.now(conn))


def stored(database, id="a1"):
    with database.read() as conn:
        return articles.get_article(conn, id)


@pytest.mark.parametrize("field", field_locks.LOCKABLE)
def test_a_locked_field_keeps_its_value_and_the_others_are_written(database, field):
    put(database, STORED, EDITOR)
    set_locks(database, field)
    assert put(database, SENT, CMS).kept == (field,)
    assert stored(database) == replace(SENT, **{field: getattr(STORED, field)})


@pytest.mark.parametrize("by", [CMS, source_actor("cms"), Actor("the CMS's webhook", "x"), None])
def test_every_program_is_kept_from_a_locked_field_and_an_editor_is_not(database, by):
    put(database, STORED, EDITOR)
    set_locks(database, "title")
    put(database, SENT, by)
    assert stored(database).title == "Corrected"
    assert put(database, SENT, EDITOR).kept == ()
    assert stored(database).title == "Wrong again"


def test_a_write_that_differs_only_in_locked_fields_changes_nothing(database):
    put(database, STORED, EDITOR)
    set_locks(database, "title", "tags")
    with database.write() as conn:
        conn.exec_driver_sql("DELETE FROM change")
    done = put(database, replace(STORED, title="Old", tags=()), CMS)
    assert (done.outcome, done.kept) == ("unchanged", ("title", "tags"))
    with database.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM change").scalar() == 0


def test_a_released_field_is_written_again(database):
    put(database, STORED, EDITOR)
    set_locks(database, "title", "tags")
    set_locks(database, "tags")
    assert put(database, SENT, CMS).kept == ("tags",)
    assert (stored(database).title, stored(database).tags) == ("Wrong again", ("x",))


def test_a_lock_of_one_article_holds_for_no_other(database):
    put(database, STORED, EDITOR)
    put(database, replace(STORED, id="a2"), EDITOR)
    set_locks(database, "title")
    assert [one.kept for one in articles.put_articles(database, [SENT, replace(SENT, id="a2")], by=CMS)] == [
        ("title",),
        (),
    ]


def test_a_locked_publication_time_of_a_draft_keeps_it_a_draft(database):
    put(database, replace(STORED, status="draft", published_at=None), EDITOR)
    set_locks(database, "published_at")
    assert put(database, SENT, CMS).kept == ("published_at",)
    assert (stored(database).status, stored(database).published_at) == ("draft", None)


def test_a_story_that_was_deleted_is_stored_as_it_is_sent_and_loses_its_locks(database):
    put(database, STORED, EDITOR)
    set_locks(database, "title")
    with database.write() as conn:
        conn.exec_driver_sql("DELETE FROM article")
    assert put(database, SENT, CMS).kept == ()
    assert put(database, STORED, CMS).kept == ()
    assert stored(database).title == "Corrected"


def test_locking_and_releasing_are_in_the_audit_log_once(database):
    put(database, STORED, EDITOR)
    for _ in range(2):
        set_locks(database, "title", "html")
    set_locks(database, "html")
    with database.read() as conn:
        found = [(e.act, e.outcome, e.detail, e.actor) for e in list_entries(conn, 10, acts=("lock", "unlock"))]
        locks = field_locks.list_locks(conn, ["a1", "a2"])
    assert found == [
        ("unlock", "released", "title", "user mei"),
        ("lock", "locked", "title, html", "user mei"),
    ]
    assert [(one.field, one.by) for one in locks["a1"]] == [("html", "user mei")] and "a2" not in locks
