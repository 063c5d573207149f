"""Sections in the API: state, entries, left-out articles, versions and their differences."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, update

from syndication.store.access.tokens import SCOPES
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.publishing import ChangeRow, SectionStateRow
from tests.support.api import story
from tests.support.desk import hold
from tests.support.newsroom import CACHE, section


@pytest.fixture
def api(api):
    """Two articles in taiwan, at version 1."""
    api.put("a1", title="Story a1")
    api.put("a2", title="Story a2", sections=["taiwan", "china"])
    api.desk.work()
    return api


def changes(said):
    return sorted((one["article_id"], one["change"], one["reason"]) for one in said.json["changes"])


def test_a_section_tells_its_state_and_where_its_feeds_are(api, clock):
    api.worker_seen()
    said = api.get("/sections/taiwan").json
    assert (said["state"], said["version"], said["entries"], said["left_out"]) == ("current", 1, 2, 0)
    assert said["feeds"][0] == "https://feeds.daily.example/feeds/taiwan.atom"
    assert said in api.get("/sections").json["sections"]
    assert [one["slug"] for one in api.get("/sections").json["sections"]] == ["all", "taiwan", "china", "sports"]
    api.ask("POST", "/regenerations", {"sections": ["taiwan"]})
    assert api.get("/sections/taiwan").json["state"] == "pending"
    assert api.get("/sections/nothing").kind == api.get("/sections/nothing/entries").kind == "not-found"
    assert api.get("/sections/%00").kind == "invalid"


def test_a_section_says_how_often_readers_are_asked_to_poll_and_why(api, clock):
    def said(scopes=SCOPES):
        found = api.get("/sections/taiwan", scopes).json
        return found["cache_seconds"], found["cache_reason"]

    assert said() == (300, "a fixed time in the configuration")
    bounds = replace(CACHE, min_browser=60, max_browser=3600)
    api.desk.sections["taiwan"] = section("taiwan", cache=bounds)
    api.desk.restart()
    api.restart()
    api.desk.later()
    assert said() == (300, "the configured time for a feed with fewer than 3 stories")
    for id in ("b1", "b2", "b3", "b4"):
        api.put(id, published_at=f"{clock():%Y-%m-%dT%H:%M:%SZ}")
    api.desk.later()
    assert said() == said(("read",)) == (
        60, "4 stories in the last 30 minutes (shortest time that the configuration allows)"
    )  # fmt: skip
    clock.advance(86400 * 20)
    seconds, reason = said()
    assert seconds == 3600 and reason.startswith("the next story is expected in about")


def test_the_status_counts_workers_sections_and_what_waits(api):
    said = api.get("/status").json
    assert [(one["severity"], one["message"]) for one in said.pop("findings")] == [
        ("standstill", "No worker is running, so feeds are not updating. Start one with `syndication worker`."),
        ("standstill", "No web process is running, so nobody can read the feeds. Start one with `syndication web`."),
    ]
    assert said.pop("headline").startswith("2 problems. No worker is running")
    assert said == {
        "workers": 0, "web": 0, "oldest_change": None,
        "sections": {"current": 0, "failing": 0, "held": 0, "unpublished": 0, "pending": 0, "stalled": 4},
    }  # fmt: skip
    api.worker_seen()
    said = api.get("/status").json
    assert (said["headline"], said["findings"], said["sections"]["current"]) == ("All is well.", [], 4)
    api.put("a3")
    said = api.get("/status").json
    assert (said["workers"], said["web"]) == (1, 1) and said["oldest_change"] is not None


def test_no_feed_is_current_while_its_change_waits_for_more_than_ten_seconds(api, clock):
    api.put("a3")
    with api.database.write() as conn:  # Triggers have the database's own clock.
        conn.execute(update(ChangeRow).values(noticed_at=clock()))
    clock.advance(11)
    api.worker_seen()
    assert api.get("/sections/taiwan").json["state"] == "pending"  # The change in the queue may be for any feed.
    assert api.get("/sections/taiwan", ("read",)).json["state"] == "current"  # It may be of a hidden story.
    while api.desk.regenerator.process_changes():
        pass
    clock.advance(11)
    api.worker_seen()
    assert api.get("/sections/taiwan").json["state"] == "stalled"
    assert api.get("/sections/china").json["state"] == "current"
    assert "A change has been waiting for 11 s." in api.get("/status").json["headline"]
    api.desk.work()
    assert api.get("/sections/taiwan").json["state"] == "current"


def test_entries_stand_in_the_feeds_order_with_the_version_of_their_last_change(api):
    api.put("a1", title="New title")
    api.desk.later()
    api.put("a0", published_at="2026-03-14T11:30:00Z")
    api.desk.later()
    said = api.get("/sections/taiwan/entries").json
    found = [(one["place"], one["article_id"], one["version"], one["since_version"]) for one in said["entries"]]
    assert said["version"] == 3
    assert found == [(1, "a0", 3, 3), (2, "a2", 1, 1), (3, "a1", 2, 1)]
    assert said["entries"][2]["title"] == "New title" and said["entries"][0]["entry_id"].startswith("tag:")


def test_what_is_left_out_is_told_with_its_reason(api):
    api.put("bad", url="ftp://x", title="Bad")
    api.desk.later()
    (left_out,) = api.get("/sections/taiwan/left-out").json["left_out"]
    assert left_out["article_id"] == "bad" and "not an http or https address" in left_out["reason"]
    assert api.get("/sections/taiwan").json["left_out"] == 1
    assert api.get("/sections/china/left-out").json["left_out"] == []


def test_versions_are_told_with_what_changed_and_only_so_many_are_kept(api):
    for n in range(7):
        api.put("a1", title=f"Story {n}")
        api.desk.later()
    pages = api.pages("/sections/taiwan/versions?limit=2")
    versions = [one for page in pages for one in page.json["versions"]]
    assert [one["version"] for one in versions] == [8, 7, 6, 5, 4]
    assert versions[0]["entries"] == 2 and versions[0]["bytes"] > 1000
    (change,) = versions[0]["changes"]
    assert change == {"article_id": "a1", "change": "changed", "reason": "same-date", "title": "Story 6"}
    assert api.get("/sections/taiwan/versions?before=5").json["versions"][0]["version"] == 4


def test_a_difference_adds_up_what_happened_between(api):
    api.put("a1", title="New")
    api.put("a3")
    api.desk.later()
    api.ask("POST", "/articles/a2/withdraw")
    api.put("a3", title="Again")
    api.desk.later()
    assert changes(api.get("/sections/taiwan/difference?old=0&new=1")) == [("a1", "added", None), ("a2", "added", None)]
    assert changes(api.get("/sections/taiwan/difference?old=1&new=3")) == [
        ("a1", "changed", "same-date"), ("a2", "gone", "withdrawn"), ("a3", "added", None),
    ]  # fmt: skip
    assert changes(api.get("/sections/taiwan/difference?old=2&new=3")) == [
        ("a2", "gone", "withdrawn"), ("a3", "changed", "same-date"),
    ]  # fmt: skip
    assert changes(api.get("/sections/taiwan/difference?old=3&new=3")) == []


def test_why_an_entry_is_gone_is_told(api, clock):
    api.put("a1", sections=["sports"])
    api.put("a2", published_at="2026-03-15T00:00:00Z")
    api.put("short", expires_at="2026-03-14T12:00:02Z")
    api.desk.later()
    assert changes(api.get("/sections/taiwan/difference?old=1&new=2")) == [
        ("a1", "gone", "moved"), ("a2", "gone", "unpublished"), ("short", "added", None),
    ]  # fmt: skip
    api.desk.later(seconds=5)
    assert changes(api.get("/sections/taiwan/difference?old=2&new=3")) == [("short", "gone", "expired")]


def test_a_difference_out_of_the_kept_range_or_reversed_is_refused(api):
    for n in range(7):
        api.put("a1", title=f"Story {n}")
        api.desk.later()
    assert api.get("/sections/taiwan/difference?old=3&new=8").status == 200
    said = api.get("/sections/taiwan/difference?old=2&new=8")
    assert said.kind == "not-found" and "4 to 8" in said.json["detail"]
    assert api.get("/sections/taiwan/difference?old=5&new=9").kind == "not-found"
    assert api.get("/sections/sports/difference?old=0&new=2").kind == "not-found"
    assert api.get("/sections/taiwan/difference?old=8&new=7").kind == "invalid"
    for query in ("", "?old=1", "?old=-1&new=1", "?old=a&new=1", f"?old=1&new={2**64}", "?old=1&new=2&more=1"):
        assert api.get(f"/sections/taiwan/difference{query}").kind == "invalid"


def test_a_trace_over_http_tells_every_section_and_its_words(api):
    said = api.get("/articles/a1/trace").json
    assert [(one["section"], one["in_feed"], one["rule"]) for one in said["sections"]] == [
        ("all", True, "in-feed"), ("taiwan", True, "in-feed"),
        ("china", False, "not-filed"), ("sports", False, "not-filed"),
    ]  # fmt: skip
    api.ask("POST", "/articles:batch", {"articles": [story(id="a4", published_at="2026-03-14T13:00:00Z")]})
    (verdict,) = [one for one in api.get("/articles/a4/trace").json["sections"] if one["section"] == "taiwan"]
    assert (verdict["rule"], verdict["changes_at"], verdict["changes_to"]) == (
        "embargo", "2026-03-14T13:00:00Z", "appears",
    )  # fmt: skip


def test_a_held_section_is_released_by_an_editor(api, clock):
    hold(api.desk)
    api.put("a3")
    api.desk.later()
    with api.database.write() as conn:
        conn.execute(delete(ArticleRow))
    api.desk.later()
    said = api.get("/sections/taiwan", ("read",)).json
    assert said["state"] == "held" and said["entries"] == 3 and api.get("/status").json["sections"]["held"] == 2
    assert said["hold"] == {
        "since": "2026-03-14T12:00:02Z", "until": "2026-03-14T12:01:02Z", "entries": 3, "vanished": 3,
    }  # fmt: skip
    assert api.get("/sections/china").json["hold"] is None
    released = api.ask("POST", "/sections/taiwan/release", {}, scopes=("regenerate",))
    assert released.status == 200 and released.json["outcome"] == "released" and "No worker" in released.json["message"]
    assert api.get("/sections/taiwan").json["state"] == "stalled" and api.get("/sections/taiwan").json["hold"] is None
    api.desk.later()
    api.worker_seen()
    said = api.get("/sections/taiwan").json
    assert (said["state"], said["entries"]) == ("current", 0)
    assert api.ask("POST", "/sections/taiwan/release", {}).json["outcome"] == "not-held"
    assert api.ask("POST", "/sections/nowhere/release", {}).status == 404
    assert [(act.target, act.outcome) for act in api.audit(act="release")] == [
        ("taiwan", "not-held"), ("taiwan", "released"),
    ]  # fmt: skip


def test_missed_changes_need_the_scope_preview(api, clock):
    with api.database.write() as conn:
        conn.execute(update(SectionStateRow).values(missed_at=clock(), missed_entries=2))
    assert api.get("/sections/taiwan").json["missed_at"] == "2026-03-14T12:00:00Z"
    assert api.get("/sections/taiwan").json["missed_entries"] == 2
    said = api.get("/sections/taiwan", ("read",)).json
    assert said["missed_at"] is None and said["missed_entries"] is None
