"""How sections are shared and wait: between failures, workers, and configurations."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from syndication.render import RENDER_REVISION
from syndication.store.db.database import WORK, Database
from syndication.store.db.listen import Waker
from syndication.store.publishing import change_queue, leases, section_state
from syndication.store.tables.publishing import ChangeRow, SectionStateRow
from tests.support.desk import Desk, titles
from tests.support.newsroom import at, section


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.work()
    clock.advance(1)
    return desk


def other_desk(desk, *slugs, owner="other", **changes):
    """A worker of another configuration, with only these sections, beside the first."""
    other = Desk.__new__(Desk)
    other.database, other.clock, other.owner, other.site = desk.database, desk.clock, owner, desk.site
    other.sections = {slug: section(slug, **changes) for slug in ("all", *slugs)}
    other.restart()
    return other


def break_reading(desk, monkeypatch, *slugs):
    """The articles of these sections cannot be read."""
    import syndication.pipeline.snapshot as module

    real = module.gather

    def gather(conn, newsroom, section, *rest, **more):
        if section.slug in slugs:
            raise RuntimeError("the section cannot be read")
        return real(conn, newsroom, section, *rest, **more)

    monkeypatch.setattr(module, "gather", gather)


def put(desk, values, slug="taiwan"):
    with desk.database.write() as conn:
        conn.execute(SectionStateRow.__table__.update().where(SectionStateRow.section == slug).values(**values))


def row(desk, slug="taiwan"):
    with desk.database.read() as conn:
        return conn.execute(select(SectionStateRow.__table__).where(SectionStateRow.section == slug)).one()


def test_a_section_that_cannot_be_read_backs_off_and_holds_up_no_other(desk, monkeypatch):
    break_reading(desk, monkeypatch, "all")
    desk.put("a1", sections=("taiwan", "china"))
    while desk.regenerator.process_changes():
        pass
    done = []
    for outcome in desk.regenerator.regenerate_pending():
        done.append((outcome.section, outcome.result))
        assert len(done) < 10, "it is tried again and again"
    assert sorted(done) == [("all", "failed"), ("china", "published"), ("taiwan", "published")]
    state = desk.state("all")
    assert (state.failures, state.retry_at) == (1, desk.clock() + timedelta(seconds=2))
    assert desk.later(seconds=1) == {}
    assert desk.later(seconds=1)["all"].result == "failed"
    assert desk.state("all").retry_at == desk.clock() + timedelta(seconds=4)


def test_a_failing_section_that_keeps_changing_comes_after_the_others(desk, monkeypatch):
    break_reading(desk, monkeypatch, "china")
    desk.put("a1", sections=("taiwan", "china", "sports"))
    desk.regenerator.process_changes()
    order = []
    for n in range(4):
        desk.clock.advance(0.01)
        order.append(desk.regenerator.regenerate_next().section)
        desk.put("a1", title=f"Story {n}", sections=("china",))
        desk.regenerator.process_changes()
    assert set(order) == {"all", "china", "taiwan", "sports"}


def test_a_busy_section_neither_waits_for_ever_nor_holds_up_another(desk):
    desk.put("a1", sections=("taiwan",))
    desk.regenerator.process_changes()
    waits = row(desk, "taiwan").requested_at
    desk.clock.advance(0.1)
    desk.put("a2", sections=("taiwan",))
    desk.regenerator.process_changes()
    assert row(desk, "taiwan").requested_at == waits, "it keeps its place while it waits"
    reading = desk.regenerator._read("taiwan")
    desk.put("a3", sections=("taiwan", "china"))
    desk.regenerator.process_changes()
    desk.clock.advance(0.1)
    desk.regenerator._publish(*desk.regenerator._render(reading))
    assert row(desk, "taiwan").requested_at > row(desk, "china").requested_at, (
        "what is marked meanwhile goes to the end"
    )


def test_a_row_that_makes_the_driver_fail_is_a_failure_of_its_section_and_not_of_the_database(desk, monkeypatch):
    from sqlalchemy.exc import OperationalError

    import syndication.pipeline.snapshot as module

    def gather(conn, newsroom, section, *rest, **more):
        raise OperationalError("SELECT", {}, Exception("Could not decode to UTF-8"))

    monkeypatch.setattr(module, "gather", gather)
    desk.put("a1")
    assert {outcome.result for outcome in desk.work().values()} == {"failed"}


def test_a_change_resets_the_back_off(desk, monkeypatch):
    break_reading(desk, monkeypatch, "taiwan")
    desk.put("a1")
    for _ in range(6):
        desk.later(seconds=120)
    assert desk.state().failures == 6
    desk.put("a1", title="Story new")
    assert desk.work()["taiwan"].result == "failed"
    state = desk.state()
    assert (state.failures, state.retry_at) == (1, desk.clock() + timedelta(seconds=2))


def test_the_lease_of_a_dead_worker_holds_nothing_up_after_the_clock_was_set_back(desk):
    desk.put("comes")
    desk.regenerator.process_changes()
    desk.clock.advance(1)
    dead = Desk(desk.database, desk.clock, owner="dead")
    assert dead.regenerator._claim()
    desk.clock.advance(-3600)
    ready, now = desk.regenerator.next_ready_at()
    assert ready == now
    assert {outcome.result for outcome in desk.regenerator.regenerate_pending()} == {"published"}
    assert not any(desk.state(slug).pending for slug in desk.sections)


def test_a_worker_that_read_the_time_first_and_claims_last_takes_no_lease(desk):
    desk.put("comes")
    desk.regenerator.process_changes()
    desk.clock.advance(1)
    lease = timedelta(seconds=30)
    taken = []
    for owner, seconds in (("late", 0.2), ("early", 0.0), ("early", 0.1)):
        with desk.database.write() as conn:
            now = desk.clock() + timedelta(seconds=seconds)
            taken.append(leases.claim(conn, desk.regenerator.fingerprints, RENDER_REVISION, owner, now, lease))
    assert taken[0] is not None and taken[0] not in taken[1:]


def test_a_late_worker_that_fails_leaves_the_lease_of_another(desk):
    desk.put("a1")
    desk.regenerator.process_changes()
    (slug,) = desk.regenerator._claim()
    put(desk, {"lease_owner": "other"}, slug)
    with desk.database.write() as conn:
        pause = (timedelta(seconds=2), timedelta(seconds=60))
        assert leases.record_failure(conn, slug, "desk", None, "too late", pause, desk.clock()) is None
    assert (row(desk, slug).lease_owner, row(desk, slug).failures, row(desk, slug).error) == ("other", 0, None)


def test_the_pause_after_a_failure_may_be_decades_long(desk):
    put(desk, {"failures": 200, "lease_owner": "desk"})
    with desk.database.write() as conn:
        long = timedelta(days=10_000)
        leases.record_failure(conn, "taiwan", "desk", None, "x", (long, long), desk.clock())
    assert row(desk).retry_at == desk.clock() + long


def test_a_story_withdrawn_while_its_section_was_not_configured_is_gone_when_that_returns(desk):
    desk.put("a1", sections=("china",))
    desk.work()
    china = desk.sections.pop("china")
    desk.restart()
    desk.later()
    desk.put("a1", sections=("china",), status="withdrawn")
    desk.later()
    desk.sections["china"] = china
    desk.restart()
    desk.later()
    assert titles(desk.body("china")) == []
    assert desk.tombstones("china") == {"a1": "withdrawn"}


def test_a_story_that_expires_while_its_section_is_not_configured_is_gone_when_that_returns(desk):
    desk.put("a1", sections=("china",), expires_at=at(minutes=5))
    desk.work()
    china = desk.sections.pop("china")
    desk.restart()
    desk.later(minutes=10)
    assert row(desk, "china").next_due is None, "it is noticed once, not again and again"
    desk.sections["china"] = china
    desk.restart()
    desk.later()
    assert titles(desk.body("china")) == []


def test_an_old_worker_that_reads_a_change_keeps_it_for_the_sections_that_only_a_newer_one_knows(desk):
    newer = other_desk(desk, "taiwan", "china", "sports", "formosa")
    newer.sections["formosa"] = section("formosa", formerly=("island",))
    newer.restart()
    newer.later()
    newer.later()
    desk.put("a1", sections=("island",))
    desk.regenerator.process_changes()
    with desk.database.read() as conn:
        assert change_queue.oldest(conn) is None
    newer.later()
    assert titles(newer.body("formosa")) == ["Story a1"]


def test_taking_a_change_wakes_the_workers_of_its_sections(desk):
    waker = Waker(desk.database, WORK)
    desk.put("a1")
    while waker.wait(0.3):
        pass
    desk.regenerator.process_changes()
    assert waker.wait(0.3)
    assert not waker.wait(0.3)
    waker.close()


def test_of_two_configurations_the_one_registered_last_wins(desk):
    desk.put("a1", title="Story")
    newer = other_desk(desk, "taiwan", "china", "sports", entries=7)
    assert desk.work() == {}, "an old worker leaves the sections of a newer configuration alone"
    assert desk.regenerator.next_ready_at()[0] is None, "and does not wake for them"
    assert set(newer.later()) == {"all", "taiwan", "china", "sports"}
    assert newer.later() == {}
    desk.put("a1", title="Story new")
    assert desk.later() == {}
    assert newer.later()["taiwan"].result == "published"


def test_a_regeneration_that_began_under_the_old_configuration_writes_nothing(desk):
    desk.put("a1")
    desk.regenerator.process_changes()
    (slug,) = desk.regenerator._claim()
    reading = desk.regenerator._read(slug)
    newer = other_desk(desk, "taiwan", "china", "sports", entries=7)
    assert desk.regenerator._publish(*desk.regenerator._render(reading))[0] == "overtaken"
    assert row(desk, slug).completed_generation < row(desk, slug).requested_generation
    assert newer.work()[slug].result == "published", "the lease of the old worker holds up nobody"
    late = desk.regenerator._read(slug)
    put(desk, {"requested_generation": row(desk, slug).requested_generation + 1}, slug)
    assert desk.regenerator._publish(*desk.regenerator._render(late))[0] == "overtaken"


def test_a_worker_whose_configuration_comes_back_takes_its_sections_back(desk):
    other_desk(desk, "taiwan", "china", "sports", entries=7)
    assert set(desk.restart()) == set(desk.sections)
    desk.put("a1")
    assert desk.later()["taiwan"].result == "published"


def test_changes_that_another_transaction_holds_are_left_to_it(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    desk = Desk(database, clock)
    desk.work()
    desk.put("a1")
    with database.write() as holder:
        holder.execute(select(ChangeRow.seq).with_for_update())
        assert desk.regenerator.process_changes() == 0
    assert desk.regenerator.process_changes() > 0
    database.close()


def test_a_withdrawal_behind_a_big_import_need_not_wait_for_all_of_it(desk, monkeypatch):
    monkeypatch.setattr(change_queue, "AT_ONCE", 3)
    desk.put("a1")
    desk.work()
    desk.clock.advance(1)
    for n in range(9):
        desk.put(f"n{n}", sections=("taiwan",), published_at=at(days=-50 - n), updated_at=at(days=-50 - n))
    desk.put("a1", status="withdrawn")
    desk.regenerator.process_changes()
    assert {o.section for o in desk.regenerator.regenerate_pending()} == {"all", "taiwan"}
    assert "Story a1" not in titles(desk.body("taiwan"))
    with desk.database.read() as conn:
        assert change_queue.oldest(conn) is not None, "the import is still being gathered"


def test_the_oldest_unprocessed_change_is_queued_or_requested(desk):
    desk.put("a1")
    with desk.database.read() as conn:
        queued = change_queue.oldest(conn)
        assert section_state.oldest_waiting(section_state.list_states(conn), queued) == queued
    desk.regenerator.process_changes()
    marked = desk.clock()
    desk.clock.advance(100)
    with desk.database.read() as conn:
        found = section_state.list_states(conn)
        assert change_queue.oldest(conn) is None
        assert section_state.oldest_waiting(found, None) == marked
    desk.work()
    with desk.database.read() as conn:
        assert section_state.oldest_waiting(section_state.list_states(conn), change_queue.oldest(conn)) is None


def test_a_window_may_be_longer_than_the_calendar(desk):
    desk.sections["taiwan"] = replace(desk.sections["taiwan"], hours=10**9)
    desk.restart()
    for n in range(7):
        desk.put(f"a{n}", published_at=at(days=-n), updated_at=at(days=-n))
    desk.later()
    assert len(titles(desk.body("taiwan"))) == 7
