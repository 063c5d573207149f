"""Push in the API: what it shows to whom, and what may be done with a subscription."""

from dataclasses import replace

import pytest

from syndication.config.hub_schema import HubSettings
from tests.support.api import Api, when
from tests.support.subscribers import SECRET_TOKEN, denials, log_attempts, outside_hub, stored, subscribe

HUB = "https://hub.example/"
READER = ("read",)


@pytest.fixture
def api(database, clock):
    api = Api(database, clock)
    api.settings = replace(api.settings, hub=HubSettings(outside=(HUB, "https://other.example/")))
    api.put("a1")
    api.desk.work()
    return api


def test_overview_counts_subscriptions_by_section(api):
    subscribe(
        api.database,
        {"host": "one.example:443", "lag_ms": 300},
        {"host": "two.example:443", "lag_ms": 500, "format": "json"},
        {"host": "two.example:443", "section": "china", "version": 0, "lag_ms": None},
    )
    said = api.get("/hub", READER).json
    assert said["hub"] == "https://feeds.daily.example/hub" and said["subscriptions"] == 3
    china, taiwan = said["sections"]
    assert (china["section"], china["lag"], china["newest_ms"]) == ("china", None, None)
    assert taiwan == {
        "section": "taiwan", "subscriptions": 2, "formats": {"atom": 1, "json": 1}, "hosts": 2, "newest_ms": 500,
        "states": {"current": 2, "waiting": 0, "failing": 0, "parked": 0, "paused": 0},
        "lag": {"median": 300, "p99": 500, "slowest": 500},
    }  # fmt: skip
    assert [(one["host"], one["subscriptions"]) for one in said["hosts"]] == [
        ("two.example:443", 2),
        ("one.example:443", 1),
    ]
    only = api.get("/hub?section=china", READER).json
    assert only["subscriptions"] == 1 and [one["section"] for one in only["sections"]] == ["china"]


def test_overview_shows_what_other_hubs_answered_and_passed_on(api, clock):
    outside_hub(api.database, HUB, pinged_version=2, pinged_at=clock(), returned_version=1, returned_at=clock())
    first, other = api.get("/hub", READER).json["outside"]
    assert (first["announced_version"], first["returned_version"], first["status"], first["words"]) == (
        2,
        1,
        "working",
        None,
    )
    assert (other["host"], other["section"], other["status"]) == ("other.example", None, "waiting")
    clock.advance(601)
    said = api.get("/hub", READER)
    assert said.json["outside"][0]["status"] == "silent" and "did not pass on" in said.json["outside"][0]["words"]
    assert [(one["hub"], one["status"]) for one in said.json["pings"]] == [("hub.example", 204)]
    assert b"echo-token" not in said.body and b"echo-secret" not in said.body


def test_hub_that_is_turned_off_has_no_address(api):
    api.settings = replace(api.settings, hub=HubSettings(enabled=False))
    api.restart()
    assert api.get("/hub").json["hub"] is None


def test_callbacks_are_whole_for_admins_and_hosts_for_others(api, clock):
    (id,) = subscribe(
        api.database, {"host": "one.example:443", "callback": f"https://one.example/?token={SECRET_TOKEN}"}
    )
    log_attempts(api.database, {"subscription_id": id, "callback": f"https://one.example/?token={SECRET_TOKEN}"})
    paths = (f"/hub/subscriptions/{id}", "/hub/subscriptions", "/hub/pushes", "/hub")
    for path in paths:
        for scopes in (READER, ("read", "preview", "write", "regenerate", "feeds")):
            said = api.get(path, scopes)
            assert SECRET_TOKEN.encode() not in said.body and b"192.0.2.10" not in said.body, path
            assert b"one.example:443" in said.body, path
        said = api.get(path, ("read", "admin"))
        assert (SECRET_TOKEN.encode() in said.body) == (path != "/hub"), path
        assert b"s3cret" not in said.body, path
    whole = api.get(paths[0], ("read", "admin")).json
    assert (whole["has_secret"], whole["address"], whole["topic"]) == (
        True, "192.0.2.10", "https://feeds.daily.example/feeds/taiwan.atom",
    )  # fmt: skip
    assert whole["expires_at"] == when(hours=240) and whole["state"] == "current"


