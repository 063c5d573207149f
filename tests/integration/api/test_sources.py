"""Sources in the API: how they are doing, what an operator may do, and a CMS that asks for a look."""

import base64
import hashlib
import hmac
import json
import time

import pytest

from syndication.store.articles import articles
from syndication.store.sources import source_states
from tests.support.api import TESTER, Api, story
from tests.support.fake_source import FakeSource, Following, source_table
from tests.support.foreign_newsroom import ForeignNewsroom
from tests.support.newsroom import article

SECRET = "a-secret-of-the-cms-alone-x"


@pytest.fixture
def api(database, clock):
    return Api(database, clock, sources=(source_table(ping_secret=SECRET), source_table("wire")))


@pytest.fixture
def following(api):
    following = Following(api.database, FakeSource(*"abcdefghij"))
    following.look()
    return following


def ping(api, name="cms", *, secret=SECRET, body=b"{}", age=0, ghost=False, **headers):
    """Sends a ping as Standard Webhooks or Ghost describe it, without using our own code."""
    stamp = int(time.time()) - age
    if ghost:
        mac = hmac.new(secret.encode(), body + str(stamp * 1000).encode(), hashlib.sha256).hexdigest()
        headers = {"X-Ghost-Signature": f"sha256={mac}, t={stamp * 1000}"} | headers
    else:
        mac = hmac.new(secret.encode(), f"m1.{stamp}.".encode() + body, hashlib.sha256).digest()
        signature = "v1," + base64.b64encode(mac).decode()
        headers = {"webhook-id": "m1", "webhook-timestamp": str(stamp), "webhook-signature": signature} | headers
    more = {"data": body, "content_type": "application/json", "headers": headers}
    return api.ask("POST", f"/sources/{name}/look", scopes=(), **more)


def requested(api):
    with api.database.read() as conn:
        found = source_states.get(conn, "cms")
    return found is not None and found.requested_at is not None


def test_sources_are_listed_with_what_should_be_known(api, following, clock):
    cms, wire = api.get("/sources").json["sources"]
    assert (cms["name"], cms["kind"], cms["status"], cms["articles"]) == ("cms", "sql", "current", 10)
    assert "10 articles, last read at 2026-03-14 12:00:00 UTC" in cms["words"]
    assert wire["status"] == "waiting" and "No worker has read it yet" in wire["words"]
    for id in "abcd":
        del following.source.stories[id]
    following.look()
    cms = api.get("/sources/cms").json
    assert (cms["status"], cms["held_vanished"]) == ("held", 4) and "syndication source accept cms" in cms["advice"]


def test_held_source_is_accepted_once(api, following):
    for id in "abcd":
        del following.source.stories[id]
    following.look()
    assert api.ask("POST", "/sources/cms/accept").json["outcome"] == "accepted"
    following.look()
    assert api.get("/sources/cms").json["status"] == "current"
    assert api.ask("POST", "/sources/cms/accept").json["outcome"] == "unchanged"
    assert [(act.act, act.outcome) for act in api.audit(target="cms")][::-1] == [
        ("accept source", "accepted"), ("accept source", "unchanged"),
    ]  # fmt: skip


def test_source_is_paused_and_resumed(api, following):
    outcomes = [
        api.ask("POST", f"/sources/cms/{act}").json["outcome"] for act in ("pause", "pause", "resume", "resume")
    ]
    assert outcomes == ["paused", "unchanged", "resumed", "unchanged"]


def test_refusals_are_listed_for_those_who_may_preview(api, following):
    list(articles.put_articles(api.database, [article("k")], by=TESTER))
    following.source.publish("k")
    following.look()
    assert "another writer" in api.get("/sources/cms").json["refusals"][0]["reason"]
    hidden = api.get("/sources/cms", ("read",)).json
    assert hidden["refusals"] == [] and hidden["refused"] == 1


def belongs_to_cms(outcome):
    found = [one["detail"] for one in outcome["warnings"] if one["field"] == "id"]
    return [one.partition(".")[0] for one in found] == ["belongs to the source cms"]


def test_write_of_a_source_article_warns_that_it_is_replaced(api, following):
    assert belongs_to_cms(api.put("a", title="Ours").json) and belongs_to_cms(api.put("b", ("write",)).json)
    assert belongs_to_cms(api.ask("PATCH", "/articles/a", {"title": "Again"}).json)
    batch = {"articles": [story(id="c"), story(id="own")]}
    assert [belongs_to_cms(one) for one in api.ask("POST", "/articles:batch", batch).json["outcomes"]] == [True, False]
    assert api.put("own").json["warnings"] == []


