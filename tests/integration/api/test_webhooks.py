"""Webhooks: signed, recent, and processed once."""

import base64
import hashlib
import hmac
import json
import time

import pytest

from tests.integration.api.test_articles import at_once, delete
from tests.support.api import WEBHOOK_SECRET, Api, story

KEY = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))


def announce(api, id="msg_1", *, key=KEY, age=0, signature=None, body=None, **changes):
    """Sends a webhook as in the Standard Webhooks specification, without using our own code."""
    content = body or json.dumps({"type": "article.updated", "data": story(id="a1", **changes)}).encode()
    stamp = str(int(time.time()) - age)
    mac = hmac.new(key, f"{id}.{stamp}.".encode() + content, hashlib.sha256).digest()
    headers = {
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": signature or "v1," + base64.b64encode(mac).decode(),
    }
    return api.ask(
        "POST", "/webhooks/articles", scopes=(), data=content, content_type="application/json", headers=headers
    )


def test_a_signed_announcement_is_stored_and_recorded(api):
    assert announce(api).json == {
        "id": "a1", "outcome": "created", "date": None, "message": None, "warnings": [],
        "kept": [],
    }  # fmt: skip
    again = announce(api, "msg_2", title="New").json
    assert (again["outcome"], again["date"]) == ("updated", "same-date")
    assert api.get("/articles/a1").json["title"] == "New"
    acts = api.audit(actor="the CMS's webhook")
    assert [(act.act, act.target, act.outcome, act.source) for act in acts] == [
        ("webhook", "a1", "updated", "192.0.2.7"), ("webhook", "a1", "created", "192.0.2.7"),
    ]  # fmt: skip


def test_a_wrong_signature_is_refused_and_nothing_is_stored(api):
    right = announce(api, body=b"{}")
    assert right.status == 422
    for signature in ("v1,AAAA", "", "v2,x", "v1", "v1,\u00e9", "x " * 100):
        assert announce(api, signature=signature or " ").status in (401, 429)
    assert announce(api, key=b"other").status in (401, 429)
    assert api.get("/articles/a1").status == 404


def test_one_right_signature_among_several_is_enough(api):
    content = json.dumps({"type": "article.updated", "data": story(id="a1")}).encode()
    stamp = str(int(time.time()))
    mac = base64.b64encode(hmac.new(KEY, b"m." + stamp.encode() + b"." + content, hashlib.sha256).digest()).decode()
    assert announce(api, "m", signature=f"v1,AAAA v1a,xyz v1,{mac}").status == 200


def test_wrong_signatures_are_limited_by_address(sqlite_api):
    for n in range(10):
        assert announce(sqlite_api, f"m{n}", signature="v1,AAAA").status == 401
    said = announce(sqlite_api, signature="v1,AAAA")
    assert said.status == 429 and int(said.headers["Retry-After"]) > 0
    assert announce(sqlite_api).status == 200


@pytest.mark.parametrize("headers", [{}, {"webhook-id": "a"}, {"webhook-id": "a b", "webhook-timestamp": "1"},
                                     {"webhook-id": "a", "webhook-timestamp": "-1"}])  # fmt: skip
def test_without_its_headers_a_webhook_is_refused(sqlite_api, headers):
    said = sqlite_api.ask(
        "POST", "/webhooks/articles", {"type": "article.changed", "data": story(id="a")}, scopes=(), headers=headers
    )
    assert said.kind == "token"


@pytest.mark.parametrize("age", [310, -310, 10**9])
def test_a_stale_webhook_or_one_of_the_future_is_refused_though_signed(sqlite_api, age):
    said = announce(sqlite_api, age=age)
    assert said.status == 401 and "300 s" in said.json["detail"]
    assert announce(sqlite_api, age=age // abs(age) * 290).status == 200


def test_a_replayed_webhook_is_refused_and_changes_nothing(api):
    assert announce(api).status == 200
    api.put("a1", title="Edited since")
    again = announce(api)
    assert (again.status, again.kind) == (409, "replayed")
    assert api.get("/articles/a1").json["title"] == "Edited since"


def test_of_the_same_webhook_several_times_at_once_exactly_one_is_taken(api):
    api.put("warm")
    said = at_once(*[lambda: announce(api)] * 4)
    assert sorted(one.status for one in said) == [200, 409, 409, 409]


def test_one_that_failed_can_be_sent_again_with_the_same_id(api):
    assert announce(api, title="").kind == "invalid"
    assert announce(api, status="published", published_at=None).kind == "invalid"
    assert announce(api, body=b"{").kind == "not-json"
    assert announce(api).json["outcome"] == "created"


def test_a_webhook_brings_back_what_was_deleted_and_nothing_that_was_withdrawn(api):
    announce(api, "m1")
    api.desk.later()
    api.ask("POST", "/articles/a1/withdraw")
    out = announce(api, "m2", title="New")
    assert out.json["outcome"] == "kept_out" and "Restore" in out.json["message"]
    delete(api, "a1")
    assert announce(api, "m3").json["outcome"] == "kept_out"
    api.ask("POST", "/articles/a1/restore")
    delete(api, "a1")
    back = announce(api, "m4")
    assert back.json["outcome"] == "created" and "was deleted before" in back.json["message"]


def test_a_webhook_is_answered_with_what_will_not_appear_as_asked(sqlite_api):
    (warning,) = announce(sqlite_api, "m1", sections=["nowhere"]).json["warnings"]
    assert warning["field"] == "sections.0" and "has no feed" in warning["detail"]


def test_a_webhook_does_not_tell_that_a_story_was_withdrawn_before_it_was_shown(api):
    api.put("a1", title="Secret", status="draft")
    api.ask("POST", "/articles/a1/withdraw")
    said = announce(api, "m1")
    assert (said.status, said.json["outcome"], said.json["message"]) == (200, "created", None)


def test_a_secret_that_is_no_base64_is_the_key_itself(sqlite_database, clock):
    api = Api(sqlite_database, clock, webhook_secret="just-some-long-enough-shared-words")
    assert announce(api, key=b"just-some-long-enough-shared-words").status == 200


def test_without_a_secret_no_webhook_is_taken(sqlite_database, clock):
    api = Api(sqlite_database, clock, webhook_secret="")
    assert announce(api, key=b"").kind == "not-found"