def test_lists_are_filtered_and_paged(api):
    ids = subscribe(
        api.database,
        *({"host": "one.example:443", "callback": f"https://one.example/{number}"} for number in range(3)),
        {"host": "two.example:443", "format": "rss", "paused_at": api.clock()},
    )

    def read(path):
        return [one["number"] for said in api.pages(path, READER) for one in said.json["subscriptions"]]

    assert read("/hub/subscriptions?limit=1") == ids[::-1]
    assert read("/hub/subscriptions?limit=2&host=one.example:443") == ids[2::-1]
    assert read("/hub/subscriptions?state=paused") == ids[3:] == read("/hub/subscriptions?format=rss")
    assert read("/hub/subscriptions?section=china") == []
    assert api.get("/hub/subscriptions?state=odd").status == 422


def test_log_is_filtered_and_paged(api):
    log_attempts(api.database, *({"subscription_id": number, "version": number} for number in range(1, 4)))
    log_attempts(api.database, {"outcome": "failed", "status": 500, "error": "answered 500", "lag_ms": None})

    def read(path):
        return [one["version"] for said in api.pages(path, READER) for one in said.json["pushes"]]

    assert read("/hub/pushes?limit=1") == [1, 3, 2, 1] and read("/hub/pushes?subscription=3") == [3]
    (failed,) = api.get("/hub/pushes?outcome=failed&section=taiwan", READER).json["pushes"]
    assert (failed["status"], failed["error"], failed["lag_ms"], failed["took_ms"]) == (500, "answered 500", None, 12)
    assert read("/hub/pushes?section=china") == []


def test_acts_answer_what_they_did_and_are_in_the_audit_log(api):
    api.worker_seen()
    (id,) = subscribe(api.database, {"host": "one.example:443"})
    path = f"/hub/subscriptions/{id}"
    for act, outcome, words in (
        ("pause", "paused", "Nothing is delivered"), ("pause", "unchanged", "already"),
        ("push", "unchanged", "resume it first"), ("resume", "resumed", "within about a second"),
        ("resume", "unchanged", "neither"), ("push", "requested", "once more"),
    ):  # fmt: skip
        said = api.ask("POST", f"{path}/{act}").json
        assert (said["number"], said["outcome"]) == (id, outcome) and words in said["message"], act
    said = api.ask("DELETE", path).json
    assert said["outcome"] == "removed" and api.get(path).status == 404 == api.ask("DELETE", path).status
    assert [act.act for act in api.audit(target=f"subscription {id}")][::-1] == [
        "pause subscriber", "pause subscriber", "push again", "resume subscriber", "resume subscriber", "push again",
        "remove subscriber",
    ]  # fmt: skip


def test_act_without_a_worker_says_that_it_waits(api):
    (id,) = subscribe(api.database, {})
    assert "No worker is running" in api.ask("POST", f"/hub/subscriptions/{id}/push").json["message"]


def test_subscription_that_does_not_exist_is_not_found(api):
    for method, path in (
        ("GET", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/push"),
    ):  # fmt: skip
        assert api.ask(method, f"/hub/subscriptions/999{path}").status == 404
    assert api.get("/hub/subscriptions/x").status == 422 and api.audit(act="pause subscriber") == []


def test_all_subscriptions_of_a_host_are_removed(api):
    ids = subscribe(api.database, {"host": "one.example:443"}, {"host": "one.example:443", "format": "rss"}, {})
    said = api.ask("DELETE", "/hub/hosts/one.example%3A443")
    assert said.json["removed"] == 2 and "2 subscriptions removed" in said.json["message"]
    with api.database.read() as conn:
        assert [stored(conn, id) is None for id in ids] == [True, True, False] and len(denials(conn)) == 2
    assert api.ask("DELETE", "/hub/hosts/one.example%3A443").status == 404
