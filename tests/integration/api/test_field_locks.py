"""Locks in the API: an editor sets them, and each way to write says which fields it kept."""

import pytest

from tests.support.api import story

ADDRESS = "/articles/a1/locks"


def lock(api, *fields, scopes=("read", "preview", "write")):
    return api.ask("PUT", ADDRESS, {"fields": list(fields)}, scopes=scopes)


def test_each_way_to_write_says_which_fields_were_kept(sqlite_api):
    api = sqlite_api
    assert api.put("a1", tags=["rail"]).json["kept"] == []
    assert [one["field"] for one in lock(api, "tags", "title").json["locks"]] == ["title", "tags"]
    said = api.put("a1", title="Wrong again", tags=["rail"], url="/elsewhere").json
    assert (said["outcome"], said["kept"], said["article"]["title"]) == ("updated", ["title"], "Story")
    said = api.ask("PATCH", "/articles/a1", {"title": "Other"}).json
    assert (said["outcome"], said["kept"]) == ("unchanged", ["title"])
    batch = {"articles": [story(id="a1", title="x", tags=["y"], url="/elsewhere"), story(id="a2"), {"id": "bad"}]}
    kept = [one["kept"] for one in api.ask("POST", "/articles:batch", batch).json["outcomes"]]
    assert kept == [["title", "tags"], [], []]
    assert lock(api).json["locks"] == []
    assert api.ask("PATCH", "/articles/a1", {"title": "Other"}).json["kept"] == []


def test_only_fields_that_can_be_locked_are_accepted(sqlite_api):
    sqlite_api.put("a1")
    for wrong in ("status", "access", "id", "nothing"):
        assert lock(sqlite_api, "title", wrong).kind == "invalid"
    assert sqlite_api.get(ADDRESS).json["locks"] == []


@pytest.mark.parametrize("id", ["hidden", "nothing"])
def test_the_locks_of_a_hidden_article_look_like_those_of_one_that_does_not_exist(sqlite_api, id):
    sqlite_api.put("hidden", status="draft")
    address = f"/articles/{id}/locks"
    for said in (
        sqlite_api.get(address, ("read",)),
        sqlite_api.ask("PUT", address, {"fields": ["title"]}, scopes=("read", "write")),
    ):
        assert (said.status, said.json["detail"]) == (404, f"There is no article {id!r}.")
