"""`syndication revisions`: list, show, compare, restore and delete the states of an article."""

import json

import pytest
from click.testing import CliRunner

from syndication.cli import main
from syndication.store.access import audit_log
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, field_locks
from syndication.store.db.database import Database
from tests.support.desk import Desk
from tests.support.newsroom import article, at


@pytest.fixture
def store(sqlite_url, clock):
    database = Database(sqlite_url, clock=clock)
    yield database
    database.close()


@pytest.fixture
def run(store, clock, sqlite_url, tmp_path, monkeypatch):
    """The command in a newsroom with a story in two states; the second one has a control character."""
    monkeypatch.chdir(tmp_path)
    desk = Desk(store, clock)
    for title in ("Nigth train", "Night\x1b[31m train"):
        made = article("a1", title=title, html="<p>It runs.</p>", published_at=at())
        articles.change_article(store, "a1", lambda _stored, made=made: made, Actor("token cms", "x"))
        desk.later()

    def run(*arguments):
        return CliRunner().invoke(main, ["revisions", *arguments], env={"SYNDICATION_DATABASE__URL": sqlite_url})

    return run


def digests(run):
    return [one["digest"] for one in json.loads(run("a1", "--json").stdout)]


def stored(store):
    with store.read() as conn:
        return articles.get_article(conn, "a1")


def test_revisions_are_listed_with_writers_and_versions(run):
    done = run("a1")
    assert done.exit_code == 0 and "\x1b" not in done.stdout
    new, by, old, _ = done.stdout.splitlines()
    assert new.split()[0] == digests(run)[0][:8] and old.endswith("Nigth train")
    assert "token cms; " in by and "taiwan 2–now" in by


def test_a_revision_is_shown_and_compared(run):
    new, old = digests(run)
    assert json.loads(run("a1", "--show", old[:10]).stdout)["title"] == "Nigth train"
    words = run("a1", "--compare", old[:10]).stdout
    assert "title:\n  [-Nigth-]{+Night" in words and "\x1b" not in words
    assert run("a1", "--compare", old, "--with", new).stdout == words
    assert run("a1", "--compare", new).stdout == ""


def test_a_revision_is_restored_as_a_fix_or_a_correction_and_locks_hold(run, store):
    new, old = digests(run)
    assert (
        run("a1", "--restore", old).exit_code == 2 and run("a1", "--restore", old, "--correction", " ").exit_code == 2
    )
    assert run("a1", "--restore", old, "--fix").stdout == "a1 is restored.\n"
    assert (stored(store).title, stored(store).correction) == ("Nigth train", None)
    with store.write() as conn:
        field_locks.set_locks(conn, "a1", ["title"], Actor("user mei", "x"), store.now(conn))
    assert "Locked, and not restored: title." in run("a1", "--restore", new, "--correction", "Spelling.").stdout
    assert (stored(store).title, stored(store).correction) == ("Nigth train", "Spelling.")
    with store.read() as conn:
        acts = [
            (one.act, one.outcome, one.source) for one in audit_log.list_entries(conn, 9, target="a1", act="revert")
        ]
    assert acts == [("revert", "updated", "command line")] * 2


def test_all_revisions_are_deleted_for_good(run, store):
    assert run("a1", "--forget").stdout == "Deleted 2 revisions of a1.\n"
    done = run("a1")
    assert (done.exit_code, done.stdout) == (0, "") and "No revisions are kept" in done.stderr
    assert stored(store) is not None


def test_unknown_articles_and_revisions_are_refused(run):
    assert run("nothing").exit_code == 1
    done = run("a1", "--show", "zz")
    assert done.exit_code == 1 and "No revision of 'a1' begins with 'zz'." in done.stderr
    assert run("a1", "--show", "").exit_code == 1  # Both begin so.
    assert run("a1", "--show", "a", "--forget").exit_code == 2
