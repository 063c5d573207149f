"""Tables that grow are bounded, and lookups never read them whole."""

import re
from collections.abc import Callable
from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, event, insert

from syndication.api.signatures import TOLERANCE
from syndication.cli import main
from syndication.errors import SyndicationError
from syndication.model.feed_selections import FeedSelections
from syndication.store.access import audit_log, sessions, tokens, users, webhook_ids
from syndication.store.access.audit_log import MAX_DISTINCT, OTHERS, Actor
from syndication.store.articles import render_deaths, trace_facts
from syndication.store.articles.articles import load_articles
from syndication.store.processes import web_processes, workers
from syndication.store.publishing import regenerations
from syndication.store.tables.publishing import FatalArticleRow
from syndication.worker import retention
from syndication.worker.retention import FATAL_KEPT, REQUESTS_KEPT
from tests.support.newsroom import NOON, at
from tests.support.people import person

CLIENT = Actor("token cms", "192.0.2.7")


def refused(api, name="read"):
    """Returns the refused actions of a token in the audit log, oldest first."""
    lines = api.audit(actor=f"token {name}")[::-1]
    return [(line.target.removeprefix("/api/v1"), line.times) for line in lines if line.outcome == "refused"]


def test_a_client_that_loops_fills_one_line_a_minute(api, clock):
    for _ in range(30):
        assert api.ask("POST", "/regenerations", scopes=("read",)).status == 403
    assert refused(api) == [("/regenerations", 30)]
    clock.advance(59)
    api.ask("POST", "/regenerations", scopes=("read",))
    assert refused(api) == [("/regenerations", 31)]
    clock.advance(1)
    api.ask("POST", "/regenerations", scopes=("read",))
    assert refused(api) == [("/regenerations", 31), ("/regenerations", 1)]


def test_a_client_that_tries_every_article_fills_so_many_lines_a_minute(api):
    for number in range(MAX_DISTINCT + 20):
        assert api.put(f"a{number}", scopes=("read",)).status == 403
    assert api.put("a3", scopes=("read",)).status == 403
    shown = [(f"/articles/a{number}", 1 + (number == 3)) for number in range(MAX_DISTINCT)]
    assert refused(api) == [*shown, (OTHERS.target, 20)]


def test_refusals_of_two_tokens_are_counted_separately(api):
    for headers in ({"address": "192.0.2.7"}, {"address": "192.0.2.8"}):
        api.ask("POST", "/regenerations", scopes=("read",), **headers)
    api.ask("POST", "/regenerations", scopes=("write",))
    api.ask("POST", "/previews", scopes=("read",))
    assert refused(api) == [("/regenerations", 1), ("/regenerations", 1), ("/previews", 1)]
    assert refused(api, "write") == [("/regenerations", 1)]


def test_actions_between_two_refusals_have_a_line_each(api):
    for number in range(5):
        api.put(f"a{number}", scopes=("write",))
        api.ask("POST", "/regenerations", scopes=("write",))
    lines = api.audit(actor="token write")[::-1]
    assert [line.act for line in lines if line.outcome == "created"] == ["put"] * 5
    assert refused(api, "write") == [("/regenerations", 5)]


def test_a_user_who_repeats_an_action_fills_one_line(api):
    from syndication.dashboard.app import dashboard_app

    user = person(api.database, "mei", "read")
    app = dashboard_app(api.settings, api.database, api.loader)
    with app.test_client() as client:
        with api.database.write() as conn:
            secret = sessions.create_session(conn, user, "192.0.2.7", 12, api.clock())
        with client.session_transaction() as session:
            session["login"] = secret
        for _ in range(3):
            assert client.post("/editors/tokens").status_code == 403
    (line,) = [line for line in api.audit(actor="user mei") if line.outcome == "refused"]
    assert (line.target, line.detail, line.times) == ("/editors/tokens", "needs admin", 3)


def test_the_number_of_repetitions_is_shown(api):
    for _ in range(1001):
        with api.database.write() as conn:
            audit_log.record_refusal(conn, CLIENT, "PUT article", "a1", "needs write", api.clock())
    (line,) = api.get("/audit-log?actor=token+cms").json["entries"]
    assert (line["outcome"], line["times"]) == ("refused", 1001)
    done = CliRunner().invoke(main, ["audit-log"], env={"SYNDICATION_DATABASE__URL": api.database.url})
    assert "PUT article a1: refused (needs write), 1,001 times within a minute\n" in done.output


