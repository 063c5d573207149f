"""Access to the API: tokens, scopes, rate limits, and their entries in the audit log."""

import hmac
import threading
from datetime import timedelta

import pytest

from syndication.api import signatures
from syndication.api.operations import Operations
from syndication.cli import main
from syndication.store.access import audit_log, tokens
from tests.support.api import Api, story

SCOPE_OF = {
    ("GET", "/articles"): "read",
    ("GET", "/articles/x"): "read",
    ("PUT", "/articles/x"): "write",
    ("PATCH", "/articles/x"): "write",
    ("POST", "/articles:batch"): "write",
    ("POST", "/articles/x/withdraw"): "write",
    ("POST", "/articles/x/restore"): "write",
    ("POST", "/withdrawals"): "write",
    ("GET", "/withdrawals/x"): "write",
    ("POST", "/withdrawals/x/undo"): "write",
    ("GET", "/withdrawals/x/delivery"): "write",
    ("GET", "/articles/x/trace"): "read",
    ("GET", "/articles/x/history"): "read",
    ("POST", "/articles/x/compare"): "write",
    ("POST", "/articles/x/schedule"): "write",
    ("GET", "/articles/x/locks"): "read",
    ("PUT", "/articles/x/locks"): "write",
    ("GET", "/articles/x/revisions"): "preview",
    ("GET", "/articles/x/revisions/y"): "preview",
    ("GET", "/articles/x/revisions/y/difference"): "preview",
    ("POST", "/articles/x/revisions/y/revert"): "write",
    ("DELETE", "/articles/x/revisions"): "admin",
    ("GET", "/upcoming"): "preview",
    ("GET", "/deliveries"): "preview",
    ("GET", "/status"): "read",
    ("GET", "/sections"): "read",
    ("GET", "/sections/taiwan"): "read",
    ("GET", "/sections/taiwan/entries"): "read",
    ("GET", "/articles/a1/delivery"): "read",
    ("GET", "/sections/taiwan/left-out"): "read",
    ("GET", "/sections/taiwan/versions"): "read",
    ("GET", "/sections/taiwan/difference"): "read",
    ("POST", "/sections/taiwan/release"): "regenerate",
    ("POST", "/sections/taiwan/purge"): "regenerate",
    ("PUT", "/sections/taiwan/hold"): "feeds",
    ("DELETE", "/sections/taiwan/hold"): "feeds",
    ("GET", "/feeds"): "read",
    ("GET", "/feeds/x"): "read",
    ("POST", "/feeds"): "feeds",
    ("PUT", "/feeds/x"): "feeds",
    ("POST", "/feeds/x/rename"): "feeds",
    ("POST", "/feeds/x/retire"): "feeds",
    ("POST", "/feeds/x/reinstate"): "feeds",
    ("POST", "/feeds/preview"): "feeds",
    ("POST", "/regenerations"): "regenerate",
    ("GET", "/regenerations/x"): "read",
    ("POST", "/previews"): "preview",
    ("GET", "/previews/x"): "preview",
    ("POST", "/webhooks/articles"): "public",
    ("GET", "/sources"): "read",
    ("GET", "/sources/cms"): "read",
    ("POST", "/sources/cms/look"): "regenerate",
    ("POST", "/sources/cms/check"): "preview",
    ("POST", "/sources/cms/pause"): "admin",
    ("POST", "/sources/cms/resume"): "admin",
    ("POST", "/sources/cms/accept"): "admin",
    ("GET", "/hub"): "read",
    ("GET", "/hub/subscriptions"): "read",
    ("GET", "/hub/subscriptions/1"): "read",
    ("GET", "/hub/pushes"): "read",
    ("POST", "/hub/subscriptions/1/pause"): "admin",
    ("POST", "/hub/subscriptions/1/resume"): "admin",
    ("POST", "/hub/subscriptions/1/push"): "regenerate",
    ("DELETE", "/hub/subscriptions/1"): "admin",
    ("DELETE", "/hub/hosts/x"): "admin",
    ("GET", "/notifications"): "read",
    ("POST", "/notifications/desk/test"): "admin",
    ("POST", "/webhooks/ninjs"): "public",
    ("GET", "/webhooks/ninjs/assets/<path:media_id>"): "public",
    ("GET", "/tokens"): "admin",
    ("POST", "/tokens"): "admin",
    ("DELETE", "/tokens/x"): "admin",
    ("GET", "/users"): "admin",
    ("POST", "/users"): "admin",
    ("PATCH", "/users/x"): "admin",
    ("POST", "/users/x/password-link"): "admin",
    ("DELETE", "/users/x/second-factor"): "admin",
    ("GET", "/sessions"): "admin",
    ("DELETE", "/sessions/x"): "admin",
    ("GET", "/audit-log"): "admin",
}
"""Every operation and its required scope, written by hand; `test_access_matrix.py` tests the declared scopes."""


