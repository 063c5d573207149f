"""The commands about push: what they print, their exit codes, and that each act is in the audit log."""

import json

import pytest
from click.testing import CliRunner

from syndication.cli import main
from syndication.store.access import audit_log
from syndication.store.db.database import Database
from syndication.store.processes import workers
from tests.support.newsroom import at
from tests.support.subscribers import SECRET_TOKEN, log_attempts, outside_hub, stored, subscribe

HUB = "https://hub.example/"


@pytest.fixture
def run(sqlite_url):
    def run(*arguments, **settings):
        env = {"SYNDICATION_DATABASE__URL": sqlite_url} | settings
        return CliRunner().invoke(main, ["hub", *arguments], env=env)

    return run


@pytest.fixture
def store(sqlite_url):
    database = Database(sqlite_url)
    yield database
    database.close()


def worker_seen(database):
    with database.write() as conn:
        now = database.now(conn)
        workers.record_heartbeat(conn, workers.WorkerProcess("w1", "host", 1, now, now))


def test_status_counts_subscribers_and_fails_for_a_hub_that_passes_nothing_on(run, store):
    assert run("status").output == "No subscribers.\n"
    assert "push is turned off" in run("status", SYNDICATION_HUB__ENABLED="false").output
    subscribe(store, {"lag_ms": 400}, {"format": "rss", "lag_ms": 300})
    done = run("status")
    assert (done.exit_code, done.output) == (0, "taiwan: 2 push subscribers; newest version delivered to both.\n")
    said = json.loads(run("status", "--json").output)
    assert said["sections"][0]["formats"] == {"atom": 1, "rss": 1} and said["outside"] == []
    outside_hub(store, HUB, pinged_version=2, pinged_at=at())
    done = run("status", SYNDICATION_HUB__OUTSIDE=HUB)
    assert done.exit_code == 1 and "did not pass on" in done.output


def test_list_shows_hosts_states_and_reasons(run, store):
    assert run("list").output == "No subscribers found.\n"
    with store.read() as conn:
        now = store.now(conn)
    first, parked = subscribe(
        store,
        {"host": "one.example:443"},
        {"host": "two.example:8443", "format": "json", "given_up_at": now, "error": "timed out"},
    )
    done = run("list")
    assert done.output.splitlines() == [
        f"{parked:<8} taiwan.json  two.example:8443  Parked: timed out",
        f"{first:<8} taiwan.atom  one.example:443  Up to date",
    ]
    assert SECRET_TOKEN not in done.output
    assert run("list", "--host", "one.example").output.startswith(f"{first} ")
    assert run("list", "--state", "parked").output.startswith(f"{parked} ")
    (found,) = json.loads(run("list", "--host", "two.example:8443", "--json").output)
    assert found["id"] == parked and "s3cret" not in run("list", "--json").output


def test_show_has_the_whole_address(run, store):
    (id,) = subscribe(store, {})
    done = run("show", str(id))
    assert SECRET_TOKEN in done.output and "with the subscriber's secret" in done.output
    assert "version 1 at" in done.output and "0.4 s after its publication" in done.output
    assert json.loads(run("show", str(id), "--json").output)["has_secret"] is True
    missing = run("show", "999")
    assert missing.exit_code == 1 and "there is no subscriber 999" in missing.output


def test_log_is_newest_first_with_filters(run, store):
    assert run("log").output == "No pushes found.\n"
    log_attempts(store, {"version": 1}, {"version": 2, "outcome": "failed", "error": "answered 500", "lag_ms": None})
    newest, oldest = run("log").output.splitlines()
    assert newest.endswith("taiwan.atom version 2  Failed: answered 500")
    assert oldest.endswith("version 1  Delivered, 0.4 s after its publication")
    assert "Failed" not in run("log", "--outcome", "done").output
    assert run("log", "--subscriber", "2").output == "No pushes found.\n"
    assert [one["version"] for one in json.loads(run("log", "--json").output)] == [2, 1]


def test_acts_say_what_they_did_and_are_recorded(run, store):
    worker_seen(store)
    (id,) = subscribe(store, {})
    number = str(id)
    for act, output in (
        ("pause", f"Subscriber {id} is paused.\n"), ("pause", f"Subscriber {id} was paused already.\n"),
        ("resume", f"Subscriber {id} is resumed.\n"), ("resume", f"Subscriber {id} was neither paused nor parked.\n"),
        ("push", f"Requested a push to subscriber {id}.\n"), ("remove", f"Subscriber {id} is removed.\n"),
    ):  # fmt: skip
        done = run(act, number)
        assert (done.exit_code, done.output) == (0, output)
    with store.read() as conn:
        assert stored(conn, id) is None
        found = audit_log.list_entries(conn, 10, target=f"subscription {id}")
    assert [one.act for one in found] == [
        "remove subscriber", "push again", "resume subscriber", "resume subscriber", "pause subscriber",
        "pause subscriber",
    ]  # fmt: skip
    assert {one.source for one in found} == {"command line"}


def test_acts_that_cannot_be_done_say_why(run, store):
    (id,) = subscribe(store, {})
    assert {run(act, "999").exit_code for act in ("pause", "resume", "push", "remove")} == {1}
    run("pause", str(id))
    paused = run("push", str(id))
    assert paused.exit_code == 1 and f"syndication hub resume {id}" in paused.output
    waits = run("resume", str(id))
    assert waits.exit_code == 3 and "No worker is running" in waits.output


def test_all_subscribers_of_a_host_are_removed(run, store):
    ids = subscribe(store, {"host": "one.example:443"}, {"host": "one.example:443", "format": "rss"}, {"host": "b:80"})
    assert run("remove", "--host", "one.example").output == "2 subscribers removed.\n"
    with store.read() as conn:
        assert [stored(conn, id) is None for id in ids] == [True, True, False]
    assert run("remove", "--host", "one.example").exit_code == 1
    assert run("remove").exit_code == 2 == run("remove", "1", "--host", "b:80").exit_code
