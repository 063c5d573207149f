"""From the tables of a Ghost to the documents that readers get: after each act they hold what Ghost shows."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

from syndication.config.source_schemas.ghost import GhostSource
from syndication.sources.ghost.reader import GhostReader
from syndication.sources.look import Looker
from syndication.store.db.database import Database
from syndication.store.sources import source_states
from tests.conftest import FakeClock
from tests.support.desk import Desk
from tests.support.ghost import recording, steps

HOME = recording()["home"]

AFTERWARDS = datetime(2026, 11, 28, tzinfo=UTC)
"""A day on which everything in the recording is in the past."""


def look(database, looker):
    with database.write() as conn:
        state = source_states.claim(conn, "cms", "w1", database.now(conn), timedelta(seconds=30))
    return looker.look(state)


def test_feeds_hold_what_ghost_shows_after_each_act(ghost, sqlite_url):
    clock = FakeClock(AFTERWARDS)
    with closing(Database(sqlite_url, clock=clock)) as database:
        desk = Desk(database, clock, home_url=HOME)
        desk.sections = {"all": desk.sections["all"]}
        desk.restart()
        table = GhostSource(name="cms", kind="ghost", url=HOME, database=ghost.url)
        with closing(GhostReader(table, list(desk.sections.values()))) as reader:
            with database.write() as conn:
                source_states.register(conn, "cms", "ghost")
            looker = Looker(database, table, reader, "w1", "settings", started_at=clock())
            for step in steps():
                ghost.write(step)
                look(database, looker)
                desk.later()
                compare(json.loads(desk.body("all", "json"))["items"], step)
                assert "Payers" not in desk.everything(), step["act"]
                before = desk.everything()
                assert look(database, looker).outcome == "unchanged" and not desk.later(), step["act"]
                assert desk.everything() == before


def compare(items, step):
    shown = {post["id"]: post for post in step["shown"]["posts"]}
    assert {item["id"] for item in items} == shown.keys(), step["act"]
    for item in items:
        post = shown[item["id"]]
        assert (item["title"], item["url"]) == (post["title"], post["url"]), step["act"]
        assert [author["name"] for author in item["authors"]] == post["authors"], step["act"]
        assert ("Closed" in json.dumps(item)) == ("Closed" in (post["html"] or "")), step["act"]
        assert item.get("image") == post["feature_image"], step["act"]