def declared(api):
    """Yields the method and endpoint of every operation, without the reference."""
    for rule in api.app.url_map.iter_rules():
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if not rule.endpoint.startswith("description."):
                yield method, rule.endpoint


def endpoint(api, method, path):
    return api.app.url_map.bind("x").match(f"/api/v1{path}", method=method)[0]


def test_the_table_has_a_row_for_every_operation_with_its_scope(sqlite_api):
    rows = {(method, endpoint(sqlite_api, method, path)): scope for (method, path), scope in SCOPE_OF.items()}
    assert rows == {(method, name): Operations.scopes.get(name) for method, name in declared(sqlite_api)}


def test_a_refusal_for_want_of_a_scope_is_in_the_audit_log(api):
    api.ask("POST", "/regenerations", {"all_sections": True}, scopes=("read",))
    (act,) = api.audit(actor="token read")
    assert (act.act, act.target, act.outcome, act.detail, act.source) == (
        "POST regenerations.request_regeneration", "/api/v1/regenerations", "refused", "needs regenerate", "192.0.2.7",
    )  # fmt: skip


def test_a_secret_is_shown_once_and_stored_nowhere(api):
    made = api.ask("POST", "/tokens", {"name": "cms", "scopes": ["write", "read"]})
    secret = made.json["secret"]
    assert made.status == 201 and secret.startswith("syn_") and len(secret) == 47
    assert api.get("/sections", secret=secret).status == 200
    assert made.json["scopes"] == ["read", "write"]
    assert secret not in api.everything_stored() and secret[4:] not in api.everything_stored()
    assert secret.encode() not in api.get("/tokens").body + api.get("/audit-log").body
    assert "secret" not in api.get("/tokens").json["tokens"][0]


def test_a_token_that_expired_or_was_revoked_opens_nothing_at_once(api, clock):
    short = api.token("read", name="short", expires_at=clock() + timedelta(hours=1))
    assert api.get("/sections", secret=short).status == 200
    clock.advance(3600)
    assert api.get("/sections", secret=short).status == 401
    made = api.ask("POST", "/tokens", {"name": "cms", "scopes": ["read"]}).json
    assert api.get("/sections", secret=made["secret"]).status == 200
    assert api.ask("DELETE", f"/tokens/{made['id']}").json["revoked_at"] is not None
    assert api.get("/sections", secret=made["secret"]).status == 401
    assert api.ask("DELETE", f"/tokens/{made['id']}").status == 404


def test_a_name_is_free_again_when_its_token_is_closed_and_not_before(sqlite_api):
    body = {"name": "cms", "scopes": ["read"]}
    assert sqlite_api.ask("POST", "/tokens", body).status == 201
    assert sqlite_api.ask("POST", "/tokens", body).status == 422
    assert sqlite_api.ask("DELETE", "/tokens/cms").status == 200
    assert sqlite_api.ask("POST", "/tokens", body).status == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "", "scopes": ["read"]},
        {"name": "x" * 101, "scopes": ["read"]},
        {"name": "a\x00b", "scopes": ["read"]},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["root"]},
        {"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "x", "scopes": ["read"], "expires_at": "tomorrow"},
        {"name": "x", "scopes": ["read"], "more": 1},
    ],
)
def test_a_token_that_is_asked_for_wrongly_is_refused_naming_the_field(sqlite_api, wrong):
    assert sqlite_api.ask("POST", "/tokens", wrong).kind == "invalid"