def plans(conn: Connection, ask: Callable[[], Any], table: str) -> str:
    """Returns the query plans of the real statements on a table, not of copies of the queries."""
    asked: list[tuple[str, Any]] = []

    def note(_conn, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    event.listen(conn.engine, "before_cursor_execute", note)
    ask()
    event.remove(conn.engine, "before_cursor_execute", note)
    queries = [one for one in asked if re.search(rf"\b{table}\b", one[0])]
    assert queries
    return "\n".join(row[-1] for q, p in queries for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {q}", p))


def test_an_articles_tombstones_are_found_by_an_index(sqlite_database):
    with sqlite_database.snapshot() as conn:
        plan = plans(
            conn, lambda: trace_facts.read_trace_facts(conn, "a1", FeedSelections({}, "en"), NOON), "tombstone"
        )
    assert "ix_tombstone_article_id" in plan and "SCAN tombstone" not in plan, plan


def test_one_users_actions_are_found_by_an_index(sqlite_database):
    asks = (
        lambda: audit_log.list_entries(conn, 50, actor=CLIENT.name),
        lambda: audit_log.list_entries(conn, 50, actor=CLIENT.name, before=1000),
        lambda: audit_log.record_refusal(conn, CLIENT, "PUT", "a1", "needs write", NOON),
    )
    with sqlite_database.write() as conn:
        found = [plans(conn, ask, "audit_log") for ask in asks]
    for plan in found:
        assert "ix_audit_log_actor (actor=?" in plan and "SCAN" not in plan and "TEMP B-TREE" not in plan, plan


def test_a_push_that_changes_nothing_is_counted(api):
    for _ in range(30):
        api.put("a1")
    lines = [(line.outcome, line.times) for line in api.audit(target="a1")]
    assert sorted(lines) == [("created", 1), ("unchanged", 29)]


def test_failed_log_ins_from_one_address_are_counted(api):
    for _ in range(30):
        with api.database.write() as conn:
            sessions.record_failed_login(conn, None, "192.0.2.7", api.clock())
    (line,) = [line for line in api.audit() if line.act == "log in"]
    assert line.times == 30


def test_regenerations_of_one_token_are_limited_each_minute(api, clock):
    def request():
        said = api.ask("POST", "/regenerations", {"sections": ["taiwan"]})
        with api.database.write() as conn:  # As if a worker had finished it, so that none is joined.
            conn.exec_driver_sql("UPDATE regeneration_section SET result = 'unchanged'")
        return said

    answers = [request() for _ in range(regenerations.PER_MINUTE + 5)]
    assert [one.status for one in answers] == [202] * regenerations.PER_MINUTE + [429] * 5
    assert int(answers[-1].headers["Retry-After"]) >= 1
    clock.advance(60)
    assert request().status == 202


def test_only_so_many_regenerations_are_kept(api, clock, monkeypatch):
    monkeypatch.setattr(regenerations, "KEPT", 3)
    for number in range(6):
        with api.database.write() as conn:
            regenerations.request(conn, ["taiwan", f"s{number}"], None, CLIENT, clock())
        clock.advance(1)
    with api.database.write() as conn:
        regenerations.prune(conn, clock() - REQUESTS_KEPT)
        assert conn.exec_driver_sql("SELECT count(*) FROM regeneration").scalar() == 3


def count(database, table):
    with database.read() as conn:
        return conn.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()


def test_the_oldest_session_of_a_user_ends_when_one_more_is_opened(database, clock):
    mei, chen = person(database, "mei"), person(database, "chen")

    def log_in(user):
        clock.advance(1)
        with database.write() as conn:
            return sessions.create_session(conn, user, "192.0.2.7", 12, clock())

    others = log_in(chen)
    secrets = [log_in(mei) for _ in range(sessions.MAX_SESSIONS + 1)]
    with database.read() as conn:
        found = [sessions.find_user(conn, secret, clock()) for secret in secrets]
        assert [user is not None for user in found] == [False] + [True] * sessions.MAX_SESSIONS
        found = sessions.find_user(conn, others, clock())
        assert found is not None and found.id == chen.id


def test_a_token_beyond_the_most_is_refused_until_another_one_is_revoked(api, monkeypatch):
    monkeypatch.setattr(tokens, "MAX_ACTIVE", 4)
    api.token("read", name="expires", expires_at=at(seconds=1))
    for number in range(2):
        api.token("read", name=f"t{number}")
    said = api.ask("POST", "/tokens", {"name": "one more", "scopes": ["read"]})  # The fourth is that of the test.
    assert (said.status, "4 active tokens" in said.json["detail"]) == (422, True), said.json
    api.clock.advance(2)
    assert api.ask("POST", "/tokens", {"name": "one more", "scopes": ["read"]}).status == 201
    assert api.ask("POST", "/tokens", {"name": "another", "scopes": ["read"]}).status == 422


def test_tokens_that_ended_are_listed_for_as_long_as_the_audit_log_and_so_many(api, clock, monkeypatch):
    monkeypatch.setattr(tokens, "MAX_ENDED", 2)
    api.token("read", name="active")
    for number in range(4):
        api.token("read", name=f"t{number}")
        clock.advance(60)
        with api.database.write() as conn:
            tokens.revoke(conn, f"t{number}", CLIENT, clock())

    def names(before):
        with api.database.write() as conn:
            tokens.prune(conn, clock(), before)
            return {token.name for token in tokens.list_all(conn)}

    assert names(NOON) == {"active", "t2", "t3"}
    assert names(clock()) == {"active", "t3"}
    assert names(clock() + REQUESTS_KEPT) == {"active"}


def test_users_have_a_largest_number(api, monkeypatch):
    monkeypatch.setattr(users, "MAX_USERS", 2)
    person(api.database, "mei")
    person(api.database, "chen")
    with pytest.raises(SyndicationError, match="the limit of 2 users"):
        person(api.database, "lin")
    assert count(api.database, "dashboard_user") == 2


def test_processes_that_die_again_and_again_fill_no_table(database, clock, monkeypatch):
    monkeypatch.setattr(workers, "MAX_KEPT", 3)
    for number in range(6):
        clock.advance(1)
        with database.write() as conn:
            now = clock()
            workers.record_heartbeat(conn, workers.WorkerProcess(f"w{number}", "here", number, now, now))
            web_processes.record_heartbeat(conn, web_processes.WebProcess(f"w{number}", "here", number, now, now, None))
    with database.read() as conn:
        assert [one.id for one in workers.list_alive(conn, clock())] == ["w3", "w4", "w5"]
        assert [one.id for one in web_processes.list_alive(conn, clock())] == ["w3", "w4", "w5"]
    assert count(database, "worker") == count(database, "web_process") == 3


def test_webhook_ids_are_deleted_after_their_signatures_expire_without_a_worker(database, clock):
    def first_time(id):
        with database.write() as conn:
            return webhook_ids.record_if_new(conn, id, clock())

    assert first_time("a")
    clock.advance(2 * TOLERANCE)
    assert first_time("b") and not first_time("a")
    clock.advance(2 * TOLERANCE)
    assert first_time("c") and count(database, "webhook") == 2
    assert not first_time("b")


def test_a_fatal_article_is_deleted_once_gone_changed_or_old(api):
    for id in ("same", "changed", "gone", "old"):
        api.put(id)
    with api.database.write() as conn:
        stored = load_articles(conn, ["same", "changed", "gone", "old"])
        for id, article in stored.items():
            moment = NOON - FATAL_KEPT - timedelta(seconds=1) if id == "old" else NOON
            conn.execute(
                insert(FatalArticleRow).values(article_id=id, digest=render_deaths.article_digest(article), at=moment)
            )
        conn.exec_driver_sql("UPDATE article SET title = 'Another' WHERE id = 'changed'")
        conn.exec_driver_sql("DELETE FROM article WHERE id = 'gone'")
    with api.database.write() as conn:
        retention.prune(conn, api.settings, NOON)
        assert set(render_deaths.read_fatal(conn)) == {"same"}


def test_the_number_of_fatal_articles_is_limited(api, monkeypatch):
    monkeypatch.setattr(render_deaths, "KEPT", 2)
    for number in range(4):
        api.put(f"a{number}")
    with api.database.write() as conn:
        for number, article in enumerate(
            sorted(load_articles(conn, [f"a{n}" for n in range(4)]).values(), key=attrgetter("id"))
        ):
            digest, moment = render_deaths.article_digest(article), at(seconds=number)
            conn.execute(insert(FatalArticleRow).values(article_id=article.id, digest=digest, at=moment))
        render_deaths.prune(conn, NOON)
        assert set(render_deaths.read_fatal(conn)) == {"a2", "a3"}
