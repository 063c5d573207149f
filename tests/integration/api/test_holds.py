"""Holds of feeds in the API: hold, roll back, change and release, by those who may."""

import pytest

from tests.support.api import when

HOLD = "/sections/taiwan/hold"


@pytest.fixture
def api(api):
    """One article in version 1 of taiwan, two in version 2, and a worker."""
    api.put("a1", title="Story a1")
    api.desk.work()
    api.put("a2", title="Story a2")
    api.desk.later()
    api.worker_seen()
    return api


def hold(api, scopes=("read", "feeds"), **body):
    return api.ask("PUT", HOLD, {"reason": "a wrong story"} | body, scopes=scopes)


def test_a_feed_is_held_and_released(api):
    said = hold(api)
    assert said.status == 200 and said.json["message"] == "Held at version 2, until somebody releases it."
    found = said.json["hold"]
    assert (found["version"], found["from_version"], found["until"], found["reason"]) == (2, 2, None, "a wrong story")
    section = api.get("/sections/taiwan").json
    assert (section["state"], section["editor_hold"], section["hold"]) == ("held", found, None)
    api.put("a3")
    api.desk.later()
    api.worker_seen()
    assert api.get("/sections/taiwan").json["entries"] == 2
    assert api.get("/status").json["sections"]["held"] == 1
    trace = {one["section"]: one for one in api.get("/articles/a3/trace").json["sections"]}["taiwan"]
    assert (trace["in_feed"], trace["rule"]) == (False, "held")
    assert trace["words"].startswith("The feed is held at version 2 by token") and "a wrong story" in trace["words"]
    said = api.ask("DELETE", f"{HOLD}?number={found['number']}", scopes=("feeds",))
    assert said.json["hold"] is None and said.json["message"].startswith("Released.")
    api.desk.work()
    section = api.get("/sections/taiwan").json
    assert section["entries"] == 3 and section["editor_hold"] is None and section["state"] == "current"
    assert api.ask("DELETE", HOLD, scopes=("feeds",)).json["message"] == "No editor holds the feed."


def test_the_status_names_the_hold_and_never_says_that_all_is_well(api):
    hold(api, version=1, until=when(hours=2))
    found = [one for one in api.get("/status").json["findings"] if one["section"] == "taiwan"]
    assert [one["severity"] for one in found] == ["notice"]
    assert found[0]["message"].startswith("taiwan was rolled back to version 1 by token")
    assert "(a wrong story). New stories wait for" in found[0]["message"]
    assert api.get("/status").json["headline"] != "All is well."


def test_a_roll_back_names_the_versions_that_are_kept(api):
    versions = api.get("/sections/taiwan/versions").json["versions"]
    assert [(one["version"], one["can_roll_back"]) for one in versions] == [(2, True), (1, True)]
    said = hold(api, version=1)
    assert said.json["message"].startswith("Rolled back to version 1, until somebody releases it.")
    api.desk.later()
    assert [one["article_id"] for one in api.get("/sections/taiwan/entries").json["entries"]] == ["a1"]
    newest = api.get("/sections/taiwan/versions").json["versions"][0]
    assert newest["changes"] == [{"article_id": "a2", "change": "gone", "reason": "rolled-back", "title": "Story a2"}]
    api.ask("DELETE", HOLD)
    said = hold(api, version=9)
    assert said.kind == "invalid" and said.json["errors"] == [
        {"field": "version", "detail": "must be a kept one, not 9: versions 1 to 3 are kept"}
    ]


def test_the_second_editor_is_told_of_the_first(api):
    number = hold(api).json["hold"]["number"]
    said = hold(api, version=1)
    assert (said.status, said.kind) == (409, "held") and "holds it since" in said.json["detail"]
    assert hold(api, version=1, replaces=number + 1).kind == "held"
    changed = hold(api, reason="a worse one", until=when(hours=1), replaces=number).json["hold"]
    assert (changed["version"], changed["reason"]) == (2, "a worse one")
    said = api.ask("DELETE", f"{HOLD}?number={number}")
    assert said.kind == "held" and "Somebody has changed the hold since" in said.json["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"until": "2026-03-14T11:00:00Z"}, "until"),
        ({"until": "2099-03-14T11:00:00Z"}, "until"),
        ({"until": "tomorrow"}, "until"),
        ({"version": 0}, "version"),
    ],
)
def test_what_is_wrong_is_named(api, body, field):
    said = hold(api, **body)
    assert said.kind == "invalid" and said.json["errors"][0]["field"] == field
    assert api.get("/sections/taiwan").json["editor_hold"] is None


def test_producers_may_and_editors_may_not(api):
    assert hold(api, ("read", "preview", "write", "regenerate")).kind == "scope"
    assert api.ask("DELETE", HOLD, scopes=("regenerate",)).kind == "scope"
    assert api.ask("PUT", "/sections/nothing/hold", {"reason": "r"}).kind == "not-found"


def test_without_a_worker_it_says_so(api, clock):
    clock.advance(3600)
    said = hold(api, version=1).json["message"]
    assert "No worker is running" in said
    assert "No worker is running" in api.ask("DELETE", HOLD).json["message"]


def test_the_release_of_vanished_entries_leaves_an_editors_hold(api):
    hold(api)
    said = api.ask("POST", "/sections/taiwan/release", scopes=("regenerate",)).json
    assert said["outcome"] == "not-held" and said["message"].startswith("An editor holds the feed")
    assert api.get("/sections/taiwan").json["editor_hold"] is not None


def test_a_restored_story_says_where_it_waits(api):
    api.put("a3")
    api.desk.later()
    api.ask("POST", "/articles/a3/withdraw")
    api.desk.later()
    api.worker_seen()
    hold(api)
    api.ask("POST", "/articles/a3/restore")
    api.desk.later()
    api.worker_seen()
    words = api.get("/articles/a3/delivery").json["message"]
    assert words.endswith("which an editor holds.") and "It waits in" in words
