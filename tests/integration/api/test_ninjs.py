"""The ninjs webhook: signatures, versions, withdrawals and updates, from the request to the feed."""

import base64
import hashlib
import hmac
import time
from functools import partial

import pytest

from tests.integration.api.test_articles import at_once
from tests.support.api import Api
from tests.support.ninjs import SECRET, encoded, iptc, superdesk, superdesk_signature, superdesk_time

GUID = "urn:newsml:desk.example:1"

AGENCY = "the agency"


def push(api, item, *, signature=None, **headers):
    """Sends an item as Superdesk's HTTP Push does."""
    body = item if isinstance(item, bytes) else encoded(item)
    sent = {"x-superdesk-signature": signature or superdesk_signature(body), "Accept": "application/json"} | headers
    return api.ask("POST", "/webhooks/ninjs", scopes=(), data=body, content_type="application/json", headers=sent)


def announce(api, item, id="m1", *, age=0, secret=SECRET):
    """Sends an item with the signature of Standard Webhooks."""
    body, stamp = encoded(item), str(int(time.time()) - age)
    mac = hmac.new(secret.encode(), f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }
    return api.ask("POST", "/webhooks/ninjs", scopes=(), data=body, content_type="application/json", headers=headers)


def outcome(said):
    assert said.status == 200, said.body
    return said.json["outcome"]


def version(number, guid=GUID, **changes):
    """Returns a version of a Superdesk story, each made a minute after the one before."""
    return superdesk(guid, version=str(number), versioncreated=superdesk_time(hours=-1, minutes=number), **changes)


def act(api, id, what):
    assert api.ask("POST", f"/articles/{id}/{what}").status == 200
    api.desk.later()


def shown(api, words, slug="taiwan"):
    api.desk.later()
    return words in api.desk.body(slug)


def test_superdesk_story_is_in_its_feed_and_recorded(api):
    said = push(api, superdesk())
    assert said.json == {"id": GUID, "outcome": "created", "date": None, "message": None, "warnings": [], "kept": []}
    assert shown(api, "Ferries resume after the storm") and GUID in api.desk.body()
    assert "https://desk.example/media/b.jpg" in api.desk.body()
    (entry,) = api.audit(actor=AGENCY)
    assert (entry.act, entry.target, entry.outcome, entry.source) == ("webhook", GUID, "created", "192.0.2.7")


def test_story_of_3_1_is_received_with_either_signature(api):
    assert outcome(push(api, iptc())) == "created"
    assert outcome(announce(api, iptc(version="2", headlines=[{"value": "Port is open"}]))) == "updated"
    assert shown(api, "Port is open", "china")


def test_unsigned_and_wrongly_signed_requests_are_refused(sqlite_api):
    body = encoded(superdesk())
    wrong = superdesk_signature(body, "another secret of two dozen")
    for headers in ({}, {"x-superdesk-signature": wrong}, {"x-superdesk-signature": "sha1="},
                    {"webhook-signature": "v1,AAAA", "x-superdesk-signature": superdesk_signature(body)}):  # fmt: skip
        said = sqlite_api.ask(
            "POST", "/webhooks/ninjs", scopes=(), data=body, content_type="application/json", headers=headers
        )
        assert (said.status, said.kind) == (401, "token")
    assert push(sqlite_api, body + b" ", signature=superdesk_signature(body)).status == 401
    assert sqlite_api.get(f"/articles/{GUID}").status == 404
    assert outcome(push(sqlite_api, body)) == "created"


def test_wrong_signatures_are_limited_but_right_ones_pass(sqlite_api):
    for _ in range(10):
        push(sqlite_api, superdesk(), signature="sha1=00")
    assert push(sqlite_api, superdesk(), signature="sha1=00").status == 429
    assert outcome(push(sqlite_api, superdesk())) == "created"


def test_without_the_secret_the_webhook_is_not_there(sqlite_database, clock):
    api = Api(sqlite_database, clock, ninjs={"secret": ""})
    said = push(api, superdesk())
    assert said.kind == "not-found" and "ninjs.secret" in said.json["detail"]


def test_dated_webhook_is_taken_once_and_recent(api):
    assert outcome(announce(api, superdesk())) == "created"
    assert announce(api, version(3)).kind == "replayed"
    assert announce(api, version(3), "m2", age=310).status == 401
    # An id belongs to one webhook: that of articles has its own.
    assert outcome(announce(api, version(3), "m2")) == "updated"


