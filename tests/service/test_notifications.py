"""In real processes: nothing waits for a mail server that hangs; kill -9 costs one duplicate; webs miss workers."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.notifications import outbox
from syndication.store.notifications.outbox import Notification
from tests.support.caches import Handler, cache
from tests.support.mail_server import mail_server
from tests.support.newsroom import article
from tests.support.notified import SECRET
from tests.support.service import environ, running, until

SECTIONS = '[[section]]\nslug = "world"\ntitle = "World"\n'

HOOK = """
[[notification]]
name = "desk"
kind = "webhook"
url = "{url}/s3cret-path"
secret = "{secret}"
allow_private = true
causes = [{causes}]
settle_seconds = 1
"""

MAIL = """
[[notification]]
name = "mail"
kind = "email"
host = "127.0.0.1"
port = {port}
security = "none"
allow_private = true
causes = []
sender = "feeds@daily.example"
recipients = ["desk@daily.example"]
"""

IMPATIENT = """
from datetime import timedelta
from syndication.cli import main
from syndication.notifications.notifier import Notifier, NotifierTimes
from syndication.notifications.sending import MessageQueue, SendTimes

Notifier.__init__.__kwdefaults__["times"] = NotifierTimes(look=0.5)
MessageQueue.__init__.__kwdefaults__["times"] = SendTimes(look=0.1, timeout=1.0, lease=timedelta(seconds=3))
main(["worker"])
"""
"""A worker whose leases of messages end soon."""


MESSAGE = {"items": [], "more": 0, "note": "It broke.", "url": "https://feeds.daily.example/editors"}


def configured(folder: Path, text: str) -> dict[str, str]:
    (folder / "sections.toml").write_text(SECTIONS)
    (folder / "syndication.toml").write_text(text)
    return {"SYNDICATION_CONFIG": str(folder / "syndication.toml")}


def messages(url: str, channel: str = "desk") -> list[Notification]:
    with contextlib.closing(Database(url)) as database, database.read() as conn:
        return outbox.list_recent(conn, [channel], 100)[::-1]


def test_a_mail_server_that_hangs_delays_neither_a_story_nor_the_stop(tmp_path):
    with mail_server(behaviour="silent") as server:
        env = configured(tmp_path, MAIL.format(port=server.port))
        with running(tmp_path, env=env) as service:
            service.ready()
            with contextlib.closing(Database(f"sqlite:///{tmp_path}/var/syndication.db")) as database:
                with database.write() as conn:
                    outbox.enqueue(conn, "mail", "incidents", "It broke", MESSAGE, database.now(conn))
                until(lambda: server.connections == 1)
                began = time.monotonic()
                list(articles.put_articles(database, [article("news", title="While it hangs", sections=("world",))]))
                until(lambda: b"While it hangs" in service.get("/feeds/world.json").body)
                assert time.monotonic() - began < 5
            assert server.connections == 1 and not server.received, "it still hangs"
            assert service.stop() < 6


@contextlib.contextmanager
def impatient_worker(folder: Path, env: dict[str, str]):
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-c", IMPATIENT], cwd=folder, env=env, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait(15)


@pytest.mark.thorough("postgresql")
def test_a_worker_killed_between_sending_and_recording_costs_one_duplicate(tmp_path, database_url):
    victims: list[subprocess.Popen[bytes]] = []

    def kills(handler: Handler) -> None:
        """Accepts the message, and kills the worker before it knows."""
        os.kill(victims[-1].pid, signal.SIGKILL)
        victims[-1].wait(15)
        handler.send_response(200)
        handler.end_headers()

    with cache(kills) as server, contextlib.closing(Database(database_url)) as database:
        text = HOOK.format(url=server.url, secret=SECRET, causes="")
        env = environ(SYNDICATION_DATABASE__URL=database_url, **configured(tmp_path, text))
        with database.write() as conn:
            outbox.enqueue(conn, "desk", "incidents", "It broke", MESSAGE, database.now(conn))
        for sent in (1, 2):
            with impatient_worker(tmp_path, env) as worker:
                victims.append(worker)
                until(lambda sent=sent: len(server.asked) == sent)
                worker.wait(30)
        with impatient_worker(tmp_path, env) as worker:
            victims.append(worker)
            until(lambda: messages(database_url)[0].given_up_at is not None)
            assert worker.poll() is None
        assert len(server.asked) == 2, "one duplicate at most"
        assert len({asked.headers["webhook-id"] for asked in server.asked}) == 1
        assert "s3cret" not in (tmp_path / "worker.log").read_text()


def test_a_web_process_tells_that_no_worker_is_running_and_the_worker_that_one_is(tmp_path, sqlite_url):
    with cache() as server:
        text = HOOK.format(url=server.url, secret=SECRET, causes='"no-worker"')
        env = configured(tmp_path, text)
        with running(tmp_path, "web", url=sqlite_url, env=env) as web:
            until(lambda: len(server.asked) == 1)
            (item,) = json.loads(server.asked[0].body)["data"]["items"]
            assert item["title"] == "No worker is running" and "syndication worker" in item["advice"]
            with running(tmp_path, "worker", url=sqlite_url, env=env) as worker:
                until(lambda: len(server.asked) == 2)
                (item,) = json.loads(server.asked[1].body)["data"]["items"]
                assert item["title"].startswith("Resolved: A worker is running")
                assert "s3cret" not in web.log.read_text() + worker.log.read_text()
