"""The list of changes in the API and on the command line: moments, what waits and why, purging again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import text, update

from syndication.cli import main
from syndication.cli.deliveries import KIND_CHOICES
from syndication.store.hub.unserved import unserved_sections
from syndication.store.processes import delivery_moments, purge_queue, web_processes
from syndication.store.publishing.deliveries import KINDS
from syndication.store.tables.publishing import ChangeRow

WORK = purge_queue.work(timedelta(seconds=30), timedelta(minutes=1))


def served(api) -> None:
    """Lets a web process load what is published and report it, and a worker record that."""
    api.loader.load()
    with api.database.write() as conn:
        now = api.database.now(conn)
        loads = tuple(api.loader.loads)
        web = web_processes.WebProcess("web", "host", 2, now, now, now, {}, api.loader.publication, loads)
        web_processes.record_heartbeat(conn, web)
        delivery_moments.settle(conn, now)


def stamp(api) -> None:
    """Sets the times of the queue, which triggers take from the machine's clock, to the newsroom's."""
    with api.database.write() as conn:
        conn.execute(update(ChangeRow).values(noticed_at=api.desk.clock()))


@pytest.fixture
def api(api, clock):
    """An API whose feeds were published a second ago: no feed has two versions within one."""
    api.desk.work()
    clock.advance(1)
    return api


def write(api, id="a1", **changes):
    assert api.put(id, **changes).status in (200, 201)
    stamp(api)


def listed(api, query=""):
    return api.get(f"/deliveries{query}").json


def test_a_change_is_followed_from_the_queue_to_the_readers(api, clock):
    api.worker_seen()
    api.loader.load()
    write(api)
    (change,) = listed(api)["items"]
    assert (change["id"], change["kind"], change["noticed_at"]) == (None, "published", None)
    assert change["waiting"]["stage"] == "queued" and listed(api)["causes"][0]["changes"] == 1
    clock.advance(0.4)
    api.desk.work()
    (change,) = listed(api)["items"]
    assert (change["noticed_ms"], change["published_ms"], change["served_ms"]) == (400, 400, None)
    assert change["waiting"]["stage"] == "loading" and "2 on host" in change["waiting"]["message"]
    clock.advance(0.7)
    served(api)
    (change,) = listed(api)["items"]
    assert change["waiting"] is None and listed(api)["causes"] == []
    taiwan = next(feed for feed in change["feeds"] if feed["section"] == "taiwan")
    # Loading takes some real milliseconds, which count.
    assert (taiwan["change"], taiwan["published_ms"]) == ("added", 400) and 1100 <= taiwan["served_ms"] < 9000
    assert change["served_ms"] >= taiwan["served_ms"] and change["article"] == {
        "id": "a1",
        "title": change["article"]["title"],
    }
    of_article = api.get("/articles/a1/delivery").json
    assert {**of_article["change"], "waiting": None} == change
    assert api.get("/articles/a1/delivery", ("read",)).json["change"] is None


def test_what_waits_says_why(api, clock):
    write(api)
    (cause,) = listed(api)["causes"]
    assert (cause["stage"], cause["blocked"]) == ("no-worker", True) and "syndication worker" in cause["message"]
    api.worker_seen()
    api.desk.regenerator.process_changes()
    assert listed(api)["causes"][0]["stage"] == "updating"
    with api.database.write() as conn:
        conn.execute(text("UPDATE section_state SET failures = 2, error = 'KeyError' WHERE section = 'taiwan'"))
    (item,) = listed(api)["items"]
    assert item["waiting"]["stage"] == "failing" and item["waiting"]["message"] == "taiwan is failing: KeyError"
    assert item["waiting"]["sections"] == ["taiwan"]
    clock.advance(11)
    api.worker_seen()
    with api.database.write() as conn:
        conn.execute(text("UPDATE section_state SET failures = 0, error = NULL"))
    assert listed(api)["items"][0]["waiting"]["stage"] == "stuck"


def test_a_web_process_that_hangs_is_named(api, clock):
    api.loader.load()
    api.worker_seen()
    with api.database.write() as conn:
        now = api.database.now(conn)
        web_processes.record_heartbeat(conn, web_processes.WebProcess("frozen", "cms-2", 4711, now, now, now))
    write(api)
    clock.advance(20)
    api.worker_seen()
    api.desk.work()
    served(api)
    (item,) = listed(api, "?waiting=true")["items"]
    assert item["waiting"]["stage"] == "silent" and item["waiting"]["blocked"]
    assert "4711 on cms-2 does not answer" in item["waiting"]["message"]


def test_filters_orders_and_pages(api, clock):
    api.worker_seen()
    api.loader.load()
    for number, sections in enumerate((["taiwan"], ["china"], ["taiwan", "china"])):
        write(api, f"a{number}", sections=sections)
        clock.advance(1 + number)
        api.desk.work()
        served(api)
    write(api, "a0", title="Edited", sections=["taiwan"])
    api.desk.later()
    served(api)
    write(api, "d1", status="draft")
    api.desk.later()
    served(api)

    def ids(query=""):
        return [item["article"]["id"] for item in listed(api, query)["items"]]

    assert ids() == ["a2", "a1", "a0", "a0", "d1"]
    assert ids("?order=newest") == ["d1", "a0", "a2", "a1", "a0"]
    assert ids("?section=china") == ["a2", "a1"] and ids("?kind=edited") == ids("?kind=edited&article=a0") == ["a0"]
    assert ids("?waiting=true") == ids("?section=sports") == []
    pages = api.pages("/deliveries?limit=2")
    assert [[item["article"]["id"] for item in page.json["items"]] for page in pages] == [
        ["a2", "a1"],
        ["a0", "a0"],
        ["d1"],
    ]
    assert [page.json["causes"] for page in pages] == [[], [], []]
    for bad in ("?kind=x", "?order=x", "?after=bm9uc2Vuc2U", "?limit=0"):
        assert api.get(f"/deliveries{bad}").kind == "invalid", bad


def test_an_embargo_is_no_delay(api, clock):
    api.worker_seen()
    write(api, "later", published_at="2026-03-14T15:00:00Z")
    api.desk.work()
    served(api)
    found = listed(api, "?waiting=true")
    (item,) = found["items"]
    assert (item["waiting"]["stage"], item["waiting"]["blocked"]) == ("embargo", False)
    assert "Under embargo until 2026-03-14 15:00:00 UTC" in item["waiting"]["message"]
    assert [(cause["stage"], cause["changes"]) for cause in found["causes"]] == [("embargo", 1)]


def test_a_purge_that_was_given_up_is_asked_for_again(api, clock):
    api.settings = replace(api.settings, purge=api.settings.purge.model_copy(update={"url": "http://127.0.0.1:9/"}))
    api.restart()
    api.desk.regenerator.policy = replace(api.desk.regenerator.policy, purge=True)
    with api.database.write() as conn:
        for purge in purge_queue.list_waiting(conn):
            purge_queue.record_success(conn, purge.key, clock())
    api.worker_seen()
    write(api)
    api.desk.later()
    served(api)
    assert listed(api)["items"][0]["waiting"]["stage"] == "purging"
    with api.database.write() as conn:
        for purge in purge_queue.list_waiting(conn):
            purge_queue.record_failure(conn, WORK, purge.key, "503 from the cache", clock(), clock())
    api.worker_seen()
    assert listed(api)["causes"][0]["stage"] == "purge-retry"
    with api.database.write() as conn:
        for purge in purge_queue.list_waiting(conn):
            purge_queue.record_failure(conn, WORK, purge.key, "503 from the cache", clock(), None)
    served(api)
    causes = listed(api)["causes"]
    assert {cause["stage"] for cause in causes} == {"purge-given-up"} and not causes[0]["blocked"]
    said = api.ask("POST", "/sections/taiwan/purge", {}, scopes=("regenerate",))
    assert (said.status, said.json["outcome"]) == (200, "requested")
    with api.database.read() as conn:
        assert unserved_sections(conn) == {"taiwan"}
    assert api.ask("POST", "/sections/sports/purge", {}).json["outcome"] == "requested"
    assert api.ask("POST", "/sections/nowhere/purge", {}).status == 404
    assert [(act.target, act.outcome) for act in api.audit(act="purge")] == [
        ("sports", "requested"),
        ("taiwan", "requested"),
    ]


def test_without_a_cache_there_is_nothing_to_purge(api):
    assert api.ask("POST", "/sections/taiwan/purge", {}).json["outcome"] == "no-cache"


def test_the_command_shows_the_same(api, clock, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNDICATION_DATABASE__URL", api.database.url)
    api.desk.work()
    write(api, title="Night train")
    done = CliRunner().invoke(main, ["deliveries"])
    assert done.exit_code == 3 and "No worker is running. Start one" in done.stderr and "Night train" in done.stdout
    assert '"stage": "no-worker"' in CliRunner().invoke(main, ["deliveries", "--json"]).stdout
    api.desk.later()
    with api.database.write() as conn:
        conn.execute(text("UPDATE delivery_feed SET served_at = published_at"))
        delivery_moments.settle(conn, clock())
    done = CliRunner().invoke(main, ["deliveries", "--section", "taiwan"])
    assert "taiwan 1.0 s to version 2, 1.0 s to readers" in done.stdout, done.output
    assert "No changes found." in CliRunner().invoke(main, ["deliveries", "--kind", "expired"]).stdout
    refused = CliRunner().invoke(main, ["purge", "taiwan"])
    assert refused.exit_code == 1 and "purge.url is empty" in refused.output


def test_the_command_knows_every_kind():
    assert KIND_CHOICES == KINDS


@pytest.mark.parametrize("scopes", [("read",), ("write",), ("regenerate",)])
def test_whoever_may_not_preview_sees_no_changes(api, scopes):
    assert api.get("/deliveries", scopes).status == 403
