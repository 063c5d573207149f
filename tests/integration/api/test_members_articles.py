"""Members' articles over the API: whole for callers with the scope preview, the public part for others."""

import pytest

from tests.support.api import story

HTML = "<p>Open.</p><!--members-only--><p>Closed.</p>"

FILE = {"url": "/closed.mp3", "media_type": "audio/mpeg"}


@pytest.fixture
def stored(sqlite_api):
    sqlite_api.ask("PUT", "/articles/a1", story(html=HTML, access="members", enclosures=[FILE]))
    return sqlite_api


def test_readers_get_the_public_part_and_are_told_what_is_omitted(stored):
    said = stored.get("/articles/a1", ("read",))
    assert (said.json["html"], said.json["enclosures"], said.json["access"]) == ("<p>Open.</p>", [], "members")
    assert [error["field"] for error in said.json["errors"]] == ["html", "enclosures"]
    assert "ETag" not in said.headers and b"losed" not in said.body
    whole = stored.get("/articles/a1", ("read", "preview"))
    assert whole.json["html"] == HTML and "errors" not in whole.json and "ETag" in whole.headers
    assert stored.get("/articles", ("read",)).json["articles"][0]["access"] == "members"


def test_a_patch_answers_a_writer_without_preview_without_the_members_part(stored):
    said = stored.ask("PATCH", "/articles/a1", {"title": "New"}, scopes=("write",))
    assert said.status == 200 and b"losed" not in said.body
    assert {warning["field"] for warning in said.json["warnings"]} == {"html", "enclosures"}
    assert stored.get("/articles/a1").json["html"] == HTML, "the stored article is whole"
    assert (
        stored.ask("PUT", "/articles/a2", story(html=HTML, access="members"), scopes=("write",)).json["article"]["html"]
        == HTML
    ), "a PUT sent it all"


def test_a_put_without_access_makes_the_article_public(stored):
    stored.ask("PUT", "/articles/a1", story(html=HTML))
    assert stored.get("/articles/a1", ("read",)).json["html"] == HTML
    assert stored.ask("PUT", "/articles/a1", story(access="paid")).status == 422


@pytest.mark.parametrize(
    "asked",
    [
        {"changes": [{"id": "a1"}]},
        {"changes": [{"id": "a1", "html": HTML + "<p>Closed too.</p>", "summary": None}]},
        {"changes": [{"id": "a1", "title": "New"}], "section": "taiwan"},
    ],
)
def test_a_preview_shows_what_the_feeds_will_show(stored, asked):
    said = stored.ask("POST", "/previews", asked)
    assert stored.previewer.answer_all() == 1
    shown = stored.get(said.headers["Location"])
    assert shown.json["state"] == "done" and b"Open." in shown.body and b"losed" not in shown.body


def test_a_changed_access_level_is_published_without_another_change(stored):
    stored.desk.later()
    assert "Closed" not in stored.desk.everything()
    stored.ask("PATCH", "/articles/a1", {"access": "public"})
    stored.desk.later()
    assert "Closed" in stored.desk.everything()
    stored.ask("PATCH", "/articles/a1", {"access": "members"})
    stored.desk.later()
    assert "Closed" not in stored.desk.everything()
