"""Previews in the API: rendered by a worker, without publishing or keeping anything."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from syndication.api.operations import NO_WORKER
from syndication.pipeline.preview import Previewer
from syndication.store.access.audit_log import Actor
from syndication.store.publishing import documents, previews
from syndication.store.tables.articles import ArticleCorrectionRow
from tests.support.api import SCOPES, Api, story, when
from tests.support.newsroom import CACHE, at, section


def ask(api, **question):
    """Returns a preview after a worker has rendered it."""
    asked = api.ask("POST", "/previews", question)
    assert asked.status == 202, asked.body
    assert asked.json["state"] == "requested"
    api.previewer.answer_all()
    said = api.get(asked.headers["Location"])
    assert said.status == 200
    assert asked.headers["Cache-Control"] == said.headers["Cache-Control"] == "no-store"
    return said.json


def stored(api):
    with api.database.read() as conn:
        found = documents.load_documents(conn, api.desk.sections)
    return {(one.section, one.format): one.identity for one in found}


def fill(database, clock):
    api = Api(database, clock)
    secret = api.token(*SCOPES, name="before")
    for id, values in {
        "public": {"title": "Public story"},
        "draft": {"title": "DRAFT story", "published_at": None},
        "embargo": {"title": "EMBARGO story", "published_at": when(days=2)},
    }.items():
        assert api.ask("PUT", f"/articles/{id}", story(**values), secret=secret).status == 201
    api.desk.work()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, filled_once, new_url):
    return new_url(request.param, of=filled_once(request.param, fill))


def test_a_feed_is_shown_with_the_cache_time_of_the_version_that_it_would_be(api, clock):
    api.desk.sections["taiwan"] = section("taiwan", cache=replace(CACHE, min_browser=60, max_browser=3600))
    api.desk.restart()
    api.put("n1", published_at=when())
    api.desk.later()
    assert "<ttl>5</ttl>" in ask(api, section="taiwan", changes=[])["documents"]["rss"]
    third = story(id="n3", title="Story n3", published_at=when())
    shown = ask(api, section="taiwan", changes=[third])["documents"]["rss"]
    assert "<ttl>2</ttl>" in shown
    api.ask("PUT", "/articles/n3", {key: value for key, value in third.items() if key != "id"})
    api.desk.later()
    assert "<ttl>2</ttl>" in api.desk.body("taiwan", "rss")
    before = stored(api)
    # The elements of an unchanged feed stay; a preview shows what its next version says.
    clock.advance(86400)
    assert "<ttl>2</ttl>" not in ask(api, section="taiwan", changes=[])["documents"]["rss"]
    api.desk.later()
    assert stored(api) == before


def test_a_feed_is_shown_with_drafts_embargoed_changed_and_new_articles(api):
    before = stored(api)
    changes = [
        {"id": "draft"}, {"id": "embargo"}, {"id": "public", "title": "CHANGED"}, story(id="new", title="NEW story"),
    ]  # fmt: skip
    said = ask(api, section="taiwan", changes=changes)
    assert (said["state"], said["section"], said["message"]) == ("done", "taiwan", None)
    assert said["entries"][0] == "embargo" and set(said["entries"]) == {"draft", "embargo", "public", "new"}
    assert set(said["documents"]) == {"atom", "rss", "json"}
    for document in said["documents"].values():
        assert all(title in document for title in ("DRAFT story", "EMBARGO story", "CHANGED", "NEW story"))
        assert "Public story" not in document
    assert json.loads(said["documents"]["json"])["items"][0]["title"] == "EMBARGO story"
    api.desk.later()
    assert stored(api) == before
    assert api.get("/articles/public").json["title"] == "Public story" and api.get("/articles/new").status == 404


def test_a_feed_without_changes_is_shown_as_it_is_published(api):
    said = ask(api, section="taiwan")
    assert said["documents"]["json"].encode() == stored(api)["taiwan", "json"]


def test_an_entry_is_shown_alone_in_each_format(api):
    said = ask(api, changes=[{"id": "draft"}])
    assert said["section"] == "taiwan" and said["documents"] == {}
    assert said["entry"]["atom"].lstrip().startswith("<entry>") and said["entry"]["rss"].lstrip().startswith("<item>")
    assert json.loads(said["entry"]["json"])["title"] == "DRAFT story"
    assert "Nowhere filed" in ask(api, changes=[story(id="x", title="Nowhere filed", sections=[])])["entry"]["atom"]


def test_taking_an_article_out_shows_the_feed_without_it(api):
    assert ask(api, section="taiwan", changes=[{"id": "public", "sections": ["china"]}])["entries"] == []
    assert ask(api, section="taiwan", changes=[{"id": "public", "status": "withdrawn"}])["entries"] == []


def test_what_is_left_out_gives_its_place_to_the_next_one_as_in_the_feed(api):
    for n in range(8):
        api.put(f"b{n}", published_at=when(days=-2, minutes=-n))
    for n in range(3):
        api.put(f"bad{n}", title="\x01", published_at=when(days=-1, minutes=-n))
    api.desk.later()
    said = ask(api, section="taiwan", changes=[])
    assert said["entries"] == ["public", "b0", "b1", "b2", "b3"]
    assert said["documents"]["json"].encode() == stored(api)["taiwan", "json"]
    assert {item["article_id"] for item in said["left_out"]} == set(api.desk.left_out()) == {"bad0", "bad1", "bad2"}
    out = [{"id": "b0", "title": "\x01"}, {"id": "b2", "status": "withdrawn"}, {"id": "b7", "published_at": when()}]
    said = ask(api, section="taiwan", changes=out)
    assert said["entries"] == ["b7", "public", "b1", "b3", "b4"]
    assert {item["article_id"] for item in said["left_out"]} == {"bad0", "bad1", "bad2", "b0"}


def test_a_preview_shows_what_then_stands_in_the_feed(api):
    for n in range(9):
        api.put(f"b{n}", published_at=when(days=-2, minutes=-n), title="\x01" if n % 2 else f"Story b{n}")
    api.desk.later()
    changes = [
        {"id": "public", "title": "\x01"}, {"id": "b0", "sections": ["china"]}, {"id": "b1", "title": "Mended"},
        {"id": "b8", "published_at": when(minutes=-5)}, {"id": "draft", "status": "published", "published_at": when()},
    ]  # fmt: skip
    said = ask(api, section="taiwan", changes=changes)
    for change in changes:
        assert api.ask("PATCH", f"/articles/{change['id']}", change).status == 200
    api.desk.later()
    assert said["documents"]["json"].encode() == stored(api)["taiwan", "json"]
    assert {item["article_id"]: item["reason"] for item in said["left_out"]} == api.desk.left_out()


def test_many_stories_of_the_last_day_of_the_calendar_are_shown(api):
    late = [story(id=f"z{n}", published_at=f"9999-12-31T23:59:{n:02}Z") for n in range(20)]
    said = ask(api, section="taiwan", changes=late)
    assert (said["state"], len(said["entries"])) == ("done", 20)


def test_what_cannot_be_rendered_is_told_with_its_reason(api):
    said = ask(api, section="taiwan", changes=[{"id": "public", "url": "ftp://x"}])
    assert said["state"] == "done" and said["left_out"][0]["article_id"] == "public"
    alone = ask(api, changes=[{"id": "public", "url": "ftp://x"}])
    assert alone["state"] == "failed" and "http or https" in alone["message"]
    for change in (
        {"title": ""}, {"title": None}, {"title": ["x"]}, {"colour": 1}, {"title": "half \ud800"}, {"half \ud800": 1},
        {"nul \x00": 1}, {"html": "\x00"}, {"published_at": "x"}, {"image": {"width": 1e400}}, {"sections": ["…"]},
    ):  # fmt: skip
        failed = ask(api, section="taiwan", changes=[{"id": "public"} | change])
        assert failed["state"] == "failed" and failed["message"]
    far = ask(api, section="taiwan", changes=[{"id": "public", "published_at": "9999-12-31T23:59:59Z"}])
    assert far["state"] in ("done", "failed")


@pytest.mark.parametrize(
    "question",
    [{"section": "nothing"}, {}, {"changes": [{"id": "a"}, {"id": "b"}]}, {"changes": [{}]}, {"changes": [{"id": ""}]},
     {"changes": [{"id": 1}]}, {"changes": [{"id": "a\x00"}]}, {"changes": [{"id": "\ud800"}]}, {"changes": ["a"]},
     {"changes": [{"id": "é" * 501}]}, {"section": "taiwan", "changes": [{"id": "a"}] * 21}, {"more": 1}],
)  # fmt: skip
def test_a_question_that_has_no_answer_is_refused_at_once(api, question):
    assert api.ask("POST", "/previews", question).kind == "invalid"


def test_that_no_worker_is_alive_is_said_at_once(api):
    assert "No worker" in api.ask("POST", "/previews", {"section": "taiwan"}).json["message"]
    api.worker_seen()
    assert api.ask("POST", "/previews", {"section": "taiwan"}).json["message"] is None


def test_another_worker_answers_when_the_first_died_after_claiming(api, clock):
    asked = api.ask("POST", "/previews", {"changes": [{"id": "draft"}]})
    with api.database.write() as conn:
        assert previews.claim(conn, clock()) is not None
    other = Previewer(api.database, api.desk.regenerator.newsroom, api.desk.regenerator.renderer)
    assert other.answer_all() == 0
    clock.advance(previews.CLAIM.total_seconds() + 1)
    assert other.answer_all() == 1
    assert api.get(asked.headers["Location"]).json["state"] == "done"


def test_a_preview_is_gone_after_ten_minutes_from_the_database_too(api, clock):
    where = api.ask("POST", "/previews", {"changes": [{"id": "draft", "title": "UNSEEN"}]}).headers["Location"]
    api.previewer.answer_all()
    clock.advance(timedelta(minutes=10).total_seconds() - 1)
    assert "UNSEEN" in str(api.get(where).json)
    clock.advance(1)
    assert api.get(where).kind == "not-found"
    with api.database.write() as conn:
        previews.prune(conn, clock())
    assert "UNSEEN" not in api.everything_stored()


def test_whoever_may_not_preview_gets_no_preview(api):
    where = api.ask("POST", "/previews", {"section": "taiwan"}).headers["Location"]
    assert api.get(where, ("read", "write", "regenerate", "feeds", "admin")).kind == "scope"


def test_that_no_worker_is_alive_is_said_until_it_is_answered(api, clock):
    asked = api.ask("POST", "/previews", {"changes": [{"id": "public"}]})
    where = asked.headers["Location"]
    assert asked.json["message"] == api.get(where).json["message"] == NO_WORKER
    api.worker_seen()
    assert api.get(where).json["message"] is None
    clock.advance(50)
    api.previewer.answer_all()
    assert (api.get(where).json["state"], api.get(where).json["message"]) == ("done", None)


def rows(api):
    with api.database.read() as conn:
        return conn.exec_driver_sql("SELECT request, result, finished_at, error FROM preview").all()


def test_a_token_has_two_places_and_gets_429_beyond(api):
    asked = [api.ask("POST", "/previews", {"changes": [{"id": "draft"}]}) for _ in range(6)]
    assert [one.status for one in asked] == [202] * previews.WAITING_EACH + [429] * 4
    assert asked[-1].kind == "too-many-previews" and int(asked[-1].headers["Retry-After"]) >= 1
    assert len(rows(api)) == previews.WAITING_EACH
    api.previewer.answer_all()
    assert api.ask("POST", "/previews", {"changes": [{"id": "draft"}]}).status == 202


def test_all_tokens_together_have_so_many_places(api, clock):
    def request(number):
        with api.database.write() as conn:
            return previews.request(conn, {}, "a1", Actor(f"token {number}", "192.0.2.7"), clock())

    for number in range(previews.WAITING_ALL):
        request(number)
    with pytest.raises(previews.TooManyPreviewsError):
        request("last")
    assert len(rows(api)) == previews.WAITING_ALL


def test_a_preview_nobody_waits_for_any_more_is_dropped_unrendered(api, clock):
    where = api.ask("POST", "/previews", {"changes": [{"id": "draft"}]}).headers["Location"]
    clock.advance(previews.POLLED_WITHIN.total_seconds())
    assert api.previewer.answer_all() == 0
    assert api.get(where).json["state"] == "failed"
    ((request, result, _, error),) = rows(api)
    assert (request, result, error) == ("{}", None, previews.DROPPED_ERROR)


def test_what_was_asked_is_deleted_once_it_is_answered(api):
    api.ask("POST", "/previews", {"changes": [story(id="new", title="UNSEEN")]})
    api.previewer.answer_all()
    assert [request for request, *_ in rows(api)] == ["{}"]


def test_only_the_newest_answers_are_kept(api):
    for _ in range(3 * previews.KEPT_EACH):
        assert ask(api, section="taiwan")["state"] == "done"
    assert len(rows(api)) <= previews.KEPT_EACH + 1


def test_a_request_over_its_limit_is_refused_and_stores_nothing(api, monkeypatch):
    monkeypatch.setattr(previews, "LARGEST", 10_000)
    refused = api.ask("POST", "/previews", {"changes": [story(id="new", body="x" * 10_000)]})
    assert (refused.status, refused.kind) == (413, "too-large")
    assert rows(api) == []


def test_a_loop_of_previews_fills_one_line_of_the_audit_log(api):
    for _ in range(10):
        ask(api, section="taiwan")
    assert [line.times for line in api.audit() if line.act == "preview"] == [10]


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"correction": "Not so."}, True),
        ({"correction": "Not so.", "html": "<p>So.</p>"}, True),
        ({"correction": "Not so.", "updated_at": when(minutes=-30)}, False),
        ({"correction": " "}, False),
        ({"title": "Other"}, False),
    ],
)
def test_a_preview_shows_the_date_that_a_correction_would_give(api, change, moved):
    said = ask(api, changes=[{"id": "public", **change}])
    shown = json.loads(said["entry"]["json"])
    assert (shown["date_modified"] == when().replace("Z", "+00:00")) == moved


def test_a_preview_keeps_the_date_of_an_earlier_correction(api):
    with api.database.write() as conn:
        conn.execute(text("INSERT INTO article_correction (article_id, correction) VALUES ('public', 'Not so.')"))
        conn.execute(update(ArticleCorrectionRow).values(corrected_at=at(minutes=-10)))
    for change in ({"title": "Other"}, {"html": "<p>Other</p>"}):
        said = ask(api, changes=[{"id": "public", **change}])
        assert json.loads(said["entry"]["json"])["date_modified"] == at(minutes=-10).isoformat()
