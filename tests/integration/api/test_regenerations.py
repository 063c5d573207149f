"""Regenerations in the API: requested, merged, done or failed, and always reported."""

import pytest


def ask(api, *sections, **more):
    return api.ask("POST", "/regenerations", {"sections": list(sections)} | more)


def test_a_regeneration_goes_from_requested_to_done(api, clock):
    api.put("a1")
    api.desk.work()
    api.worker_seen()
    asked = ask(api, "taiwan", "china", reason="The logo changed")
    assert asked.status == 202 and asked.json["state"] == "requested" and asked.json["message"] is None
    assert (asked.json["done"], asked.json["total"], asked.json["reason"]) == (0, 2, "The logo changed")
    assert asked.json["requested_by"].startswith("token ")
    where = asked.headers["Location"]
    assert api.get(where, ("read",)).json == asked.json
    api.put("a2")
    api.desk.later()
    api.loader.load()
    said = api.get(where).json
    assert (said["state"], said["done"], said["total"]) == ("done", 2, 2)
    outcomes = {one["section"]: (one["state"], one["version"]) for one in said["sections"]}
    assert outcomes == {"taiwan": ("published", 2), "china": ("unchanged", 1)}
    assert said["finished_at"] is not None and 1000 <= said["served_ms"] < 60_000


def test_what_is_published_and_not_served_here_yet_has_no_time_of_serving(api):
    api.put("a1")
    api.desk.work()
    where = ask(api, "taiwan").headers["Location"]
    api.put("a2")
    api.desk.later()
    assert api.get(where).json["served_ms"] is None and api.get(where).json["state"] == "done"
    api.loader.load()
    assert api.get(where).json["served_ms"] is not None


def test_asking_again_while_it_waits_joins_it_and_not_afterwards(api):
    api.desk.work()
    first = ask(api, "taiwan", "china")
    again = ask(api, "china", "taiwan", "taiwan")
    assert again.json["id"] == first.json["id"] and again.status == 202
    assert ask(api, "taiwan").json["id"] != first.json["id"]
    assert [act.outcome for act in api.audit(act="regenerate")] == ["requested", "joined", "requested"]
    api.desk.later()
    assert ask(api, "taiwan", "china").json["id"] != first.json["id"]


def test_that_no_worker_is_alive_is_said_at_once_and_no_more_when_it_is_done(api, clock):
    api.desk.work()
    asked = ask(api, "taiwan")
    assert asked.json["message"] == "No worker is running: the request waits until one starts."
    api.worker_seen()
    assert api.get(asked.headers["Location"]).json["message"] is None
    clock.advance(3600)
    assert "No worker" in api.get(asked.headers["Location"]).json["message"]
    api.desk.later()
    assert api.get(asked.headers["Location"]).json["message"] is None


def test_a_section_that_no_worker_has_seen_is_waited_for_and_not_called_done(database, clock):
    from tests.support.api import Api

    api = Api(database, clock)
    from sqlalchemy import text

    with database.write() as conn:
        conn.execute(text("DELETE FROM section_state"))
    asked = ask(api, "taiwan")
    assert (asked.json["state"], asked.json["total"], asked.json["done"]) == ("requested", 1, 0)
    assert "No worker" in asked.json["message"]
    api.desk.restart()
    api.desk.work()
    assert api.get(asked.headers["Location"]).json["sections"][0]["state"] == "published"


def test_a_failing_section_shows_its_error_and_the_others_their_outcome(api, monkeypatch):
    api.desk.work()
    render = api.desk.regenerator.renderer.render

    def broken(feed, *_):
        if feed.section.slug == "taiwan":
            raise RuntimeError("the renderer is broken")
        return render(feed)

    monkeypatch.setattr(api.desk.regenerator.renderer, "render", broken)
    where = ask(api, "taiwan", "china").headers["Location"]
    api.desk.later()
    said = api.get(where).json
    assert (said["state"], said["done"]) == ("failed", 2)
    failed = next(one for one in said["sections"] if one["section"] == "taiwan")
    assert (failed["state"], failed["served_ms"]) == ("failed", None)
    assert failed["error"].startswith("RuntimeError in pipeline/fill.py:")
    section = api.get("/sections/taiwan").json
    assert section["state"] == "failing" and "RuntimeError" in section["error"] and section["retry_at"] is not None


def test_all_sections_are_asked_for_by_one_word(api):
    api.desk.work()
    said = api.ask("POST", "/regenerations", {"all_sections": True}).json
    assert [one["section"] for one in said["sections"]] == ["all", "china", "sports", "taiwan"]


@pytest.mark.parametrize(
    "body",
    [{}, {"sections": []}, {"sections": ["nothing"]}, {"sections": "taiwan"}, {"sections": [1]}, {"all_sections": "x"},
     {"sections": ["taiwan"], "reason": "x" * 501}, {"sections": ["taiwan"], "reason": "\x00"}, {"more": 1},
     {"sections": ["\ud800"]}, {"sections": ["taiwan"] * 1001}],
)  # fmt: skip
def test_what_cannot_be_regenerated_is_refused(api, body):
    assert api.ask("POST", "/regenerations", body).kind == "invalid"
    assert api.get("/regenerations/unknown").kind == "not-found"