def test_superdesk_signature_requires_a_version_against_replays(sqlite_api):
    bare = superdesk(version=None, versioncreated=None)
    said = push(sqlite_api, bare)
    assert said.kind == "invalid" and said.json["errors"][0]["field"] == "version"
    for item, name in ((superdesk(version="b", versioncreated=None), "versioncreated"),
                       (iptc(version="b", versionCreated=None), "versionCreated")):  # fmt: skip
        said = push(sqlite_api, item)
        (error,) = said.json["errors"]
        assert (said.status, error["field"]) == (422, "version")
        assert "is not a number" in error["detail"] and f"or {name}" in error["detail"]
    assert outcome(push(sqlite_api, superdesk(version=None))) == "created"
    assert outcome(announce(sqlite_api, bare)) == "updated"


def test_copy_of_a_request_stays_older_after_a_story_without_version(sqlite_api):
    first, second = version(1, headline="One"), version(2, headline="Two")
    assert [outcome(push(sqlite_api, one)) for one in (first, second)] == ["created", "updated"]
    assert outcome(announce(sqlite_api, superdesk(version=None, versioncreated=None, headline="Bare"))) == "updated"
    assert outcome(push(sqlite_api, first)) == "ignored"
    assert outcome(push(sqlite_api, version(3, headline="Three"))) == "updated"


def test_story_that_cannot_be_compared_is_taken_only_with_a_time_in_its_signature(sqlite_api):
    by_time, by_number = superdesk(version=None), superdesk(versioncreated=None, headline="Numbered")
    assert outcome(push(sqlite_api, by_time)) == "created"
    said = push(sqlite_api, by_number)
    assert outcome(said) == "ignored" and "copy of an older request" in said.json["message"]
    assert outcome(announce(sqlite_api, by_number)) == "updated"
    # Of both, the last is known now: its number, and the time of the one before.
    assert outcome(push(sqlite_api, superdesk(version="1", versioncreated=None))) == "ignored"
    assert outcome(push(sqlite_api, superdesk(version=None, versioncreated=superdesk_time(hours=-2)))) == "ignored"


def test_canceled_version_without_its_time_stays_canceled(sqlite_api):
    push(sqlite_api, version(1))
    push(sqlite_api, version(2, pubstatus="canceled"))
    said = push(sqlite_api, version(2) | {"versioncreated": None})
    assert outcome(said) == "ignored" and "canceled" in said.json["message"]
    assert not shown(sqlite_api, "Ferries")


def test_older_version_never_overwrites_a_newer_one(api):
    assert outcome(push(api, version(10, headline="Ten"))) == "created" and shown(api, "Ten")
    said = push(api, version(9, headline="Nine"))
    assert outcome(said) == "ignored" and "newer version" in said.json["message"]
    assert outcome(push(api, version(10, headline="Ten"))) == "unchanged"
    assert outcome(push(api, version(10, headline="Ten again"))) == "updated"
    assert outcome(push(api, version(9, pubstatus="canceled"))) == "ignored"
    assert shown(api, "Ten again")
    (ignored,) = [one for one in api.audit(actor=AGENCY) if one.outcome == "ignored"]
    assert ignored.times == 2 and "newer version" in (ignored.detail or "")


def test_of_versions_that_arrive_at_once_the_newest_stays(api):
    api.put("warm")
    pushed = [version(number, headline=f"Version {number}") for number in (3, 1, 4, 2)]
    said = at_once(*[partial(push, api, item) for item in pushed])
    assert {one.status for one in said} == {200}
    assert api.get(f"/articles/{GUID}").json["title"] == "Version 4"


def test_canceled_story_is_withdrawn_by_the_agency_and_keeps_its_text(api):
    push(api, version(1))
    assert shown(api, "Ferries resume")
    said = push(api, version(2, pubstatus="canceled", headline="KILL", body_html="<p>Kill notice</p>"))
    assert outcome(said) == "withdrawn" and not shown(api, "Ferries resume")
    trace = api.get(f"/articles/{GUID}/trace").json
    assert f"withdrawn by {AGENCY}" in str(trace) and f"until {AGENCY} publishes a newer version" in str(trace)
    assert api.get(f"/articles/{GUID}").json["title"] == "Ferries resume after the storm"
    last = api.audit(actor=AGENCY)[0]
    assert (last.act, last.outcome) == ("withdraw", "withdrawn")


