"""What a channel is told and when: settling, quiet times, repetitions, ends; and what counts as a new incident."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from syndication.config.notification_schema import CAUSES
from syndication.diagnostics.health import Finding
from syndication.notifications.observe import observe
from syndication.notifications.plan import plan
from syndication.store.notifications.incidents import Incident, Report
from tests.support.notified import channel

TAIPEI = ZoneInfo("Asia/Taipei")
NOON = datetime(2026, 3, 14, 4, tzinfo=UTC)
"""Noon in Taipei."""

LONG_AGO = NOON - timedelta(days=20)


def after(seconds=0.0, minutes=0.0, hours=0.0):
    return NOON + timedelta(seconds=seconds, minutes=minutes, hours=hours)


def incident(cause="failing", *, began=NOON, ended=None, observed=None, id=1):
    return Incident(id, cause, "taiwan", "taiwan", None, "It broke.", began, observed or began, ended)


def told(desk, incidents, now, *reports, since=LONG_AGO, last=None, zone=TAIPEI):
    known = {report.incident_id: report for report in reports}
    found = plan(desk, incidents, known, now, zone=zone, since=since, last=last)
    return [(one.event, one.was_quiet) for one in found]


JUST_NOW = after(-5)

DESK = channel(url="https://hooks.example/", causes=list(CAUSES))


def test_a_cause_is_told_once_it_has_lasted_and_not_again():
    assert told(DESK, [incident()], after(59)) == []
    assert told(DESK, [incident()], after(60)) == [("began", False)]
    assert told(DESK, [incident()], after(hours=50), Report("desk", 1, after(60), None)) == []


def test_what_is_over_within_the_settling_time_is_never_told():
    short = incident(ended=after(59))
    assert told(DESK, [short], after(59)) == told(DESK, [short], after(hours=1)) == []


def test_the_end_is_told_once_it_has_lasted_too():
    report, ended = Report("desk", 1, after(60), None), incident(ended=after(minutes=10))
    assert told(DESK, [ended], after(minutes=10, seconds=59), report) == []
    assert told(DESK, [ended], after(minutes=11), report) == [("over", False)]
    assert told(DESK, [ended], after(minutes=12), Report("desk", 1, after(60), after(minutes=11))) == []


def test_a_held_section_is_told_at_once():
    assert told(DESK, [incident("held")], NOON) == [("began", False)]


def test_a_cause_that_goes_on_is_repeated_only_if_that_is_set():
    report, daily = Report("desk", 1, after(60), None), channel(url="https://hooks.example/", repeat_hours=4)
    assert told(DESK, [incident()], after(hours=100), report) == []
    assert told(daily, [incident()], after(hours=4), report) == []
    assert told(daily, [incident()], after(60, hours=4), report) == [("still", False)]


def test_a_channel_is_told_only_of_its_causes_and_of_nothing_before_it_existed():
    only = channel(url="https://hooks.example/", causes=["no-web"])
    assert told(only, [incident(), incident("no-web", id=2)], after(60)) == [("began", False)]
    assert told(DESK, [incident(ended=after(hours=1))], after(hours=2), since=after(hours=1.5)) == []


def test_messages_that_follow_each_other_are_one():
    many = [incident(id=number, began=after(number)) for number in range(10)]
    assert told(DESK, many, after(61), last=after(30)) == []
    assert told(DESK, many, after(90), last=after(30)) == [("began", False)] * 10
    urgent = [*many, incident("no-worker", id=99)]
    assert told(DESK, urgent, after(69), last=after(30)) == [("began", False)] * 11
    assert told(DESK, many, after(90), last=after(hours=5)) != []  # The clock was set back.


NIGHT = channel(url="https://hooks.example/", causes=list(CAUSES), quiet="22:00-07:00")


def taipei(clock, day=14):
    return datetime.fromisoformat(f"2026-03-{day}T{clock}:00").replace(tzinfo=TAIPEI).astimezone(UTC)


def test_the_quiet_time_is_by_the_newsrooms_clock():
    quiet = [
        clock
        for clock in ("21:59", "22:00", "23:59", "00:00", "06:59", "07:00")
        if NIGHT.is_quiet(taipei(clock), TAIPEI)
    ]
    assert quiet == ["22:00", "23:59", "00:00", "06:59"]
    assert not NIGHT.is_quiet(taipei("23:00"), UTC)  # It is afternoon there.
    day = channel(url="https://hooks.example/", quiet="12:00-13:30")
    assert [clock for clock in ("11:59", "12:00", "13:29", "13:30") if day.is_quiet(taipei(clock), TAIPEI)] == [
        "12:00",
        "13:29",
    ]


def test_the_quiet_time_follows_the_clocks_when_they_change():
    berlin = ZoneInfo("Europe/Berlin")  # 29 March 2026: 02:00 becomes 03:00.
    before, later = datetime(2026, 3, 28, 5, 30, tzinfo=UTC), datetime(2026, 3, 29, 5, 30, tzinfo=UTC)
    assert NIGHT.is_quiet(before, berlin) and not NIGHT.is_quiet(later, berlin)  # 06:30, 07:30


def test_what_happened_in_the_quiet_time_is_summed_up_after_it():
    goes_on = incident(began=taipei("23:00"))
    passed = incident(began=taipei("01:00", 15), ended=taipei("02:00", 15), id=2)
    ended = incident(began=taipei("20:00"), ended=taipei("03:00", 15), id=3)
    short = incident(began=taipei("04:00", 15), ended=taipei("04:00", 15) + timedelta(seconds=5), id=4)
    every, reports = [goes_on, passed, ended, short], [Report("desk", 3, taipei("20:01"), None)]
    assert told(NIGHT, every, taipei("06:59", 15), *reports) == []
    assert told(NIGHT, every, taipei("07:00", 15), *reports) == [("began", True), ("passed", True), ("over", True)]


def test_urgent_causes_pass_the_quiet_time_alone():
    every = [incident(began=taipei("23:00")), incident("no-worker", began=taipei("23:00"), id=2)]
    assert told(NIGHT, every, taipei("23:30")) == [("began", False)]
    calm = channel(url="https://hooks.example/", causes=list(CAUSES), quiet="22:00-07:00", urgent=[])
    assert told(calm, every, taipei("23:30")) == []


FAILING = Finding("problem", "Taiwan failed once: it broke.", "taiwan", cause="failing", subject="taiwan")


def seen(findings, known=(), reports=(), now=NOON, looked=JUST_NOW, watched=CAUSES):
    return observe(findings, list(known), list(reports), now, looked, watched)


def test_a_finding_begins_goes_on_and_ends():
    (begun,) = seen([FAILING]).begun
    assert (begun.key, begun.began_at, begun.section) == (("failing", "taiwan"), NOON, "taiwan")
    known = incident()
    counted = Finding("problem", "It broke 7.", "taiwan", cause="failing", subject="taiwan")
    assert seen([counted], [known], now=after(5)).changed[0].words == "It broke 7."
    assert seen([counted], [incident()], now=after(5)).begun == ()
    (over,) = seen([], [known], now=after(5)).changed
    assert over.ended_at == after(5)


def test_words_that_only_count_on_are_not_written_again():
    words = "It was held, at most 40 s more."
    known = Incident(1, "failing", "taiwan", "taiwan", None, words, NOON, NOON, None)
    finding = Finding("problem", "It was held, at most 35 s more.", "taiwan", cause="failing", subject="taiwan")
    assert seen([finding], [known], now=after(5)) == seen([], []), "nothing changes"


@pytest.mark.parametrize("looked", [None, after(-61)])
def test_what_nobody_looked_at_for_a_while_settles_anew(looked):
    (changed,) = seen([FAILING], [incident(began=after(hours=-1))], looked=looked).changed
    assert (changed.began_at, changed.observed_since) == (after(hours=-1), NOON)
    assert told(DESK, [changed], after(59)) == [] != told(DESK, [changed], after(60))


def test_what_comes_back_within_a_minute_never_ended_unless_somebody_was_told():
    ended = incident(began=after(-100), ended=after(-30))
    (reopened,) = seen([FAILING], [ended]).changed
    assert reopened.ended_at is None and reopened.id == ended.id
    report = Report("desk", 1, after(-40), after(-20))
    assert len(seen([FAILING], [ended], [report]).begun) == 1
    assert len(seen([FAILING], [incident(began=after(-100), ended=after(-60))]).begun) == 1


def test_a_web_process_that_looks_for_workers_ends_nothing_else():
    no_worker = Finding("standstill", "No worker is running.", cause="no-worker")
    found = seen([no_worker], [incident()], watched=("no-worker",))
    assert [one.cause for one in found.begun] == ["no-worker"] and found.changed == ()
