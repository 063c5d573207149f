"""Revisions of an article in the API: who wrote which state, the words that changed, the return to one."""

import pytest
from sqlalchemy import text

from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, field_locks
from tests.support.api import story, when
from tests.support.full_newsroom import HOSTILE
from tests.support.newsroom import at

EDITOR = ("read", "preview", "write")


def write(api, **changes):
    said = api.ask("PATCH", "/articles/a1", changes, scopes=EDITOR)
    assert said.status == 200, said.body
    api.desk.later()


@pytest.fixture
def newsroom(api):
    """A story in three states, the last one written by SQL."""
    assert api.ask("PUT", "/articles/a1", story(title="Nigth train", html="<p>It runs.</p><p>Daily.</p>")).status == 201
    api.desk.later()
    write(api, title="Night train", tags=["rail"])
    with api.database.write() as conn:
        conn.execute(text("UPDATE article SET html = '<p>It runs.</p><p>Hourly.</p>' WHERE id = 'a1'"))
    api.desk.later()
    return api


def revisions(api, scopes=EDITOR, id="a1"):
    said = api.get(f"/articles/{id}/revisions", scopes)
    assert said.status == 200, said.body
    return said.json["revisions"]


def marked(fields):
    signs = {"gone": "-", "new": "+", "same": "", "skipped": "…"}
    return {one["field"]: [signs[p["kind"]] + p["text"] for p in one["pieces"]] for one in fields}


def stored(api):
    with api.database.read() as conn:
        return articles.get_article(conn, "a1")


def test_each_state_has_its_writer_its_times_and_its_versions(newsroom):
    found = revisions(newsroom)
    assert [(one["title"], one["written_by"], one["current"], one["shown"]) for one in found] == [
        ("Night train", None, True, True),
        ("Night train", "token read-preview-write", False, False),
        ("Nigth train", "token read-preview-write-regenerate-feeds-admin", False, False),
    ]
    assert [one["first_shown_at"] for one in found] == [when(seconds=n) for n in (3, 2, 1)]
    taiwan = [[(v["first"], v["last"]) for v in one["versions"] if v["section"] == "taiwan"] for one in found]
    last = taiwan[0][0][0]
    assert taiwan == [[(last, None)], [(last - 1, last - 1)], [(last - 2, last - 2)]]


def test_two_states_are_compared_by_the_words_that_readers_see(newsroom):
    new, _, old = (one["revision"] for one in revisions(newsroom))
    said = newsroom.get(f"/articles/a1/revisions/{old}/difference?new={new}", EDITOR).json
    assert (said["old"], said["new"]) == (old, new)
    assert marked(said["fields"]) == {
        "title": ["-Nigth", "+Night", " train"], "html": ["It runs.\n", "-Daily", "+Hourly", "."], "tags": ["+rail"],
    }  # fmt: skip
    now = newsroom.get(f"/articles/a1/revisions/{old}/difference", EDITOR).json
    assert now["new"] is None and now["fields"] == said["fields"]
    same = newsroom.get(f"/articles/a1/revisions/{new}/difference", EDITOR).json
    assert same["fields"] == []


def test_a_change_of_markup_alone_is_shown_as_such(newsroom):
    old = revisions(newsroom)[0]["revision"]
    write(newsroom, html="<p>It runs.</p><p><b>Hourly.</b></p>")
    (field,) = newsroom.get(f"/articles/a1/revisions/{old}/difference", EDITOR).json["fields"]
    assert field["markup"] and "+<b>" in marked([field])["html"]


def test_a_revision_has_the_whole_article(newsroom):
    old = revisions(newsroom)[-1]["revision"]
    said = newsroom.get(f"/articles/a1/revisions/{old}", EDITOR).json
    assert said["revision"] == old and said["article"]["html"] == "<p>It runs.</p><p>Daily.</p>"
    assert newsroom.ask("PUT", "/articles/copy", said["article"] | {"id": "copy"}).status == 201


