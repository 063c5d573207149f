"""In real processes: a cache is purged once every web process serves the version, and delays no publication."""

import json
import os
import signal
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from syndication.store.db.database import Database
from syndication.store.processes import purge_queue, web_processes
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow
from tests.support.caches import cache, hangs
from tests.support.newsroom import NOON
from tests.support.service import Service, command, environ, running
from tests.support.service import until as until_soon

until = partial(until_soon, seconds=60.0)
"""Two databases and four processes start slowly on a busy machine."""

SECRET = "Bearer s3cret-of-the-cache"


def purge_env(url: str, **more: str) -> dict[str, str]:
    """Returns the environment with which caches at ``url`` are purged."""
    values = {"URL": url, "METHOD": "PURGE", "HEADERS__AUTHORIZATION": SECRET, "HEADERS__SURROGATE_KEY": "{key}"}
    return {f"SYNDICATION_PURGE__{name}": value for name, value in (values | more).items()}


def publish(url: str, id: str) -> None:
    """Writes a story as a CMS does."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    story = ArticleRow(
        id=id, slug=id, url=f"/{id}", title=f"Story {id}", status="published", published_at=NOON,
        sections=[ArticleSectionRow(section="taiwan")],
    )  # fmt: skip
    with closing(Session(engine)) as session:
        session.add(story)
        session.commit()
    engine.dispose()


def waiting(url: str) -> list[purge_queue.Purge]:
    database = Database(url)
    with database.read() as conn:
        found = purge_queue.list_waiting(conn)
    database.close()
    return found


def alive(url: str) -> list[web_processes.WebProcess]:
    database = Database(url)
    with database.read() as conn:
        found = web_processes.list_alive(conn, database.now(conn))
    database.close()
    return found


def ready(service: Service) -> None:
    """Waits until everything is rendered, and the caches are purged."""
    service.ready(60)
    until(lambda: not waiting(service.env["SYNDICATION_DATABASE__URL"]))


@pytest.mark.thorough("sqlite")
def test_cache_is_purged_once_every_web_process_serves_the_story(tmp_path, database_url):
    ports: list[int] = []

    def fetches_at_once(handler):
        """Answers like a cache with waiting readers: it fetches many times at once, from both web processes."""

        def poll(_):
            with urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/feeds/taiwan.atom", timeout=5) as answer:
                return b"Story news-" in answer.read()

        if handler.headers["Surrogate-Key"] == "feed-taiwan":
            with ThreadPoolExecutor(8) as pool:
                fetched.append(all(pool.map(poll, range(40))))
        handler.send_response(200)
        handler.end_headers()

    fetched: list[bool] = []
    with cache(200) as server:
        env = purge_env(server.url) | {"SYNDICATION_SERVER__WORKERS": "2"}
        with running(tmp_path, url=database_url, env=env) as service:
            ready(service)
            ports.append(service.port)
            server.answers = [fetches_at_once]
            # A process that is slow to load the version has a recent heartbeat, so the purge waits for it.
            slow = until(lambda: len(found := alive(database_url)) == 2 and found)[0]
            os.kill(slow.pid, signal.SIGSTOP)
            publish(database_url, "news-1")
            until(lambda: [web for web in alive(database_url) if "taiwan" in web.serves and web.pid != slow.pid])
            assert fetched == []
            os.kill(slow.pid, signal.SIGCONT)
            until(lambda: fetched)
            assert fetched == [True]
            until(lambda: {"feed-taiwan", "feed-all"} <= {asked.headers["surrogate-key"] for asked in server.asked})
            until(lambda: not waiting(database_url))
            assert {asked.headers["authorization"] for asked in server.asked} == {SECRET}
            assert service.run("status").returncode == 0
            assert SECRET not in service.run("config").stdout
        assert SECRET not in service.log.read_text()


@pytest.mark.thorough("sqlite")
def test_next_worker_sends_purges_of_a_killed_one(tmp_path, database_url):
    """No web process serves anything yet, so the first worker has nothing to send when it dies."""
    with cache() as server:
        env = purge_env(server.url)
        with running(tmp_path, "worker", url=database_url, env=env) as first:
            publish(database_url, "left")
            until(lambda: {"taiwan", "all"} <= {purge.section for purge in waiting(database_url)})
            first.process.kill()
            first.process.wait()
        assert server.asked == []
        with running(tmp_path, "web", url=database_url), running(tmp_path, "worker", url=database_url, env=env):
            until(lambda: not waiting(database_url))
        assert {"feed-taiwan", "feed-all"} <= set(server.sections())


@pytest.mark.thorough("sqlite")
def test_worker_killed_during_a_purge_is_replaced(tmp_path, database_url):
    with cache(hangs) as server:
        env = purge_env(server.url, TIMEOUT="1.0")
        with running(tmp_path, url=database_url, env=env) as service:
            service.ready(60)
            until(lambda: server.asked)
            before = service.children()["worker"]
            os.kill(before, signal.SIGKILL)
            server.answers = [200]
            server.released.set()
            until(lambda: not waiting(database_url))


@pytest.mark.thorough
def test_hanging_cache_delays_no_publication_and_no_stop(tmp_path, database_url):
    with cache(hangs) as server:
        env = purge_env(server.url, TIMEOUT="30.0")
        with running(tmp_path, url=database_url, env=env) as service:
            service.ready(60)
            until(lambda: len(server.asked) >= 4)
            for number in range(3):
                began = time.monotonic()
                publish(database_url, f"h{number}")
                until(lambda n=number: f"Story h{n}".encode() in service.get("/feeds/taiwan.atom").body)
                assert time.monotonic() - began < 5
            assert service.stop() < 5


@pytest.mark.thorough("postgresql")
def test_failing_cache_is_reported_in_status_and_log(tmp_path, database_url):
    with cache(503) as server:
        env = purge_env(server.url, RETRY_SECONDS="0.5") | {"SYNDICATION_LOGS__FORMAT": "json"}
        with running(tmp_path, url=database_url, env=env) as service:
            service.ready(60)
            until(lambda: all(purge.given_up_at for purge in waiting(database_url)) and waiting(database_url))
            done = service.run("status", "--json")
            (notice,) = [problem for problem in json.loads(done.stdout)["problems"] if " taiwan," in problem]
            assert done.returncode == 1
            assert notice.startswith("The cache was not purged for taiwan, and retries have stopped: 127.0.0.1")
            assert notice in service.run("status").stdout
        lines = [json.loads(line) for line in service.log.read_text().splitlines()]
        given_up = [line for line in lines if line["event"] == "purged" and line["outcome"] == "given-up"]
        assert given_up and {line["level"] for line in given_up} == {"error"}
        assert {line["error"] for line in given_up} == {"127.0.0.1 answered 503"}


@pytest.mark.parametrize("value", ["{key", "ftp://cache.example", "https://u:s3cret@cache.example/{key}"])
def test_invalid_purge_url_is_reported_without_its_secret(tmp_path, value):
    done = command("config", folder=tmp_path, env=environ(SYNDICATION_PURGE__URL=value))
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("Error: syndication.toml: purge.url is ") and "s3cret" not in done.stderr