def test_usable_version_restores_what_the_agency_canceled(api):
    push(api, version(1))
    api.desk.later()
    push(api, version(2, pubstatus="canceled"))
    assert outcome(push(api, version(2))) == "ignored"
    assert outcome(push(api, version(1))) == "ignored" and not shown(api, "Ferries")
    assert outcome(push(api, version(3, headline="Ferries again"))) == "updated"
    assert shown(api, "Ferries again")


def test_story_canceled_before_it_arrives_is_not_published(api):
    assert outcome(push(api, version(4, pubstatus="canceled"))) == "withdrawn"
    assert outcome(push(api, version(3))) == "ignored" and outcome(push(api, version(4))) == "ignored"
    api.desk.later()
    assert api.get(f"/articles/{GUID}").status == 404
    assert outcome(push(api, version(5))) == "created"


def test_editors_withdrawal_outlives_every_version(api):
    push(api, version(1))
    api.desk.later()
    act(api, GUID, "withdraw")
    said = push(api, version(2, headline="Two"))
    assert outcome(said) == "kept_out" and "Restore" in said.json["message"]
    push(api, version(3, pubstatus="canceled"))
    push(api, version(4, pubstatus="withheld"))
    assert outcome(push(api, version(5))) == "kept_out" and not shown(api, "Ferries")


def test_editor_takes_over_the_agencys_withdrawal(api):
    push(api, version(1))
    api.desk.later()
    push(api, version(2, pubstatus="canceled"))
    act(api, GUID, "withdraw")
    assert outcome(push(api, version(3))) == "kept_out" and not shown(api, "Ferries")


def test_editors_restore_outlives_a_repeated_cancel(api):
    push(api, version(1))
    push(api, version(2, pubstatus="canceled"))
    act(api, GUID, "restore")
    assert outcome(push(api, version(2, pubstatus="canceled"))) == "withdrawn" and shown(api, "Ferries")
    push(api, version(3, pubstatus="canceled"))
    assert not shown(api, "Ferries")


def test_withheld_story_is_stored_and_waits_for_usable(api):
    assert outcome(push(api, version(1, pubstatus="withheld"))) == "withdrawn"
    api.desk.later()
    assert "Ferries" not in api.desk.everything() and api.get(f"/articles/{GUID}").json["status"] == "withdrawn"
    push(api, version(2))
    assert shown(api, "Ferries")
    push(api, version(3, pubstatus="withheld", headline="Changed"))
    assert not shown(api, "Ferries") and not shown(api, "Changed")


def test_embargoed_story_appears_when_its_embargo_ends(api):
    assert outcome(push(api, superdesk(embargoed=superdesk_time(hours=1)))) == "created"
    assert not shown(api, "Ferries")
    api.desk.later(hours=1)
    assert "Ferries" in api.desk.body()


def test_update_takes_the_place_and_the_guid_of_its_story(api):
    push(api, version(1))
    assert shown(api, "Ferries resume")
    said = push(api, version(1, "urn:update", headline="All ferries run", evolvedfrom=GUID))
    assert outcome(said) == "created"
    assert shown(api, "All ferries run") and "Ferries resume" not in api.desk.body()
    assert api.desk.body().count("<entry") == 1 and f"<id>{GUID}</id>" in api.desk.body()
    # A later version of the story that was replaced is stored, and a chain keeps the first guid.
    said = push(api, version(2, headline="Late correction"))
    assert outcome(said) == "kept_out" and "taken the place" in said.json["message"]
    push(api, version(1, "urn:third", headline="Third", evolvedfrom="urn:update"))
    assert shown(api, "Third") and api.desk.body().count("<entry") == 1 and f"<id>{GUID}</id>" in api.desk.body()
    assert not api.desk.left_out()


def test_story_that_comes_after_its_update_stays_out(api):
    push(api, version(1, "urn:update", headline="All ferries run", evolvedfrom=GUID))
    assert outcome(push(api, version(1))) == "kept_out"
    assert shown(api, "All ferries run") and "Ferries resume" not in api.desk.everything()
    push(api, version(2, "urn:update", pubstatus="canceled"))
    assert not shown(api, "All ferries run") and not shown(api, "Ferries resume")
    assert outcome(push(api, version(2))) == "created" and shown(api, "Ferries resume")


