"""Request bodies: exactly the documented fields, each of exactly its type."""

import typing

import pytest

from syndication.api.articles import ArticlePatch
from syndication.api.operations import Operations
from syndication.model.json_types import StrictModel
from tests.integration.api.test_webhooks import announce
from tests.support.api import story

TOKEN = {"name": "cms", "scopes": ["read"]}
USER = {"name": "mei", "scopes": ["read"], "password": "seven wonderful grey elephants"}

REFUSED = [
    ("POST", "/regenerations", {"all_sections": "on"}, "all_sections must be true or false, not a string"),
    ("POST", "/regenerations", {"all_sections": 1}, "all_sections must be true or false, not a number"),
    ("POST", "/regenerations", {"sections": {"0": "taiwan"}}, "sections must be a list, not an object"),
    ("POST", "/regenerations", {"sections": ["taiwan"], "reason": 5}, "reason must be a string, not a number"),
    ("POST", "/regenerations", {"sections": ["taiwan"], "why": "x"}, "why is not a known field"),
    ("POST", "/previews", {"section": 5, "changes": []}, "section must be a string, not a number"),
    ("POST", "/previews", {"section": "taiwan", "changes": {}}, "changes must be a list, not an object"),
    ("POST", "/previews", {"section": "taiwan", "changes": [[["id", "a"]]]}, "changes.0 must be an object, not a list"),
    ("POST", "/previews", {"section": "taiwan", "more": 1}, "more is not a known field"),
    ("POST", "/tokens", TOKEN | {"name": 5}, "name must be a string, not a number"),
    ("POST", "/tokens", TOKEN | {"scopes": "read"}, "scopes must be a list, not a string"),
    ("POST", "/tokens", TOKEN | {"expires_at": 1800000000}, "not a number"),
    ("POST", "/tokens", TOKEN | {"more": 1}, "more is not a known field"),
    ("POST", "/users", USER | {"name": True}, "name must be a string, not a boolean"),
    ("POST", "/users", USER | {"scopes": {"read": 1}}, "scopes must be a list, not an object"),
    ("PATCH", "/users/mei", {"disabled": "false"}, "disabled must be true or false, not a string"),
    ("PATCH", "/users/mei", {"disabled": 0}, "disabled must be true or false, not a number"),
    ("PATCH", "/users/mei", {"more": 1}, "more is not a known field"),
    ("PUT", "/articles/a1", story(title=5), "title must be a string, not a number"),
    ("PUT", "/articles/a1", story(image={"url": "/i", "width": "12"}), "image.width must be a whole number"),
    ("PUT", "/articles/a1", story(image={"url": "/i", "width": True}), "image.width must be a whole number"),
    ("PATCH", "/articles/a1", {"title": 5}, "title must be a string, not a number"),
    ("PATCH", "/articles/a1", {"more": 1}, "more is not a field of an article"),
]


@pytest.mark.parametrize(("method", "path", "body", "words"), REFUSED)
def test_a_value_of_another_type_is_refused(sqlite_api, method, path, body, words):
    sqlite_api.put("a1")
    answer = sqlite_api.ask(method, path, body)
    assert (answer.status, answer.kind) == (422, "invalid") and words in answer.json["detail"]


def test_a_webhook_with_values_of_another_type_is_refused(sqlite_api):
    assert "data.title must be a string, not a number" in announce(sqlite_api, title=5).json["detail"]


def test_a_batch_refuses_values_of_another_type_and_other_members(sqlite_api):
    wrong = {"articles": [story(id="a1", title=5)]}
    (outcome,) = sqlite_api.ask("POST", "/articles:batch", wrong).json["outcomes"]
    assert outcome["errors"] == [{"field": "title", "detail": "must be a string, not a number"}]
    more = {"articles": [story(id="a1")], "more": 1}
    assert "must have no other members" in sqlite_api.ask("POST", "/articles:batch", more).json["detail"]


def test_every_body_is_a_strict_model(sqlite_api):
    bodies = {typing.get_type_hints(view).get("body") for view in Operations.needs} - {None}
    assert len(bodies) >= 13
    for body in bodies - {ArticlePatch}:  # The merged article is a strict model.
        assert issubclass(body, StrictModel)
        assert (body.model_config["strict"], body.model_config["extra"]) == (True, "forbid")
