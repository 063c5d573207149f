"""An article's history: the actions on it, and their effects in the feeds."""

from urllib.parse import quote

import pytest
from sqlalchemy import text

from syndication.store.access import audit_log
from tests.support.api import TESTER, story, when

READER = ("read",)


def events(api, id="a1", scopes=("read", "preview", "write", "admin"), query=""):
    said = api.get(f"/articles/{quote(id, safe='')}/history{query}", scopes)
    assert said.status == 200, said.body
    return said.json["events"]


def told(found):
    """Each event in a word or two."""
    return [
        (one["act"]["act"], one["act"]["outcome"]) if one["act"]
        else (one["feed"]["section"], one["feed"]["version"], one["feed"]["change"], one["feed"]["reason"])
        for one in found
    ]  # fmt: skip


def live(api):
    """A story that was written, corrected, withdrawn and restored, one second apart."""
    api.desk.sections = {"taiwan": api.desk.sections["taiwan"]}
    api.desk.restart()
    for method, rest, body in (
        ("PUT", "", story()), ("PATCH", "", {"title": "Corrected"}),
        ("POST", "/withdraw", None), ("POST", "/restore", None),
    ):  # fmt: skip
        api.ask(method, f"/articles/a1{rest}", body)
        api.desk.later()
        api.clock.advance(1)


LIFE = [
    ("taiwan", 4, "added", None), ("restore", "restored"),
    ("taiwan", 3, "gone", "withdrawn"), ("withdraw", "withdrawn"),
    ("taiwan", 2, "changed", "same-date"), ("patch", "updated"),
    ("taiwan", 1, "added", None), ("put", "created"),
]  # fmt: skip


def test_history_lists_actions_and_effects_newest_first(api):
    live(api)
    found = events(api)
    assert told(found) == LIFE
    assert [one["at"] for one in found[-2:]] == [when(seconds=1), when()]
    assert found[-1]["act"]["actor"].startswith("token ") and found[-1]["act"]["source"] == "192.0.2.7"
    assert told(events(api, query="?limit=3")) == LIFE[:3]


def test_only_admins_see_the_actors_in_a_history(api):
    live(api)
    said = api.get("/articles/a1/history", READER)
    assert told(said.json["events"]) == LIFE[::2] and said.json["acts"] is False
    assert b"token" not in said.body and b"192.0.2.7" not in said.body
    assert api.get("/articles/a1/history", ("read", "admin")).json["acts"] is True


def test_an_effect_comes_before_its_action_at_the_same_time(api):
    api.put("a1")
    api.desk.work()
    assert told(events(api)) == [
        ("all", 1, "added", None), ("taiwan", 1, "added", None), ("put", "created"),
    ]  # fmt: skip


def test_actions_on_a_section_or_token_of_the_same_name_are_excluded(api):
    api.desk.work()
    api.put("taiwan")
    api.ask("POST", "/regenerations", {"sections": ["taiwan"]})
    api.ask("POST", "/previews", {"section": "taiwan"})
    api.ask("POST", "/tokens", {"name": "taiwan", "scopes": ["read"]})
    assert told(events(api, "taiwan")) == [("put", "created")]


@pytest.mark.parametrize("id", ["2026/03/night", "夜" * 400, "a/trace/x"])
def test_any_id_has_a_history_even_one_shortened_in_the_audit_log(api, id):
    assert api.put(id).status == 201
    api.put("other")
    assert told(events(api, id)) == [("put", "created")]


def test_an_unknown_article_has_no_history_even_after_attempts(api):
    with api.database.write() as conn:
        audit_log.record(conn, TESTER, [audit_log.Act("withdraw", "nobody", "unknown")], api.clock())
    assert api.get("/articles/nobody/history").kind == "not-found"


def test_every_caller_sees_the_end_of_a_public_deleted_article(api):
    api.put("a1")
    api.desk.work()
    with api.database.write() as conn:
        conn.execute(text("DELETE FROM article"))
    assert api.get("/articles/a1/history", READER).status == 200
    api.desk.later()
    assert told(events(api, scopes=READER))[0] == ("all", 2, "gone", "deleted")


def test_only_previewers_see_the_history_of_an_embargoed_story(api, clock):
    api.put("secret-id", title="SECRET", published_at=when(hours=1))
    api.put("public")
    api.desk.work()
    unknown = api.get("/articles/unknown/history", ("read", "admin"))
    said = api.get("/articles/secret-id/history", ("read", "admin"))
    assert (said.status, said.body) == (404, unknown.body.replace(b"unknown", b"secret-id"))
    assert told(events(api, "secret-id")) == [("put", "created")]
    assert b"secret" not in api.get("/articles/public/history", READER).body.lower()
    api.desk.later(hours=1)
    assert told(events(api, "secret-id", READER)) == [("all", 2, "added", None), ("taiwan", 2, "added", None)]


def test_no_title_is_in_a_history(api):
    api.put("a1", title="TITLE", html="<p>TITLE</p>")
    api.desk.work()
    assert b"TITLE" not in api.get("/articles/a1/history").body


def test_the_history_is_looked_up_by_indexes(sqlite_api):
    """Runs EXPLAIN on the real statements, not on copies of the queries."""
    from sqlalchemy import event

    from syndication.store.articles.history import list_events

    asked = []
    event.listen(
        sqlite_api.database.engine, "before_cursor_execute",
        lambda conn, cursor, statement, parameters, context, many: asked.append((statement, parameters)),
    )  # fmt: skip
    with sqlite_api.database.snapshot() as conn:
        list_events(conn, "a1", 50, acts=True)
        queries = [one for one in asked if one[0].lstrip().startswith("SELECT")]
        plans = [[row[-1] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {q}", p)] for q, p in queries]
    plan = "\n".join(line for lines in plans for line in lines)
    assert "ix_audit_log_target" in plan and "ix_feed_version_change_article_id" in plan and "SCAN" not in plan, plan