def test_update_of_a_story_that_an_editor_withdrew_stays_out_too(api):
    push(api, version(1))
    api.desk.later()
    act(api, GUID, "withdraw")
    said = push(api, version(1, "urn:update", headline="All ferries run", evolvedfrom=GUID))
    assert outcome(said) == "kept_out" and "An editor withdrew" in said.json["message"]
    push(api, version(2, "urn:update", headline="They run", evolvedfrom=GUID))
    assert not shown(api, "All ferries run") and not shown(api, "They run")
    act(api, "urn:update", "restore")
    assert outcome(push(api, version(3, "urn:update", headline="Now", evolvedfrom=GUID))) == "updated"
    assert shown(api, "Now")


def test_update_does_not_tell_of_a_story_withdrawn_before_it_was_shown(api):
    push(api, version(1))
    act(api, GUID, "withdraw")
    said = push(api, version(1, "urn:update", headline="All ferries run", evolvedfrom=GUID))
    assert (said.json["outcome"], said.json["message"]) == ("created", None) and not shown(api, "All ferries run")


def test_update_under_embargo_replaces_nothing_before_it_is_public(api):
    push(api, version(1))
    waits = version(1, "urn:update", headline="All run", evolvedfrom=GUID, embargoed=superdesk_time(hours=1))
    (warning,) = push(api, waits).json["warnings"]
    assert warning["field"] == "evolvedfrom" and shown(api, "Ferries resume")
    push(api, version(2, "urn:update", headline="All run", evolvedfrom=GUID))
    assert shown(api, "All run") and "Ferries resume" not in api.desk.body()


def test_what_is_no_story_is_ignored_with_200_and_its_reason(sqlite_api):
    picture = superdesk()["associations"]["featuremedia"]
    for item, words in ((picture, "type picture"), (superdesk(type="composite", body_html=None), "no body")):
        said = push(sqlite_api, item)
        assert outcome(said) == "ignored" and words in said.json["message"]


def test_unknown_category_is_told_and_the_story_stored(sqlite_api):
    said = push(sqlite_api, superdesk(service=[{"code": "q", "name": "Quality"}], subject=None))
    assert said.json["warnings"] == [
        {"field": "service", "detail": "no section is 'q': add it to [ninjs.sections]"}
    ]  # fmt: skip
    assert shown(sqlite_api, "Ferries", "all")


@pytest.mark.parametrize(
    ("body", "kind", "field"),
    [
        (b"{", "not-json", None),
        (b"[]", "invalid", "the body"),
        (b"null", "invalid", "the body"),
        (encoded(superdesk(pubstatus="cancelled")), "invalid", "pubstatus"),
        (encoded(superdesk(byline="x" * 501)), "invalid", "byline"),
        (b'{"guid":"' + b"x" * 2**20 + b'"}', "too-large", None),
        (b'{"guid":"a","keywords":[' + b"1," * 100_000 + b"1]}", "invalid", "keywords"),
    ],
)
def test_invalid_body_is_refused_by_field_and_stores_nothing(sqlite_api, body, kind, field):
    before = sqlite_api.everything_stored()
    said = push(sqlite_api, body)
    assert said.kind == kind and sqlite_api.everything_stored() == before
    assert field is None or said.json["errors"][0]["field"] == field


def test_body_is_json_and_there_must_be_one(sqlite_api):
    headers = {"x-superdesk-signature": superdesk_signature(b"")}
    said = sqlite_api.ask("POST", "/webhooks/ninjs", scopes=(), headers=headers)
    assert said.kind == "invalid"
    body = encoded(superdesk())
    headers = {"x-superdesk-signature": superdesk_signature(body)}
    said = sqlite_api.ask("POST", "/webhooks/ninjs", scopes=(), data=body, content_type="text/plain", headers=headers)
    assert said.kind == "media-type"


@pytest.mark.parametrize("media_id", ["599e31ed1d41c833e0b8a83e", "2026/03/a b.jpg", "é"])
def test_superdesk_is_told_that_a_file_need_not_be_sent(sqlite_api, media_id):
    said = sqlite_api.ask("GET", f"/webhooks/ninjs/assets/{media_id}", scopes=())
    assert said.status == 200 and said.json["media_id"] == media_id


def test_token_cannot_have_the_agencys_name(sqlite_api):
    said = sqlite_api.ask("POST", "/tokens", {"name": AGENCY, "scopes": ["write"]})
    assert said.status >= 400 and "another name" in said.json["detail"]
