"""In real processes: a change is listed with its moments, and a frozen web process by name until it serves it."""

import json
import os
import signal
from contextlib import closing
from functools import partial

import pytest

from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.processes import web_processes
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


@pytest.mark.thorough("sqlite")
def test_a_change_is_listed_with_its_moments_and_waits_for_a_frozen_web_process(tmp_path, database_url):
    with (
        closing(Database(database_url)) as database,
        running(tmp_path, url=database_url, env={"SYNDICATION_SERVER__WORKERS": "2"}) as service,
    ):
        service.ready()
        token = service.token("reader", "preview")
        until(lambda: len(alive(database)) == 2)
        list(articles.put_articles(database, [article("quick")]))
        change = until(lambda: (one := the_change(service, token, "quick")) and one["settled_at"] and one)
        assert change["waiting"] is None and {feed["section"] for feed in change["feeds"]} == {"taiwan", "all"}
        for feed in change["feeds"]:
            assert change["written_at"] <= change["noticed_at"] <= feed["published_at"] <= feed["served_at"]
        # Said of heartbeats seconds later, and still the moment itself.
        assert change["served_ms"] < 10_000 and change["settled_at"] > feed["served_at"]

        frozen, other = alive(database)
        os.kill(frozen.pid, signal.SIGSTOP)
        try:
            list(articles.put_articles(database, [article("slow")]))
            with running(tmp_path, "web", url=database_url) as third:
                until(lambda: third.get("/readyz").status == 200)
                change = until(
                    lambda: (one := the_change(third, token, "slow")) and one["waiting"]
                    and one["waiting"]["stage"] in ("silent", "loading") and one
                )  # fmt: skip
                assert f"{frozen.pid} on {frozen.host}" in change["waiting"]["message"]
                until(lambda: the_change(third, token, "slow")["waiting"]["stage"] == "silent")
                cause = ask(third, token)["causes"][0]
                assert (cause["stage"], cause["blocked"]) == ("silent", True) and str(frozen.pid) in cause["message"]
                done = service.run("deliveries", "--waiting")
                assert done.returncode == 1 and f"{frozen.pid} on {frozen.host} does not answer" in done.stderr
        finally:
            os.kill(frozen.pid, signal.SIGCONT)
        assert other.pid != frozen.pid
        change = until(lambda: (one := the_change(service, token, "slow")) and one["settled_at"] and one)
        assert change["waiting"] is None and change["served_ms"] >= 5_000
        assert service.run("deliveries", "--waiting").returncode == 0
