"""The health of the service: one headline, and the findings, most severe first."""

import json
from dataclasses import replace
from typing import Any

import pytest

from syndication.diagnostics.health import LOCKED, Finding, HealthFacts, examine, headline, problems
from syndication.store.processes.purge_queue import Purge
from syndication.store.processes.web_processes import WebProcess
from syndication.store.processes.workers import WorkerProcess
from syndication.store.publishing.documents import LeftOutArticle
from syndication.store.publishing.holds import Hold
from syndication.store.publishing.section_state import Progress, SectionState, section_status
from tests.support.newsroom import NOON, at

SLUGS = ("all", "taiwan")


def state(slug: str, **changes: Any) -> SectionState:
    values = dict.fromkeys(SectionState.__slots__) | {
        "section": slug, "version": 3, "entries": 5, "left_out": 0, "failures": 0,
        "requested_generation": 1, "completed_generation": 1, "attempted_generation": 1,
    }  # fmt: skip
    return SectionState(**values | changes)


def facts(**changes: Any) -> HealthFacts:
    """Returns the facts of a healthy service, with changes."""
    values: dict[str, Any] = {
        "now": NOON, "sections": SLUGS, "states": [state(slug) for slug in SLUGS], "workers": 1, "oldest_change": None,
    }  # fmt: skip
    return HealthFacts(**values | changes)


def test_a_healthy_service_has_no_findings():
    assert examine(facts()) == []
    assert headline([]) == "All is well."


HELD = Hold("taiwan", at(seconds=-15), at(seconds=45), 50, 48)
WORKER = WorkerProcess("w", "here", 8, at(hours=-1), at(seconds=-30))
WEB = WebProcess("w", "here", 9, at(hours=-1), at(seconds=-40), None)
FAILING = [state("all"), state("taiwan", failures=2, error="ZeroDivisionError")]


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"workers": 0}, Finding("standstill", "No worker is running, so feeds are not updating. Start one"
                                               " with `syndication worker`.")),
        ({"missing_triggers": ["b", "a"]}, Finding("standstill", "Changes are not detected because triggers are missing"
                                                                 " or disabled: a, b. Run `syndication migrate`.")),
        ({"database_up": False}, Finding("standstill", "The database does not answer. Feeds are still served but not"
                                                       " updating.")),
        ({"states": FAILING}, Finding("problem", "taiwan failed twice: ZeroDivisionError", "taiwan")),
        ({"states": [state("all")]}, Finding("problem", "Not published yet: taiwan.", "taiwan")),
        ({"states": []}, Finding("problem", "Not published yet: all, taiwan.")),
        ({"states": [state("all"), state("taiwan", hold=HELD)]}, Finding(
            "problem", "taiwan is held: 48 of 50 entries vanished. It keeps them until they are back, at most 45 s"
            " more. To publish without them: `syndication release taiwan`.", "taiwan")),
        ({"states": [state("all"), state("taiwan", missed_at=at(minutes=-59), missed_entries=3)]}, Finding(
            "problem", "Missed changes found and published: taiwan (3). Something writes to the database without firing"
            " its triggers: a disabled trigger, a restored or copied file.", "taiwan")),
        ({"oldest_change": at(seconds=-11)}, Finding("problem", "A change has been waiting for 11 s.")),
        ({"web": 0}, Finding("standstill", "No web process is running, so nobody can read the feeds. Start one with"
                                           " `syndication web`.")),
        ({"silent_workers": [WORKER]}, Finding("problem", "Worker 8 on here has not reported for 30 s: it hangs or was"
                                                          " killed. Restart it.")),
        ({"silent_webs": [WEB]}, Finding("problem", "Web process 9 on here has not reported for 40 s: it hangs or was"
                                                    " killed. Restart it.")),
        ({"locked": True}, Finding("standstill", LOCKED)),
        ({"silences": {"taiwan": "Nothing new for 9 h."}}, Finding("notice", "Nothing new for 9 h.", "taiwan")),
    ],
)  # fmt: skip
def test_each_finding_has_its_severity_and_section(changes, finding):
    found = [replace(one, cause=None, subject="") for one in examine(facts(**changes))]
    assert found == [finding]
    assert headline(found) == ("No problems, 1 notice." if finding.severity == "notice" else finding.words)


def left_out(id, section, reason="its title is bad"):
    return LeftOutArticle(section, id, reason, NOON)


def test_all_is_not_well_while_a_story_is_left_out():
    stories = [left_out("a1", "all"), left_out("a1", "taiwan"), left_out("a2", "taiwan"), left_out("a3", "elsewhere")]
    found = examine(facts(left_out=stories, never_shown=["a9"]))
    assert [(finding.severity, finding.words) for finding in found] == [
        ("problem", "a1 is left out of all, taiwan: its title is bad."),
        ("problem", "a2 is left out of taiwan: its title is bad."),
        ("problem", "a9 appears in no feed: it expires before it is published."),
    ]
    assert headline(found) == "3 problems. a1 is left out of all, taiwan: its title is bad."


