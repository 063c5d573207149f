"""What a change would do, told before it is made; and embargoes, set, moved and lifted."""

import pytest

from tests.support.api import when


def compare(api, id="a1", scopes=None, **patch):
    more = {"scopes": scopes} if scopes else {}
    return api.ask("POST", f"/articles/{id}/compare", patch, **more)


def effects(said):
    return {one["section"]: (one["effect"], one["position"]) for one in said.json["feeds"]}


@pytest.fixture
def newsroom(api):
    for number in range(3):
        api.put(f"b{number}", published_at=when(hours=-number - 2))
    api.put("a1", title="A nigth train", tags=["x"])
    api.desk.work()
    return api


def test_a_comparison_shows_words_and_feeds_and_stores_nothing(newsroom):
    before = newsroom.everything_stored()
    said = compare(newsroom, title="A night train", tags=["x", "y"]).json
    assert [one["field"] for one in said["fields"]] == ["title", "tags"]
    assert said["fields"][0]["pieces"] == [
        {"kind": "same", "text": "A "}, {"kind": "gone", "text": "nigth"}, {"kind": "new", "text": "night"},
        {"kind": "same", "text": " train"},
    ]  # fmt: skip
    assert said["moves_date"] is False
    assert newsroom.everything_stored() == before


@pytest.mark.parametrize(
    ("patch", "found"),
    [
        ({"title": "x"}, {"taiwan": ("changes", 1), "all": ("changes", 1)}),
        ({}, {"taiwan": ("stays", 1), "all": ("stays", 1)}),
        ({"sections": ["china"]}, {"taiwan": ("leaves", None), "china": ("enters", 1), "all": ("changes", 1)}),
        ({"published_at": when(hours=-2.5)}, {"taiwan": ("moves", 2), "all": ("moves", 2)}),
        ({"published_at": when(hours=2)}, {"taiwan": ("leaves", None), "all": ("leaves", None)}),
        ({"expires_at": when(hours=-0.5)}, {"taiwan": ("leaves", None), "all": ("leaves", None)}),
        ({"status": "draft"}, {"taiwan": ("leaves", None), "all": ("leaves", None)}),
    ],
)
def test_the_effect_in_each_feed_is_what_then_happens(newsroom, patch, found):
    said = compare(newsroom, **patch)
    assert effects(said) == found
    newsroom.ask("PATCH", "/articles/a1", patch)
    newsroom.desk.later(seconds=5)
    for slug, (_, position) in found.items():
        entries = [one["article_id"] for one in newsroom.get(f"/sections/{slug}/entries").json["entries"]]
        assert (entries.index("a1") + 1 if "a1" in entries else None) == position, slug


def test_a_new_story_and_an_embargo_are_told_too(newsroom):
    new = {"title": "T", "url": "/t", "sections": ["taiwan"]}
    assert effects(compare(newsroom, "new", **new, published_at=when()))["taiwan"] == ("enters", 1)
    ahead = compare(newsroom, "new", **new, published_at=when(hours=1))
    assert effects(ahead)["taiwan"] == ("scheduled", None)
    assert {one["at"] for one in ahead.json["feeds"]} == {when(hours=1)}
    assert effects(compare(newsroom, "new", **new)) == {}


def test_only_a_new_correction_without_a_date_moves_the_date(newsroom):
    newsroom.ask("PATCH", "/articles/a1", {"correction": "Old."})
    for patch, moves in (
        ({"correction": "New."}, True),
        ({"correction": " Old. "}, False),
        ({"correction": None}, False),
        ({"correction": "New.", "updated_at": when()}, False),
    ):
        assert compare(newsroom, **patch).json["moves_date"] is moves, patch


def test_a_comparison_shows_nothing_of_a_hidden_text(newsroom):
    newsroom.put("hidden", title="Hush", published_at=when(hours=2))
    blind = ("read", "write")
    new = {"title": "T", "url": "/t"}
    seen, unknown = (compare(newsroom, id, blind, **new).body.decode() for id in ("hidden", "nothing"))
    assert seen.replace("hidden", "nothing") == unknown and "Hush" not in seen
    said = compare(newsroom, title="")
    assert (said.status, said.kind) == (422, "invalid")


def schedule(api, id, at, **more):
    return api.ask("POST", f"/articles/{id}/schedule", {"published_at": at}, **more)


def test_an_embargo_is_set_moved_and_lifted_and_each_is_in_the_audit_log(newsroom):
    newsroom.put("draft", status="draft", published_at=None)
    for at in (when(hours=2), when(hours=1)):
        said = schedule(newsroom, "draft", at)
        assert (said.json["article"]["status"], said.json["article"]["published_at"]) == ("published", at)
    assert schedule(newsroom, "draft", None).json["article"]["published_at"] == when()
    refused = schedule(newsroom, "draft", when(hours=3))
    assert (refused.status, refused.kind) == (409, "public-already")
    assert [act.target for act in newsroom.audit(act="schedule")] == ["draft"] * 3


def test_a_withdrawn_story_is_scheduled_and_stays_out(newsroom):
    newsroom.put("soon", published_at=when(hours=2))
    newsroom.ask("POST", "/articles/soon/withdraw")
    assert schedule(newsroom, "soon", None).json["article"]["status"] == "withdrawn"


def test_what_is_hidden_cannot_be_scheduled_blindly(newsroom):
    newsroom.put("soon", published_at=when(hours=2))
    for id in ("soon", "nothing"):
        said = schedule(newsroom, id, None, scopes=("write",))
        assert (said.status, said.json["detail"]) == (404, f"There is no article {id!r}.")
