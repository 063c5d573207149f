"""A worker that dies in the middle of a section: a failure of the section, and soon of the article it rendered."""

import os
import signal
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from syndication.model.values import Entry, Feed
from syndication.render.entries import render_entries
from syndication.store.articles import render_deaths
from syndication.store.db.database import Database
from syndication.store.processes import workers
from syndication.store.processes.workers import WorkerProcess
from syndication.store.publishing import leases
from tests.conftest import FakeClock
from tests.service.test_store_crashes import nothing_under_way
from tests.support.desk import Desk, titles
from tests.support.forks import exit_code_of
from tests.support.service import until

RETRY = (timedelta(seconds=2), timedelta(seconds=60))


def work_until_deadly(url: str, owner: str, now: datetime) -> None:
    """Works as a worker that is killed, as by the OOM killer, while it renders the article ``deadly``."""

    def render(feed: Feed, entries: Sequence[Entry]) -> list[Any]:
        if any(entry.article_id == "deadly" and "poison" in entry.html for entry in entries):
            os.kill(os.getpid(), signal.SIGKILL)
        return render_entries(feed, entries)

    clock = FakeClock(now)
    desk = Desk(Database(url, clock=clock), clock, owner=owner)
    desk.regenerator.renderer._entries = render
    desk.work()


def survives(database, clock, owner: str) -> bool:
    """Returns whether a worker survives its work."""
    code = exit_code_of(work_until_deadly, database.url, owner, clock())
    assert code in (0, -signal.SIGKILL)
    until(lambda: nothing_under_way(database))
    return code == 0


@pytest.mark.thorough("postgresql")
def test_article_that_kills_two_workers_is_left_out(database, clock):
    desk = Desk(database, clock)
    desk.put("good")
    desk.put("deadly", html="<p>poison</p>")
    assert not survives(database, clock, "first")
    clock.advance(31)
    assert not survives(database, clock, "second")  # At once, and carefully.
    state = desk.state("taiwan")
    assert (state.failures, state.error) == (1, render_deaths.ERROR)
    clock.advance(31)
    survives(database, clock, "third")
    assert desk.state("taiwan").failures == 2 and desk.state("taiwan").retry_at is not None
    clock.advance(3)
    assert survives(database, clock, "third")
    assert titles(desk.body("taiwan")) == ["Story good"] and titles(desk.body("all")) == ["Story good"]
    assert desk.left_out("taiwan") == desk.left_out("all") == {"deadly": render_deaths.REASON}
    assert (desk.state("taiwan").failures, desk.state("taiwan").error) == (0, None)
    # It is remembered, until the article changes.
    desk.put("good2")
    clock.advance(2)
    assert survives(database, clock, "fourth")
    desk.put("deadly", html="<p>harmless</p>")
    clock.advance(2)
    assert survives(database, clock, "fifth")
    assert sorted(titles(desk.body("taiwan"))) == ["Story deadly", "Story good", "Story good2"]
    assert desk.left_out("taiwan") == {}


def test_one_death_delays_no_section(database, clock):
    desk = Desk(database, clock)
    desk.put("a")
    desk.regenerator.process_changes()
    assert Desk(database, clock, owner="dead").regenerator._claim()
    clock.advance(31)
    outcomes = desk.work()
    assert all(outcome.result == "published" for outcome in outcomes.values())
    assert len(outcomes) == 4 and all(desk.state(slug).failures == 0 for slug in desk.sections)


@pytest.mark.parametrize("alive", [True, False])
def test_slow_or_stopped_worker_is_not_counted_as_dead(database, clock, alive):
    desk = Desk(database, clock)
    (slug,) = Desk(database, clock, owner="other").regenerator._claim()
    clock.advance(31)
    with database.write() as conn:
        if alive:
            workers.record_heartbeat(conn, WorkerProcess("other", "host", 1, clock(), clock()))
        else:
            render_deaths.release_leases(conn, "other")
        assert render_deaths.record_deaths(conn, desk.regenerator.fingerprints, "desk", RETRY, clock()) == []
    assert desk.state(slug).failures == 0


def test_late_worker_records_nothing_in_anothers_section(database, clock):
    desk = Desk(database, clock)
    late = Desk(database, clock, owner="late")
    (slug,) = late.regenerator._claim()
    clock.advance(31)
    assert desk.regenerator._claim() == [slug]
    with database.write() as conn:
        leases.record_rendering_article(conn, slug, "late", "innocent")
        clock.advance(31)
        render_deaths.record_deaths(conn, desk.regenerator.fingerprints, "third", RETRY, clock())
        assert render_deaths.read_fatal(conn) == {}
    assert desk.state(slug).failures == 2
