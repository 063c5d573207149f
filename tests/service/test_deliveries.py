"""In real processes: a change is listed with its moments, and a frozen web process by name until it serves it."""

import json
import os
import signal
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.processes import web_processes
from syndication.store.processes.workers import HEARTBEAT
from tests.support.newsroom import article
from tests.support.service import running
from tests.support.service import until as until_soon

until = partial(until_soon, seconds=90.0)


def ask(service, token, query=""):
    said = service.get(f"/api/v1/deliveries{query}", {"Authorization": f"Bearer {token}"})
    assert said.status == 200, said.body
    return json.loads(said.body)


def the_change(service, token, id):
    return next(iter(ask(service, token, f"?article={id}&order=newest")["items"]), None)


def alive(database):
    with database.read() as conn:
        return web_processes.list_alive(conn, database.now(conn))


def pids_below(pid):
    """Returns a process and its descendants."""
    found = {pid}
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found |= pids_below(int(child))
    return found


@pytest.mark.thorough("sqlite")
def test_a_change_is_listed_with_its_moments_and_waits_for_a_frozen_web_process(tmp_path, database_url):
    with (
        closing(Database(database_url)) as database,
        running(tmp_path, url=database_url, env={"SYNDICATION_SERVER__WORKERS": "2"}) as service,
        running(tmp_path, "web", url=database_url) as third,  # Asked while one of the others does not answer.
    ):
        service.ready()
        token = service.token("reader", "preview")
        until(lambda: third.get("/readyz").status == 200 and len(alive(database)) == 3)
        list(articles.put_articles(database, [article("quick")]))
        change = until(lambda: (one := the_change(third, token, "quick")) and one["settled_at"] and one)
        assert change["waiting"] is None and {feed["section"] for feed in change["feeds"]} == {"taiwan", "all"}
        for feed in change["feeds"]:
            assert change["written_at"] <= change["noticed_at"] <= feed["published_at"] <= feed["served_at"]
        # Recorded seconds later, and still the moment itself.
        assert change["settled_at"] > change["feeds"][0]["served_at"] and change["served_ms"] < 10_000

        # One that has just started might be the one that replaces it.
        until(lambda: all(alive(database)[0].seen_at > one.started_at + 2 * HEARTBEAT for one in alive(database)))
        frozen = next(one for one in alive(database) if one.pid not in pids_below(third.process.pid))
        os.kill(frozen.pid, signal.SIGSTOP)
        try:
            list(articles.put_articles(database, [article("slow")]))
            change = until(
                lambda: (one := the_change(third, token, "slow")) and one["waiting"]
                and one["waiting"]["stage"] == "loading" and one
            )  # fmt: skip
            assert f"{frozen.pid} on {frozen.host}" in change["waiting"]["message"]
            until(lambda: the_change(third, token, "slow")["waiting"]["stage"] == "silent")
            cause = ask(third, token)["causes"][0]
            assert (cause["stage"], cause["blocked"]) == ("silent", True) and str(frozen.pid) in cause["message"]
            done = service.run("deliveries", "--waiting")
            assert done.returncode == 1 and f"{frozen.pid} on {frozen.host} does not answer" in done.stderr
        finally:
            os.kill(frozen.pid, signal.SIGCONT)
        change = until(lambda: (one := the_change(third, token, "slow")) and one["settled_at"] and one)
        assert change["waiting"] is None and change["served_ms"] >= 2_000
        assert service.run("deliveries", "--waiting").returncode == 0