def test_a_return_is_a_small_fix_or_a_correction_and_is_in_the_audit_log(newsroom):
    old = revisions(newsroom)[-1]["revision"]
    said = newsroom.ask("POST", f"/articles/a1/revisions/{old}/revert", {}, scopes=EDITOR)
    assert (said.status, said.json["outcome"], said.json["date"], said.json["kept"]) == (
        200,
        "updated",
        "same-date",
        [],
    )
    assert (stored(newsroom).title, stored(newsroom).tags, stored(newsroom).correction) == ("Nigth train", (), None)
    newsroom.desk.later()
    newest = revisions(newsroom)[0]
    assert (newest["title"], newest["current"]) == ("Nigth train", True)
    assert len(revisions(newsroom)) == 3 and newsroom.audit(act="revert")[0].outcome == "updated"
    middle = revisions(newsroom)[2]["revision"]
    said = newsroom.ask(
        "POST", f"/articles/a1/revisions/{middle}/revert", {"correction": "The train was misspelt."}, scopes=EDITOR
    )
    assert said.json["date"] == "correction"
    assert (stored(newsroom).title, stored(newsroom).correction) == ("Night train", "The train was misspelt.")


def test_a_return_keeps_what_is_locked_and_what_is_no_text(newsroom):
    old = revisions(newsroom)[-1]["revision"]
    with newsroom.database.write() as conn:
        field_locks.set_locks(conn, "a1", ["title"], Actor("user mei", "here"), newsroom.clock())
    write(newsroom, access="members", updated_at=when(hours=1), guid="https://old.example/1")
    said = newsroom.ask("POST", f"/articles/a1/revisions/{old}/revert", {}, scopes=EDITOR)
    assert said.json["kept"] == ["title"]
    now = stored(newsroom)
    assert (now.title, now.html, now.access) == ("Night train", "<p>It runs.</p><p>Daily.</p>", "members")
    assert (now.updated_at, now.guid) == (at(hours=1), "https://old.example/1")


def test_a_withdrawn_story_stays_out_and_its_states_can_be_deleted_for_good(newsroom):
    newsroom.ask("POST", "/articles/a1/withdraw")
    newsroom.desk.later()
    said = newsroom.get("/articles/a1/revisions", EDITOR).json
    assert said["withdrawn"] and len(said["revisions"]) == 3
    old = said["revisions"][-1]["revision"]
    newsroom.ask("POST", f"/articles/a1/revisions/{old}/revert", {}, scopes=EDITOR)
    assert (stored(newsroom).status, stored(newsroom).title) == ("withdrawn", "Nigth train")
    assert newsroom.ask("DELETE", "/articles/a1/revisions", scopes=EDITOR).status == 403
    said = newsroom.ask("DELETE", "/articles/a1/revisions")
    assert (said.status, said.json) == (200, {"id": "a1", "deleted": 3})
    assert revisions(newsroom) == []
    assert newsroom.get(f"/articles/a1/revisions/{old}", EDITOR).status == 404
    entry = newsroom.audit(act="forget")[0]
    assert (entry.target, entry.outcome, entry.detail) == ("a1", "deleted", "3 states")
    newsroom.desk.later()
    assert revisions(newsroom) == []


def test_a_deleted_story_has_its_states_but_nothing_returns_to_them(newsroom):
    old = revisions(newsroom)[0]["revision"]
    with newsroom.database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id = 'a1'"))
    newsroom.desk.later()
    assert [one["current"] for one in revisions(newsroom)] == [False] * 3
    said = newsroom.ask("POST", f"/articles/a1/revisions/{old}/revert", {}, scopes=EDITOR)
    assert (said.status, said.kind) == (409, "deleted")


def test_without_preview_no_revision_can_be_read_or_guessed(newsroom):
    old = revisions(newsroom)[-1]["revision"]
    for rest in ("", f"/{old}", f"/{old}/difference"):
        assert newsroom.get(f"/articles/a1/revisions{rest}", ("read", "write", "admin")).status == 403
    said = newsroom.ask("POST", f"/articles/a1/revisions/{old}/revert", {}, scopes=("read", "write"))
    assert said.status == 403 and stored(newsroom).title == "Night train"