def test_the_last_use_is_recorded_once_a_minute_also_by_many_at_once(api, clock):
    secret = api.token("read", name="cms")

    def used():
        with api.database.read() as conn:
            return tokens.find_by_name(conn, "cms")[0].last_used_at

    assert used() is None
    first = clock()
    workers = [threading.Thread(target=lambda: api.get("/sections", secret=secret)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert used() == first
    clock.advance(59)
    api.get("/sections", secret=secret)
    assert used() == first
    clock.advance(1)
    api.get("/sections", secret=secret)
    assert used() == clock()


@pytest.mark.parametrize(
    "path", ["/sections?access_token=x", "/articles?q={}", "/articles?{}", "/tokens/{}", "/docs?token=a{}b"]
)
def test_a_token_in_an_address_is_refused_and_not_written_down(sqlite_api, path):
    secret = sqlite_api.token("read", name="leaked")
    said = sqlite_api.get(path.format(secret), secret=secret)
    assert (said.status, said.kind) == (400, "token-in-address")
    assert secret not in sqlite_api.everything_stored() and secret.encode() not in said.body


def test_an_article_whose_id_begins_like_a_token_is_no_token(sqlite_api):
    assert sqlite_api.put("syn_posium").status == 201
    assert len(sqlite_api.get("/articles?q=syn_posium").json["articles"]) == 1


def test_guessing_is_limited_by_address_and_a_right_token_is_never_refused(sqlite_api):
    right = sqlite_api.token("read", name="right")
    for _ in range(10):
        assert sqlite_api.get("/sections", secret="syn_wrong").status == 401
    said = sqlite_api.get("/sections", secret="syn_wrong")
    assert (said.status, said.kind) == (429, "too-many-attempts")
    assert 1 <= int(said.headers["Retry-After"]) <= 60
    assert sqlite_api.get("/sections", secret=right).status == 200
    assert sqlite_api.get("/sections", secret="syn_wrong", address="192.0.2.8").status == 401


def test_strange_tokens_are_wrong_and_nothing_else(api):
    for n, secret in enumerate(["é" * 40, "syn_" + "x" * 5000, "' OR 1=1 --", "a b c", "%00"]):
        assert api.get("/sections", secret=secret, address=f"192.0.2.{n}").status == 401


def test_secrets_are_compared_in_the_same_time_wherever_they_differ(sqlite_api, monkeypatch):
    compared = []

    def compare(one, other, original=hmac.compare_digest):
        compared.append((one, other))
        return original(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    secret = sqlite_api.token("read", name="cms")
    assert sqlite_api.get("/sections", secret=secret).status == 200
    assert len(compared) == 1 and secret not in compared[0]
    assert not signatures.signed("s", "id", "1", b"{}", "v1,a v1,b")
    assert len(compared) == 3


@pytest.mark.parametrize(("proxies", "source"), [(0, "192.0.2.7"), (1, "198.51.100.2"), (2, "198.51.100.1")])
def test_forwarded_addresses_are_believed_only_of_trusted_proxies(sqlite_database, clock, proxies, source):
    from syndication.web.wsgi.admission import AdmissionControl

    api = Api(sqlite_database, clock)
    app = api.app.wsgi_app
    api.app.wsgi_app = AdmissionControl(app, app, app, at_once=2, waiting=2, trusted_proxies=proxies)
    headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.1, 198.51.100.2"}
    api.ask("PUT", "/articles/a1", story(), headers=headers)
    assert api.audit(act="put")[0].source == source


def test_every_act_of_the_api_is_recorded_with_who_what_where_when_and_outcome(api, clock):
    api.desk.work()
    api.put("a1")
    api.put("a1")
    api.ask("PATCH", "/articles/a1", {"title": "New"})
    api.ask("POST", "/articles:batch", {"articles": [story(id="b1"), story(id="b2"), {"id": "b3"}]})
    api.ask("POST", "/articles/a1/withdraw")
    api.put("a1")
    api.ask("POST", "/articles/a1/restore")
    api.ask("POST", "/regenerations", {"sections": ["taiwan"]})
    api.ask("POST", "/previews", {"changes": [{"id": "a1"}]})
    api.ask("POST", "/tokens", {"name": "cms", "scopes": ["read"]})
    api.ask("DELETE", "/tokens/cms")
    acts = api.audit(actor="token read-preview-write-regenerate-feeds-admin")[::-1]
    assert [(act.act, act.target, act.outcome) for act in acts] == [
        ("put", "a1", "created"),
        ("put", "a1", "unchanged"),
        ("patch", "a1", "updated"),
        ("put", "b1", "created"),
        ("put", "b2", "created"),
        ("withdraw", "a1", "withdrawn"),
        ("put", "a1", "kept_out"),
        ("restore", "a1", "restored"),
        ("regenerate", "taiwan", "requested"),
        ("preview", "a1", "requested"),
        ("create token", "cms", "created"),
        ("revoke token", "cms", "revoked"),
    ]
    assert {(act.source, act.at) for act in acts} == {("192.0.2.7", clock())}


def test_the_audit_log_is_read_page_by_page_and_by_act_actor_and_target(api):
    for n in range(7):
        api.put(f"a{n}")
    pages = api.pages("/audit-log?limit=3&act=put")
    assert [act["target"] for page in pages for act in page.json["entries"]] == [f"a{n}" for n in range(6, -1, -1)]
    assert [act["act"] for act in api.get("/audit-log?target=a3").json["entries"]] == ["put"]
    assert len(api.get("/audit-log?actor=nobody").json["entries"]) == 0


def test_a_target_that_no_index_could_hold_is_cut(api):
    with api.database.write() as conn:
        many = ", ".join(f"{n:x}{hash(n * 7919) % 10**9:x}" for n in range(2000))
        audit_log.record(conn, audit_log.SERVICE, [audit_log.Act("regenerate", many, "requested")], api.clock())
    (act,) = api.audit(act="regenerate")
    assert act.target.endswith("…") and len(act.target.encode()) <= 1000


@pytest.fixture
def command(sqlite_url, monkeypatch, tmp_path):
    monkeypatch.setenv("SYNDICATION_DATABASE__URL", sqlite_url)
    monkeypatch.chdir(tmp_path)
    from click.testing import CliRunner

    return lambda *arguments, **more: CliRunner().invoke(main, arguments, **more)


def test_tokens_are_made_listed_and_revoked_by_command_as_by_the_api(command, sqlite_url, clock):
    from syndication.store.db.database import Database

    database = Database(sqlite_url)
    secret = command("token", "create", "cms", "--scope", "read", "--scope", "admin", "--days", "30").stdout.strip()
    api = Api(database, clock)
    assert [token["name"] for token in api.get("/tokens", secret=secret).json["tokens"]] == ["cms"]
    api.ask("POST", "/tokens", {"name": "other", "scopes": ["read"]}, secret=secret)
    listed = command("token", "list").stdout
    assert "cms" in listed and "other" in listed and secret not in listed
    assert command("token", "create", "cms", "--scope", "read").exit_code == 1
    assert command("token", "revoke", "cms").exit_code == 0
    assert api.get("/tokens", secret=secret).status == 401
    assert command("token", "revoke", "cms").exit_code == 1
    assert "revoked" in command("token", "list", "--all").stdout
    database.close()


def test_every_act_of_the_command_line_is_recorded(command, sqlite_url):
    from syndication.store.db.database import Database

    line = '{"id": "a1", "title": "T", "url": "/a", "published_at": "2026-03-14T08:00:00Z"}\n'
    command("import", "-", input=line)
    command("withdraw", "a1")
    command("restore", "a1", "--no-wait")
    command("withdraw", "nobody")
    command("regenerate", "sports")
    command("token", "create", "cms", "--all")
    command("token", "revoke", "cms")
    database = Database(sqlite_url)
    with database.read() as conn:
        acts = audit_log.list_entries(conn, 20)[::-1]
    database.close()
    assert [(act.act, act.target, act.outcome) for act in acts][1:] == [
        ("withdraw", "a1", "withdrawn"),
        ("restore", "a1", "restored"),
        ("withdraw", "nobody", "unknown"),
        ("regenerate", "sports", "requested"),
        ("create token", "cms", "created"),
        ("revoke token", "cms", "revoked"),
    ]
    assert acts[0].act == "import" and "1" in acts[0].outcome
    assert {act.source for act in acts} == {"command line"}


def test_the_audit_log_is_kept_as_long_as_is_set(database, clock):
    from syndication.worker.process import Worker
    from syndication.worker.tasks import Task

    api = Api(database, clock, audit_days=30)
    api.put("a1")
    clock.advance(29 * 86400)
    worker = Worker(api.settings, database)
    worker._do(frozenset({Task.HOUSEKEEP}))
    assert api.audit(act="put")
    clock.advance(2 * 86400)
    worker._do(frozenset({Task.HOUSEKEEP}))
    assert not api.audit()
