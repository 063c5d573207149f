"""A newer program migrates while this one serves: it goes on, and starts again, as long as it may."""

import os
import re
import signal

import psycopg
import pytest
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from sqlalchemy import text

from syndication.cli import main
from syndication.errors import StoreError
from syndication.store.access.audit_log import Actor
from syndication.store.articles.withdrawals import restore, withdraw
from syndication.store.db.database import Database, DatabaseDown
from syndication.store.migrations import runner
from tests.integration.store.test_migrations import triggers
from tests.support.desk import Desk, titles
from tests.support.future import LATER, NEXT, TODAY, program
from tests.support.service import Service, running, until


def trigger_texts(database: Database) -> set[tuple[str, str]]:
    """Our triggers and what they do, as they stand in the database."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    if database.dialect == "postgresql":
        query = "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT tgisinternal"
    with database.read() as conn:
        return {tuple(row) for row in conn.execute(text(query))}


def bring_to(database: Database, revision: str, folder) -> None:
    with program(revision, folder):
        assert runner.migrate(database) == (TODAY, revision)
        runner.check(database)


def test_an_old_program_works_on_what_a_newer_one_only_added_to(database, clock, tmp_path):
    desk = Desk(database, clock)
    desk.put("before")
    desk.work()
    bring_to(database, NEXT, tmp_path)
    assert runner.check(database) == NEXT
    desk.put("after")
    desk.later()
    assert sorted(titles(desk.body())) == ["Story after", "Story before"]
    withdraw(database, ["before"], Actor("desk", "a test"))
    desk.later()
    assert titles(desk.body()) == ["Story after"] and desk.tombstones() == {"before": "withdrawn"}
    restore(database, ["before"], Actor("desk", "a test"))
    desk.restart()
    desk.later()
    assert sorted(titles(desk.body())) == ["Story after", "Story before"]


def test_an_old_program_leaves_a_newer_ones_tables_and_triggers_as_they_are(database, tmp_path):
    bring_to(database, NEXT, tmp_path)
    before = trigger_texts(database)
    assert any("newer" in body for _, body in before)
    assert runner.migrate(database) == (NEXT, NEXT)
    assert trigger_texts(database) == before and runner.check(database) == NEXT
    with program(NEXT, tmp_path):
        assert runner.check(database) is None
        assert runner.migrate(database) == (NEXT, NEXT)


def test_what_a_newer_program_took_away_stops_the_one_that_needs_it_and_no_other(database, tmp_path):
    bring_to(database, LATER, tmp_path)
    words = f"is at revision {LATER}, which this program, of revision {TODAY}, does not support"
    for refused in (runner.check, runner.migrate):
        with pytest.raises(StoreError, match=words):
            refused(database)
    with program(NEXT, tmp_path):
        assert runner.check(database) == LATER


def test_a_missing_trigger_is_found_in_a_newer_programs_database_too(database, tmp_path):
    bring_to(database, NEXT, tmp_path)
    with database.write() as conn:
        name = next(name for name in triggers(conn) if name.startswith("syndication_article_tag_"))
        conn.execute(text(f"DROP TRIGGER {name}" + (" ON article_tag" if database.dialect == "postgresql" else "")))
    with pytest.raises(StoreError, match=f"lacks the trigger {name} of its newer program"):
        runner.check(database)


def test_each_migration_says_which_programs_go_on(tmp_path):
    assert runner.compatible_revisions()[0] == TODAY
    with program(NEXT, tmp_path):
        assert runner.compatible_revisions()[:2] == [NEXT, TODAY]
    with program(LATER, tmp_path):
        assert runner.compatible_revisions() == [LATER, NEXT], "what it takes away, the one before it cannot give back"


def test_each_migration_names_its_oldest_program():
    scripts = list(ScriptDirectory.from_config(runner._config()).walk_revisions())
    known = {script.revision for script in scripts}
    for script in scripts:
        assert script.module.oldest_program in known, script.path


def test_migrate_tells_whether_the_programs_that_run_may_go_on(database, tmp_path):
    def told() -> str:
        return CliRunner().invoke(main, ["migrate"], env={"SYNDICATION_DATABASE__URL": database.url}).output

    with program(NEXT, tmp_path):
        assert f"from revision {TODAY} to {NEXT}.\nPrograms at revision {TODAY} can keep running.\n" in told()
    assert told().endswith(f"newer revision {NEXT}, which this program can use. Nothing was changed.\n")
    with program(LATER, tmp_path):
        assert f"Programs at revision {NEXT} can keep running." in told()
    assert told().startswith(f"Error: the database is at revision {LATER}, which this program")


def test_two_releases_at_once_stop_the_program_before_both(database, tmp_path):
    with program(LATER, tmp_path):
        done = CliRunner().invoke(main, ["migrate"], env={"SYNDICATION_DATABASE__URL": database.url})
    assert f"Programs at revision {TODAY} cannot use it: restart every worker and web process." in done.output


def test_a_migration_that_a_long_reader_keeps_waiting_holds_nobody_up_for_long(postgres_url):
    database = Database(postgres_url, timeout=1.0)
    with psycopg.connect(postgres_url) as reader:
        reader.execute("SELECT 1 FROM article")
        with pytest.raises(DatabaseDown, match="is locked by another process"):
            runner.migrate(database)
    assert runner.migrate(database) == (TODAY, TODAY)
    database.close()


def publish(database: Database, id: str) -> None:
    with database.write() as conn:
        conn.exec_driver_sql(
            "INSERT INTO article (id, slug, url, title, status, published_at)"
            f" VALUES ('{id}', '{id}', '/{id}', 'Story {id}', 'published', '2026-03-14T08:00:00.000000Z')"
        )
        conn.exec_driver_sql(f"INSERT INTO article_section (article_id, section) VALUES ('{id}', 'taiwan')")


def served(service: Service, id: str) -> bool:
    return f"Story {id}<".encode() in service.get("/feeds/taiwan.atom").body


def workers_of_web(web: int) -> list[int]:
    """The processes that Granian forked."""
    with open(f"/proc/{web}/task/{web}/children") as children:
        return [int(pid) for pid in children.read().split()]


@pytest.mark.thorough("sqlite")
def test_old_processes_serve_on_and_start_again_while_the_tables_are_newer(tmp_path, database_url):
    """The rolling upgrade itself: `migrate` of the next release first, while worker and web of this one run."""
    database = Database(database_url)
    with running(tmp_path, url=database_url) as service:
        service.ready()
        tag = service.get("/feeds/taiwan.atom").headers["etag"]
        bring_to(database, NEXT, tmp_path)
        assert service.get("/feeds/taiwan.atom", {"If-None-Match": tag}).status == 304
        publish(database, "during")
        until(lambda: served(service, "during"))
        worker, web = (service.children()[name] for name in ("worker", "web"))
        os.kill(worker, signal.SIGKILL)
        for pid in workers_of_web(web):
            os.kill(pid, signal.SIGKILL)
        until(lambda: service.children().get("worker") not in (None, worker))
        publish(database, "respawned")
        until(lambda: served(service, "respawned"))
        until(lambda: re.search(f"database_is_newer.*revision={NEXT}", service.log.read_text()))
        assert service.run("status").returncode == 0
    with running(tmp_path, url=database_url) as rolled_back:
        until(lambda: served(rolled_back, "respawned"))
        publish(database, "back")
        until(lambda: served(rolled_back, "back"))
    database.close()