def test_unknown_articles_and_revisions_are_not_found(newsroom):
    assert newsroom.get("/articles/nothing/revisions", EDITOR).status == 404
    assert newsroom.get(f"/articles/a1/revisions/{'0' * 32}", EDITOR).status == 404
    assert newsroom.get("/articles/a1/revisions/not-a-digest", EDITOR).status == 422
    assert newsroom.ask("POST", f"/articles/a1/revisions/{'0' * 32}/revert", {}, scopes=EDITOR).status == 404


def test_hostile_texts_are_kept_and_compared_as_they_are(api):
    api.ask("PUT", "/articles/a1", story(title=HOSTILE, html=f"<p>{HOSTILE}</p>"))
    api.desk.later()
    write(api, title=f"{HOSTILE}!")
    old = revisions(api)[-1]["revision"]
    said = api.get(f"/articles/a1/revisions/{old}/difference", EDITOR).json
    assert marked(said["fields"])["title"][-1] == "+!"
    api.ask("POST", f"/articles/a1/revisions/{old}/revert", {}, scopes=EDITOR)
    assert stored(api).title == HOSTILE


def difference(api, old, new, scopes=EDITOR):
    said = api.get(f"/sections/taiwan/difference?old={old}&new={new}", scopes)
    assert said.status == 200, said.body
    return {one["article_id"]: one for one in said.json["changes"]}


@pytest.fixture
def versions(api):
    """The feed of Taiwan in five versions: a1 and a2, a1 corrected, a3 comes, a1 moves down, a2 goes."""
    for id, hours in (("a1", -1), ("a2", -2)):
        api.ask("PUT", f"/articles/{id}", story(title=f"Title {id}", url=f"/{id}", published_at=when(hours=hours)))
    api.desk.later()
    write(api, title="Title of a1")
    api.ask("PUT", "/articles/a3", story(title="Title a3", url="/a3", published_at=when(minutes=-30)))
    api.desk.later()
    write(api, published_at=when(hours=-3))
    api.ask("POST", "/articles/a2/withdraw")
    api.desk.later()
    return api


def test_versions_have_the_titles_of_their_entries(versions):
    found = versions.get("/sections/taiwan/versions", EDITOR).json["versions"]
    assert [[(one["change"], one["title"]) for one in version["changes"]] for version in found] == [
        [("gone", "Title a2")], [("changed", "Title of a1")], [("added", "Title a3")], [("changed", "Title of a1")],
        [("added", "Title a1"), ("added", "Title a2")],
    ]  # fmt: skip


def test_two_versions_differ_by_entries_places_and_words(versions):
    found = difference(versions, 1, 5)
    assert {id: (one["change"], one["old_position"], one["new_position"]) for id, one in found.items()} == {
        "a1": ("changed", 1, 2), "a2": ("gone", 2, None), "a3": ("added", None, 1),
    }  # fmt: skip
    assert marked(found["a1"]["fields"])["title"] == ["Title ", "+of ", "a1"]
    assert not found["a1"]["moved"]  # Of the entries in both versions, it is the only one.
    assert (found["a2"]["title"], found["a2"]["fields"]) == ("Title a2", None)
    moved = difference(versions, 3, 4)["a1"]
    assert (moved["moved"], moved["old_position"], moved["new_position"]) == (True, 2, 3)
    assert list(marked(moved["fields"])) == ["published_at"]
    assert {one["change"] for one in difference(versions, 0, 1).values()} == {"added"}


def test_words_of_a_state_that_is_no_longer_kept_are_missing_and_nothing_else(versions):
    assert versions.ask("DELETE", "/articles/a1/revisions").status == 200
    one = difference(versions, 1, 2)["a1"]
    assert (one["change"], one["title"], one["fields"], one["new_position"]) == ("changed", None, None, 1)


def test_without_preview_versions_tell_no_earlier_words(versions):
    for scopes in (("read",), ("read", "write", "admin")):
        said = versions.get("/sections/taiwan/versions", scopes)
        titles = {one["title"] for version in said.json["versions"] for one in version["changes"]}
        assert titles <= {"Title of a1", "Title a2", "Title a3", None}
        one = difference(versions, 1, 2, scopes)["a1"]
        assert (one["title"], one["fields"]) == ("Title of a1", None)
