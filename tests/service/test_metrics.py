"""The metrics of real processes over HTTP: each is exported by a web process or a worker."""

import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from structlog.testing import capture_logs

from syndication.config.loading import defaults_folder
from syndication.config.schema import WorkerSettings
from syndication.metrics import database as database_metrics
from syndication.metrics import worker as worker_metrics
from syndication.metrics.web import CHANGE_TO_SERVED, REQUEST_TO_SERVED
from syndication.serve.catalogue import Catalogue
from syndication.store.access.audit_log import Actor
from syndication.store.db import errors
from syndication.store.db.database import Database, DatabaseDown
from syndication.store.publishing import regenerations
from syndication.web.document_loader import DocumentLoader
from syndication.worker.schedule import build_scheduler
from syndication.worker.tasks import TaskQueue
from tests.support.desk import Desk
from tests.support.foreign_newsroom import ForeignNewsroom, toml
from tests.support.hostile import editors_of
from tests.support.newsroom import at
from tests.support.service import Service, environ, free_port, running, until
from tests.unit.test_documentation import documented

ZSTD = {"Accept-Encoding": "zstd"}


def samples(body: str) -> dict[str, float]:
    """Returns the values by name and labels."""
    return {
        f"{sample.name}{{{','.join(f'{k}={v}' for k, v in sorted(sample.labels.items()))}}}": sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


def of_web(service: Service) -> dict[str, float]:
    return samples(service.get("/metrics").body.decode())


def at_port(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return samples(answer.read().decode())


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The whole service with two web processes, and a worker that reads a source and exports metrics."""
    port, folder = free_port(), tmp_path_factory.mktemp("metrics")
    cms = ForeignNewsroom(f"sqlite:///{folder}/cms.db")
    cms.publish(1)
    shutil.copytree(defaults_folder(), folder / "config")
    with (folder / "config/syndication.toml").open("a") as file:
        file.write(toml(cms.table()))
    env = {"SYNDICATION_WORKER__METRICS_PORT": str(port), "SYNDICATION_SERVER__WORKERS": "2"}
    with running(folder, env=env) as service:
        service.metrics = port
        until(lambda: of_web(service).get("syndication_web_processes_running{}") == 2)
        yield service.ready(60)


def published(service: Service, id: str) -> None:
    """Publishes a story, and waits until every web process serves it."""
    with contextlib.closing(sqlite3.connect(service.folder / "var/syndication.db", timeout=10)) as conn, conn:
        conn.execute(
            "INSERT INTO article (id, slug, url, title, status, published_at)"
            f" VALUES ('{id}', '{id}', '/{id}', 'Story {id}', 'published', '2026-03-14T08:00:00.000000Z')"
        )
        conn.execute(f"INSERT INTO article_section (article_id, section) VALUES ('{id}', 'taiwan')")
    until(lambda: all(f"Story {id}".encode() in service.get("/feeds/taiwan.atom").body for _ in range(8)))


def named(keys):
    """Returns the names of metrics."""
    return {re.sub(r"(_bucket|_count|_sum)?\{.*", "", key) for key in keys}


def test_every_metric_of_the_readme_is_told_by_a_process(service):
    until(lambda: at_port(service.metrics).get("syndication_jobs_total{job=heartbeat,outcome=done}"))
    until(lambda: any(key.startswith("syndication_polls") for key in of_web(service)))
    until(lambda: at_port(service.metrics).get("syndication_source_articles{source=cms}") == 1)
    # Either web process may answer, and one of them may not have read the state of the sections yet.
    until(lambda: "syndication_section_failures" in named(of_web(service)))
    names = set()
    for _ in range(5):
        names |= named([*of_web(service), *at_port(service.metrics)])
    # These appear once they have a value.
    assert documented() - names == {
        "syndication_purges_total",
        "syndication_outbound_total",
        "syndication_outbound_under_way",
        "syndication_pushes_total",
        "syndication_database_errors_total",
        "syndication_renderer_deaths_total",
        "syndication_holds_total",
    }


def test_nothing_of_a_worker_is_told_by_a_web_process_and_the_other_way_round(service):
    web, worker = ({key.partition("{")[0] for key in found} for found in (of_web(service), at_port(service.metrics)))
    assert not [name for name in web & worker if name.startswith("syndication_")]


def test_polls_are_told_by_format_status_and_coding_of_both_processes(service):
    def count(status):
        return of_web(service).get(f"syndication_polls_total{{coding=zstd,format=rss,status={status}}}", 0.0)

    before = count(200), count(304)
    for _ in range(20):
        whole = service.get("/feeds/taiwan.rss", ZSTD)
        service.get("/feeds/taiwan.rss", ZSTD | {"If-None-Match": whole.headers["etag"]})
    until(lambda: (count(200), count(304)) == (before[0] + 20, before[1] + 20))


def settled(read):
    """Returns what is read once it stays the same: processes measure after they have served, once a second."""
    found = read()
    while True:
        time.sleep(1.5)
        if found == (found := read()):
            return found


def test_how_long_news_took_is_told_by_each_process_that_serves_it(service):
    def waits(name):
        return of_web(service)[f"syndication_{name}_to_served_seconds_count{{}}"]

    before = settled(lambda: (waits("change"), waits("request")))
    published(service, "timed")
    # Its section and ``all``, in two processes.
    until(lambda: waits("change") == before[0] + 4)
    assert waits("request") == before[1]
    versions = {key: value for key, value in of_web(service).items() if key.startswith("syndication_section_version")}
    assert versions["syndication_section_version{section=taiwan}"] >= 2


def test_the_regenerations_of_a_worker_are_told(service):
    def count(result):
        return at_port(service.metrics).get(f"syndication_regenerations_total{{result={result}}}", 0.0)

    before = count("unchanged"), count("published")
    assert service.run("regenerate", "taiwan", "--wait").returncode == 0
    until(lambda: count("unchanged") == before[0] + 1)
    published(service, "counted")
    until(lambda: count("published") == before[1] + 2)
    found = at_port(service.metrics)
    assert found["syndication_regeneration_seconds_count{}"] == sum(map(count, ("published", "unchanged")))
    assert found["syndication_fragment_bytes{}"] > 1000


def test_a_worker_whose_port_is_taken_warns_and_works(service):
    worker = subprocess.Popen(
        [sys.executable, "-m", "syndication", "worker"],
        cwd=service.folder, env=service.env, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        first, second = worker.stderr.readline(), worker.stderr.readline()
        assert "metrics_not_listening" in first and f"port={service.metrics}" in first and "in use" in first
        assert "worker_started" in second
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=20)


def test_a_worker_tells_nobody_unless_a_port_is_set(monkeypatch):
    monkeypatch.setattr(worker_metrics, "start_http_server", lambda *_: pytest.fail("it listens"))
    with capture_logs() as logs:
        worker_metrics.serve("127.0.0.1", 0, lambda: 0)
    assert logs == []


def test_a_restart_of_the_editors_process_is_told_by_each_front(service):
    def restarts():
        return {of_web(service)["syndication_editors_restarts_total{}"] for _ in range(8)}

    running = "syndication_editors_process{state=running}"
    until(lambda: of_web(service)[running])
    before = max(restarts())
    os.kill(until(lambda: editors_of(service.children()["web"])), signal.SIGKILL)
    until(lambda: restarts() == {before + 1})
    until(lambda: of_web(service)[running])
    assert of_web(service)["syndication_editors_process{state=not answering}"] == 0


# How long news took


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.work()
    clock.advance(1)
    return desk


def observed(histogram) -> tuple[float, float]:
    """Returns the count and the sum of seconds."""
    found = {sample.name.rpartition("_")[2]: sample.value for sample in histogram.collect()[0].samples}
    return found["count"], found["sum"]


def test_what_a_process_loads_first_has_made_nobody_wait(desk):
    desk.put("a1", published_at=at(seconds=10), updated_at=None)
    desk.later(seconds=20)
    loader = DocumentLoader(
        desk.database, Catalogue.empty(desk.site, desk.sections, {}, frozenset()), lambda counter: None
    )
    before = observed(CHANGE_TO_SERVED)
    loader.load()
    assert observed(CHANGE_TO_SERVED) == before and loader.catalogue.versions()["taiwan"] == 2


def test_a_wait_is_measured_from_its_moment_until_it_is_served(desk, clock):
    loader = DocumentLoader(
        desk.database, Catalogue.empty(desk.site, desk.sections, {}, frozenset()), lambda counter: None
    )
    loader.load()
    desk.put("a1", published_at=at(seconds=10), updated_at=None)
    desk.work()
    clock.advance(14)
    desk.work()
    clock.advance(5)
    number, seconds = observed(CHANGE_TO_SERVED)
    loader.load()
    after = observed(CHANGE_TO_SERVED)
    # Its section and ``all``, ten seconds each, plus the loading time.
    assert after[0] == number + 2 and 20 <= after[1] - seconds < 22
    loader.load()
    assert observed(CHANGE_TO_SERVED) == after


def test_a_request_is_measured_until_what_came_of_it_is_served(desk, clock):
    loader = DocumentLoader(
        desk.database, Catalogue.empty(desk.site, desk.sections, {}, frozenset()), lambda counter: None
    )
    loader.load()
    with desk.database.write() as conn:
        regenerations.request(conn, ["taiwan", "china"], None, Actor("a test", "the tests"), clock())
    desk.put("a1")
    clock.advance(3)
    desk.work()
    changed, requested = observed(CHANGE_TO_SERVED), observed(REQUEST_TO_SERVED)
    loader.load()
    after = observed(REQUEST_TO_SERVED)
    # China was unchanged: it has no new version.
    assert after[0] == requested[0] + 1 and 3 <= after[1] - requested[1] < 4
    assert observed(CHANGE_TO_SERVED)[0] == changed[0] + 2


# Jobs


def outcomes(job: str) -> dict[str, float]:
    return {
        sample.labels["outcome"]: sample.value
        for sample in worker_metrics.JOBS.collect()[0].samples
        if sample.name == "syndication_jobs_total" and sample.labels["job"] == job
    }


@pytest.fixture
def scheduler():
    scheduler: BackgroundScheduler = build_scheduler(WorkerSettings(safety_net=3600.0), TaskQueue(), lambda: None)
    yield scheduler
    scheduler.shutdown()


def test_jobs_are_counted_by_what_came_of_them(scheduler):
    go_on = threading.Event()

    def fail():
        raise ValueError("of a test")

    scheduler.add_job(lambda: None, "interval", seconds=0.05, id="well")
    scheduler.add_job(fail, "interval", seconds=0.05, id="failing")
    scheduler.add_job(go_on.wait, "interval", args=[20], seconds=0.05, id="long")
    scheduler.start()
    try:
        until(lambda: {"done"} == outcomes("well").keys() and {"failed"} == outcomes("failing").keys())
        until(lambda: {"skipped"} == outcomes("long").keys())
    finally:
        go_on.set()
    until(lambda: outcomes("long").get("done"))


def test_a_job_that_begins_late_is_counted_as_late_besides(scheduler):
    scheduler.start()
    scheduler.add_job(lambda: None, "date", run_date=at(hours=1), id="of long ago")
    until(lambda: outcomes("of long ago") == {"done": 1.0, "late": 1.0})


# Databases


def told_errors() -> dict[str, float]:
    database_metrics.flush(errors.counted)
    return {
        sample.labels["kind"]: sample.value
        for sample in database_metrics.ERRORS.collect()[0].samples
        if sample.name == "syndication_database_errors_total"
    }


def test_a_database_that_fails_is_counted_by_kind(database):
    before = told_errors()
    with pytest.raises(Exception, match="nowhere"), database.read() as conn:
        conn.execute(text("SELECT 1 FROM nowhere"))
    away = Database("postgresql://secret:word@127.0.0.1:1/news")
    with pytest.raises(DatabaseDown), away.read() as conn:
        conn.execute(text("SELECT 1"))
    away.close()
    after = told_errors()
    assert {kind: after[kind] - before.get(kind, 0) for kind in ("down", "refused")} == {"down": 1, "refused": 1}
    assert told_errors() == after


def test_the_store_loads_no_prometheus():
    """The web process's parent imports the store, and must set the counters' folder for its children first."""
    code = "import sys, syndication.store.db.database, syndication.cli; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=environ(), check=False).returncode == 0
