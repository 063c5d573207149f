"""A running service follows editors' feeds and its files without a restart."""

import json
import shutil
import signal
import time
from contextlib import closing

import pytest

from syndication.config.loading import defaults_folder, load_settings
from syndication.model.feed_definition import FeedDefinition
from syndication.store.access.audit_log import Actor
from syndication.store.db.database import Database
from syndication.store.publishing import feed_definitions
from tests.support.service import running, until

BY = Actor("mei", "192.0.2.7")

SOON = 5.0
"""Seconds within which a process follows. It takes well under one; a busy machine may let it wait for a turn."""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    shutil.copytree(defaults_folder(), folder / "config")
    with running(folder, env={"SYNDICATION_CONFIG": str(folder / "config/syndication.toml")}) as service:
        yield service.ready()


@pytest.fixture
def act(service):
    files = load_settings(service.folder / "config/syndication.toml", environ={})
    with closing(Database(f"sqlite:///{service.folder}/var/syndication.db")) as database:

        def act(name, *args, checked=True):
            with database.write() as conn:
                return getattr(feed_definitions, name)(database, conn, *([files] if checked else []), *args, BY)

        yield act


def put(service, id, **changes):
    line = {"id": id, "title": f"Story {id}", "url": f"/{id}", "html": "<p>x</p>", "status": "published", **changes}
    line.setdefault("published_at", "2026-01-02T03:04:05Z")
    assert service.run("import", "-", input=json.dumps(line)).returncode == 0


def feed(service, slug):
    answer = service.get(f"/feeds/{slug}.json")
    return json.loads(answer.body) if answer.status == 200 else None


def test_a_feed_lives_without_a_restart(service, act):
    children = service.children()
    put(service, "e1", sections=["election", "world"])
    assert service.get("/feeds/election.json").status == 404
    started = time.monotonic()
    act("create", FeedDefinition("election", "Election"))
    first = until(lambda: feed(service, "election"), SOON)
    print(f"served after {time.monotonic() - started:.3f} s")
    assert [item["id"] for item in first["items"]]
    # Another feed with the article names the new section, though it is not configured otherwise.
    until(lambda: b'term="election"' in service.get("/feeds/world.atom").body, SOON)
    before = service.get("/feeds/election.atom").body

    act("rename", "election", "vote")
    moved = until(lambda: (a := service.get("/feeds/election.json")).status == 301 and a, SOON)
    assert moved.headers["location"].endswith("/feeds/vote.json")
    until(lambda: feed(service, "vote"), SOON)
    until(lambda: b"/feeds/vote.atom" in service.get("/feeds/vote.atom").body, SOON)
    after = service.get("/feeds/vote.atom").body
    ids = [part.split(b"</id>")[0] for part in before.split(b"<id>")[1:]]
    assert [part.split(b"</id>")[0] for part in after.split(b"<id>")[1:]] == ids

    act("retire", "vote", checked=False)
    until(lambda: service.get("/feeds/vote.json").status == 410, SOON)
    until(lambda: service.get("/feeds/election.json").status == 410, SOON)
    act("reinstate", "vote")
    until(lambda: feed(service, "vote"), SOON)
    status = service.run("status")
    assert "vote" in status.stdout, status.stdout
    assert service.children() == children


def test_the_api_knows_a_feed_at_once(service, act):
    act("create", FeedDefinition("budget", "Budget"))
    answer = service.get("/api/v1/sections/budget", {"Authorization": f"Bearer {service.token('live')}"})
    assert (answer.status, json.loads(answer.body)["title"]) == (200, "Budget")


def test_hangup_reads_good_files_and_refuses_bad_ones(service):
    path = service.folder / "config/sections.toml"
    good = path.read_text()
    path.write_text(good + '\n[[section]]\nslug = "science"\ntitle = "Science"\n')
    service.process.send_signal(signal.SIGHUP)
    until(lambda: feed(service, "science"), 30)

    path.write_text(good + '\n[[section]]\nslug = "Wrong Slug"\ntitle = "Science"\n')
    service.process.send_signal(signal.SIGHUP)
    until(lambda: "Wrong Slug" in service.log.read_text(), 30)
    done = service.run("reload")
    assert done.returncode == 1
    assert "should be lower-case letters" in done.stderr
    assert feed(service, "science")

    path.write_text(good)
    main = service.folder / "config/syndication.toml"
    main.write_text(main.read_text().replace("keep_versions = 100", "keep_versions = 50"))
    assert service.run("reload").returncode == 0
    until(lambda: service.get("/feeds/science.json").status == 404, SOON)
    until(lambda: "worker.keep_versions" in service.log.read_text(), SOON)