def test_a_section_without_a_feed_is_a_notice_and_the_headline():
    found = examine(facts(unfed={"chess": "a1"}, silences={"taiwan": "Quiet."}))
    assert problems(found) == []
    assert headline(found) == found[0].words
    assert found[0].words.startswith("No feed has the section 'chess' (newest story: a1). Add it to sections.toml")


def test_only_a_few_stories_are_named_one_by_one():
    found = examine(
        facts(left_out=[left_out(f"a{n}", "all") for n in range(9)], unfed={f"s{n}": "a" for n in range(7)})
    )
    assert [finding.words for finding in found if "more" in finding.words] == [
        "4 more stories are left out.",
        "No feed has 2 more sections that stories name.",
    ]


def test_one_more_is_counted_in_the_singular():
    silent = [WorkerProcess(f"w{n}", "here", n, NOON, at(seconds=-30)) for n in range(6)]
    stories, sections = [left_out(f"a{n}", "all") for n in range(6)], {f"s{n}": "a" for n in range(6)}
    found = examine(facts(left_out=stories, unfed=sections, silent_workers=silent))
    assert [finding.words for finding in found if "more" in finding.words] == [
        "1 more process has not reported.",
        "1 more story is left out.",
        "No feed has 1 more section that stories name.",
    ]


def purge(section, **changes):
    values = {"version": 2, "created_at": NOON, "since": NOON, "attempts": 3, "error": "it answered 403"}
    return Purge(section, **values | {"given_up_at": None} | changes)


def test_a_purge_that_was_given_up_is_a_problem_and_one_that_waits_a_notice():
    waiting, fresh = purge("all", since=at(minutes=-2)), purge("taiwan")
    (found,) = examine(facts(purges=[waiting, fresh]))
    assert (found.severity, found.section) == ("notice", "all")
    given_up = facts(purges=[waiting, purge("taiwan", given_up_at=NOON)])
    found = examine(given_up)
    assert [finding.severity for finding in found] == ["problem", "notice"] and given_up.unpurged == {"taiwan"}
    assert headline(found) == (
        "The cache was not purged for taiwan, and retries have stopped: it answered 403. It serves the previous version"
        " until that expires."
    )


def test_a_change_waiting_for_ten_seconds_is_no_problem():
    assert examine(facts(oldest_change=at(seconds=-10))) == []


def test_a_lock_explains_why_nobody_reports():
    found = examine(facts(workers=0, web=0, silent_workers=[WORKER], silent_webs=[WEB], locked=True))
    assert [finding.words for finding in found] == [LOCKED]


def test_a_section_that_failed_before_a_change_failed_once():
    words = [finding.words for finding in examine(facts(states=[state("all"), state("taiwan", error="KeyError")]))]
    assert words == ["taiwan failed once: KeyError"]


def test_sections_of_another_configuration_are_ignored():
    assert examine(facts(states=[*facts().states, state("gone", version=0, failures=9)])) == []


def test_findings_are_sorted_by_severity_and_a_notice_is_no_problem():
    everything = {"workers": 0, "states": FAILING, "oldest_change": at(hours=-1), "silences": {"all": "Quiet."}}
    found = examine(facts(**everything))
    assert [finding.severity for finding in found] == ["standstill", "problem", "problem", "notice"]
    assert problems(found) == found[:3]
    assert headline(found).startswith("3 problems. No worker is running")


def test_a_database_that_is_down_is_the_only_finding():
    found = examine(facts(database_up=False, workers=0, states=[]))
    assert len(found) == 1 and "database" in headline(found)


def test_command_line_and_dashboard_report_the_same(sqlite_url, monkeypatch):
    from click.testing import CliRunner

    from syndication.cli import main

    monkeypatch.setenv("SYNDICATION_DATABASE__URL", sqlite_url)
    done = CliRunner().invoke(main, ["status", "--json"])
    first, second, third = json.loads(done.stdout)["problems"]
    assert done.exit_code == 1 and [first, second] == [one.words for one in examine(facts(workers=0, web=0))]
    assert third.startswith("Not published yet: all, ")


def test_a_failing_section_is_not_called_held():
    assert state("taiwan", hold=HELD).status == "held"
    assert state("taiwan", hold=HELD, failures=1).status == "failing"
    assert state("taiwan", hold=replace(HELD, released_at=NOON), requested_generation=2).status == "pending"


@pytest.mark.parametrize(
    ("progress", "status"),
    [
        (Progress(NOON, 1, None, 1), "current"),
        (Progress(NOON, 0, None, 1), "stalled"),
        (Progress(NOON, 1, None, 0), "stalled"),
        (Progress(NOON, 1, at(seconds=-9), 1), "current"),
        (Progress(NOON, 1, at(seconds=-11), 1), "pending"),
    ],
)
def test_no_feed_is_up_to_date_if_nobody_updates_it_for_readers(progress, status):
    assert section_status(state("taiwan"), progress) == status
    waiting = state("taiwan", requested_generation=2, requested_at=at(seconds=-11))
    assert section_status(waiting, progress) == "stalled"


def test_missed_changes_of_an_hour_ago_are_no_problem():
    assert examine(facts(states=[state("all"), state("taiwan", missed_at=at(hours=-1), missed_entries=3)])) == []
