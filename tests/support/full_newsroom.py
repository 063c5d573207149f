"""A newsroom with some history: no table of its database is empty."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, inspect, select, text

from syndication.auth.secrets.second_factor import new_secret
from syndication.config.loading import load_settings
from syndication.importing.feed_reader import FeedFileReader
from syndication.importing.import_file import import_file
from syndication.importing.report import Report
from syndication.model.feed_definition import FeedDefinition
from syndication.model.selection import Selection, Term
from syndication.pipeline.sitemaps import SitemapMaker
from syndication.store.access import (
    login_failures,
    password_links,
    pending_logins,
    second_factor,
    sessions,
    signing_key,
    tokens,
    user_changes,
    webhook_ids,
)
from syndication.store.access.audit_log import Actor
from syndication.store.articles import field_locks
from syndication.store.articles.ninjs_items import NinjsItem, save_item
from syndication.store.articles.withdrawal_batches import withdraw_together
from syndication.store.articles.withdrawals import restore, withdraw
from syndication.store.copy.rows import TABLES
from syndication.store.copy.sequences import NUMBERED, read_position
from syndication.store.db.database import Database
from syndication.store.hub import intents, subscriptions
from syndication.store.hub.intents import NewIntent
from syndication.store.notifications import incidents, outbox
from syndication.store.notifications.incidents import Incident
from syndication.store.outbound import attempts
from syndication.store.processes import poll_counts, purge_queue, web_processes, workers
from syndication.store.processes.poll_counts import PollSums
from syndication.store.publishing import (
    article_stamps,
    asked_feeds,
    editor_holds,
    feed_definitions,
    holds,
    previews,
    regenerations,
    sweeps,
)
from syndication.store.publishing.holds import Hold
from syndication.store.tables.hub import HubDeliveryRow, HubEchoRow, HubPingRow
from syndication.store.tables.publishing import FatalArticleRow
from tests.conftest import FakeClock
from tests.support.desk import Desk
from tests.support.fake_source import FakeSource, Following
from tests.support.newsroom import at
from tests.support.people import change, person

LONG_AGO = timedelta(days=3)

HOSTILE = "夜車 🚆 \u200b \ufeff \x85 \u2028 %s %(x)s :x \\ ' \" \ud7ff\ue000 \U0010ffff e\u0301"
"""A valid text with characters that are difficult for drivers; no NUL, which PostgreSQL refuses."""


def made_up(number: int) -> dict[str, Any]:
    """Returns one line of an import."""
    section = ("taiwan", "china", "sports")[number % 3]
    line: dict[str, Any] = {
        "id": f"story-{number}", "title": f"Story {number} {HOSTILE}", "url": f"/news/{number}",
        "html": f"<p>{'word ' * (number % 90)}{number}</p>", "sections": [section, "taiwan"][: 1 + number % 2],
        "authors": [{"name": "Lin", "email": "lin@daily.example"}], "tags": ["rail", f"t{number % 7}"],
        "published_at": at(minutes=-number).isoformat(), "updated_at": at(minutes=-number, microseconds=1).isoformat(),
    }  # fmt: skip
    if number % 5 == 0:
        line["image"] = {"url": "/i.jpg", "alt": HOSTILE, "width": 1200, "height": 1}
        line["enclosures"] = [{"url": "/a.mp3", "media_type": "audio/mpeg", "length": 5_000_000_000, "duration": 90}]
    if number % 11 == 0:
        line["status"] = "draft"
    if number % 13 == 0:
        line["expires_at"] = at(hours=number).isoformat()
    return line


def bring_articles(database: Database, count: int, folder: Path) -> None:
    path = folder / "made-up.jsonl"
    path.write_text("\n".join(json.dumps(made_up(number)) for number in range(count)))
    report = Report()
    reader = FeedFileReader()  # Its child process is started only for feeds.
    import_file(database, load_settings(environ={}), str(path), (), report, reader=reader, progress=False)
    assert (report.problems, report.outcomes["created"]) == ([], count)


def full_newsroom(database: Database, clock: FakeClock, folder: Path) -> Desk:
    """Imports, publishes, corrects, withdraws and regenerates; adds users and tokens; leaves work waiting."""
    by = Actor("desk", "192.0.2.7")
    desk = Desk(database, clock)
    bring_articles(database, 300, folder)
    desk.put("bad", title="\x01", published_at=at())
    desk.work()
    withdraw(database, ["story-1", "story-2", "story-4"], by)
    restore(database, ["story-2"], by)
    withdraw_together(database, ["story-5", "story-8"], by, HOSTILE)
    with database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id = 'story-7'"))
        conn.execute(text("UPDATE article SET title = 'Corrected', correction = 'It was wrong.' WHERE id = 'story-3'"))
        conn.execute(text("UPDATE article_image SET width = 1099511627776"))
    desk.later()
    _let_in(database, by)
    _ask(database, by)
    _read_source(database)
    desk.later()
    maker = SitemapMaker(database, desk.site, "dead")
    maker.register()
    for _ in maker.steps():
        pass
    desk.put("waiting", published_at=clock())  # Noticed, but not in a feed yet.
    with database.write() as conn:
        now = database.now(conn)
        workers.record_heartbeat(conn, workers.WorkerProcess("dead", "host", 7, now - LONG_AGO, now - LONG_AGO))
        web_processes.record_heartbeat(
            conn, web_processes.WebProcess("dead", "host", 8, now - LONG_AGO, now - LONG_AGO, None, {"taiwan": 2})
        )
        purge_queue.enqueue(conn, "taiwan", 2, now)
        asked_feeds.ask(conn, "tag/ferries", "tag", "ferries", HOSTILE, now, 10, 10)
        holds.write(conn, Hold("taiwan", now, now + LONG_AGO, 50, 48))
        editor_holds.hold(conn, "china", 1, now + LONG_AGO, HOSTILE, by, now)
        field_locks.set_locks(conn, "story-3", ("title",), by, now)
        sweeps.begin(conn, "dead", LONG_AGO, now)
        _notify(conn, by, now)
        _push(conn, now)
        conn.execute(insert(FatalArticleRow).values(article_id=HOSTILE, digest="d", at=now))
        article_stamps.renew_all(conn)
        conn.execute(text("UPDATE section_state SET lease_owner = 'dead', lease_until = requested_at, failures = 2"))
    return desk


def _notify(conn: Connection, by: Actor, now: datetime) -> None:
    """An incident that goes on, one that is over, and what a channel was told of both."""
    incidents.register_channels(conn, ["desk"], now)
    incidents.claim_watch(conn, "dead", now, LONG_AGO)
    for subject, ended_at in ((HOSTILE, None), ("taiwan", now)):
        incidents.begin(conn, Incident(0, "failing", subject, "taiwan", None, HOSTILE, now, now, ended_at))
    for incident in incidents.list_recent(conn, now):
        incidents.write_report(conn, incidents.Report("desk", incident.id, now, incident.ended_at))
    outbox.request_test(conn, "desk", {"items": []}, by, now)
    id = outbox.enqueue(conn, "desk", "incidents", HOSTILE, {"items": [HOSTILE]}, now)
    attempts.fail(conn, outbox.work(LONG_AGO, LONG_AGO), [attempts.Failure((id,), HOSTILE, now + LONG_AGO)], now)


def _push(conn: Connection, now: datetime) -> None:
    """A subscription, a delivery to it, a request that waits, and an outside hub that was told and has to echo."""
    url = "https://reader.example/push?x=%20&y"
    new = NewIntent("subscribe", "taiwan", "atom", None, url, "reader.example:443", "192.0.2.7", HOSTILE, 3600)
    intents.ask(conn, new, 10, now)
    asked = intents.find(conn, "taiwan", "atom", url)
    assert asked is not None
    subscriptions.begin(conn, asked, "192.0.2.8", 2**30, now)
    intents.write(conn, replace(new, mode="denied", reason=HOSTILE), now)
    delivery = {"section": "taiwan", "format": "atom", "callback": url, "version": 2**40, "attempted_at": now}
    told = {"subscription_id": 2**40, "outcome": "failed", "error": HOSTILE, "took_ms": 2**40, "lag_ms": None}
    conn.execute(insert(HubDeliveryRow).values(delivery | told))
    ping = {"hub": "https://hub.example/", "section": "taiwan", "version": 2, "created_at": now, "error": HOSTILE}
    conn.execute(insert(HubPingRow).values(ping))
    echo = {"hub": "https://hub.example/", "section": "taiwan", "format": "atom", "token": "t", "secret": HOSTILE}
    conn.execute(insert(HubEchoRow).values(echo | {"denied": HOSTILE, "pinged_version": 2, "pinged_at": now}))


def _let_in(database: Database, by: Actor) -> None:
    with database.write() as conn:
        now = database.now(conn)
        tokens.create(conn, "cms", ("read", "write"), now + LONG_AGO, by, now)
        tokens.create(conn, "old", ("read",), None, by, now)
        tokens.revoke(conn, "old", by, now)
    mei, gone = person(database, "mei", "read", "admin"), person(database, "gone")
    with database.write() as conn:
        sessions.create_session(conn, mei, "192.0.2.7", 12, database.now(conn))
        sessions.record_failed_login(conn, mei, "192.0.2.7", database.now(conn))
        secret, now = new_secret(), database.now(conn)
        second_factor.enable(conn, mei, secret, 2**40, by, now, keep="")
        sessions.create_session(conn, mei, "192.0.2.7", 12, now, browser=HOSTILE)
        pending_logins.start(conn, mei, now)
        password_links.create(conn, mei, by, now)
        login_failures.record(conn, "0" * 64, login_failures.UNKNOWN_DEVICE, now)
    change(database, user_changes.disable, gone)
    signing_key.signing_key(database)


def _ask(database: Database, by: Actor) -> None:
    files = load_settings(environ={})
    with database.write() as conn:
        definition = FeedDefinition("election", HOSTILE, selection=Selection(any=(Term("tag", "rail"),)))
        feed_definitions.create(database, conn, files, definition, by)
        feed_definitions.retire(database, conn, "election", by)
    with database.write() as conn:
        now = database.now(conn)
        regenerations.request(conn, ["taiwan", "china"], HOSTILE, by, now)
        previews.request(conn, {"section": "taiwan"}, "taiwan", by, now)
        asked = previews.claim(conn, now)
        assert asked is not None
        conn.execute(text("UPDATE preview SET result = :bytes"), {"bytes": bytes(range(256))})
        webhook_ids.record_if_new(conn, "msg_1", now)
        save_item(conn, NinjsItem("urn:a", "2", now, "usable", "urn:b"), now)
        poll_counts.add_polls(conn, {("taiwan", poll_counts.slot_of(now)): PollSums(2**40, 3, 2**50)})


def _read_source(database: Database) -> None:
    """A source with an article, a story that was refused for its text, and one that vanished."""
    source = FakeSource("s1", "s2", "s3")
    source.refusals["s2"] = HOSTILE
    following = Following(database, source)
    following.look()
    del source.stories["s3"]
    following.look()


def everything(database: Database) -> dict[str, list[str]]:
    """Returns every row of every copied table, and the positions of the sequences."""
    with database.snapshot() as conn:
        found = {table.name: sorted(repr(tuple(row)) for row in conn.execute(select(table))) for table in TABLES}
        return found | {f"numbers of {table.name}": [str(read_position(conn, table))] for table in NUMBERED}


def empty(database: Database) -> bool:
    """Returns whether a database contains no rows of ours, with or without tables."""
    with database.read() as conn:
        there = [table for table in TABLES if inspect(conn).has_table(table.name)]
        return all(conn.execute(select(table).limit(1)).first() is None for table in there)