def test_write_of_an_article_never_shown_reveals_no_source(api, following):
    following.source.publish("k", status="draft")
    following.look()
    assert api.put("k", ("write",)).json["warnings"] == []


def test_article_of_a_source_no_longer_configured_has_no_warning(api):
    Following(api.database, FakeSource("z"), "former").look()
    assert api.put("z").json["warnings"] == []


def test_unknown_source_is_not_found(api):
    assert api.get("/sources/nope").status == 404
    assert {api.ask("POST", f"/sources/nope/{act}").status for act in ("look", "check")} == {404}


@pytest.fixture
def cms(tmp_path):
    cms = ForeignNewsroom(f"sqlite:///{tmp_path}/cms.db")
    for number in range(1, 13):
        cms.publish(number)
    return cms


def test_dry_run_shows_articles_and_stores_nothing(sqlite_database, clock, cms):
    cms.publish(20, minutes=0, headline="")
    api = Api(sqlite_database, clock, sources=(cms.table(),))
    unlike = ("token", "audit_log", "sqlite_sequence")
    before = api.everything_stored(*unlike)
    said = api.ask("POST", "/sources/cms/check", scopes=("preview",)).json
    assert said["problems"] == [] and [one["id"] for one in said["stories"]] == ["20", *map(str, range(1, 10))]
    assert said["stories"][0]["article"] is None and "title" in said["stories"][0]["refused"]
    shown = said["stories"][1]["article"]
    assert (shown["title"], shown["sections"], shown["html"]) == ("Story 1", ["taiwan"], "<p>Body 1</p>")
    assert api.everything_stored(*unlike) == before


def test_dry_run_of_a_wrong_select_says_what_to_mend(sqlite_database, clock, cms):
    wrong = "SELECT number AS id, headline AS titel, path AS url FROM story WHERE number IN :ids"
    api = Api(sqlite_database, clock, sources=(cms.table(articles=wrong), source_table("wire")))
    said = api.ask("POST", "/sources/cms/check").json
    assert said["stories"] == [] and "did you mean title?" in said["problems"][0]
    unread = api.ask("POST", "/sources/wire/check").json
    assert unread["problems"] == ["the source's database cannot be opened (SQLITE_CANTOPEN)"]


def test_trace_names_the_source_and_when_it_was_read(api, following):
    said = api.get("/articles/a/trace").json
    assert said["source"] == "cms" and "From source cms, where it is 'a'" in said["source_words"]
    del following.source.stories["a"]
    following.look()
    assert "no longer public there since" in api.get("/articles/a/trace").json["source_words"]
    api.put("own")
    assert api.get("/articles/own/trace").json["source"] is None


def test_look_is_requested_with_a_token(api):
    said = api.ask("POST", "/sources/cms/look", scopes=("regenerate",))
    assert said.status == 202 and "No worker is running" in said.json["message"] and requested(api)


@pytest.mark.parametrize("ghost", [False, True])
def test_signed_ping_requests_a_look_without_a_token(api, ghost):
    body = json.dumps({"post": {"current": {"html": "x" * 100_000}}}).encode()
    assert ping(api, ghost=ghost, body=body).status == 202 and requested(api)
    (act,) = api.audit(act="look at source")
    assert (act.actor, act.target, act.outcome, act.source) == ("ping of cms", "cms", "requested", "192.0.2.7")


@pytest.mark.parametrize("ghost", [False, True])
@pytest.mark.parametrize("change", [
    {"secret": "another-secret-of-the-cms-x"}, {"age": 400}, {"age": -400}, {"name": "wire"}, {"name": "nope"},
])  # fmt: skip
def test_ping_with_a_bad_signature_is_refused_and_asks_nothing(api, change, ghost):
    said = ping(api, ghost=ghost, **change)
    assert said.kind == "token" and said.status == 401 and not requested(api)


@pytest.mark.parametrize("header", ["sha256=00, t=1", "sha256=" + "0" * 64, "x", "sha256=" + "0" * 64 + ", t=x"])
def test_ping_with_a_broken_header_is_refused(api, header):
    assert api.ask("POST", "/sources/cms/look", scopes=(), headers={"X-Ghost-Signature": header}).status == 401
