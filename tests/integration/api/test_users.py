"""Users in the API: admins create, change and disable them, and passwords are shown only once."""

import pytest

from syndication.auth.secrets import passwords
from syndication.model.scopes import ROLES
from syndication.store.access import password_links, sessions, users
from tests.support.people import OTHER, PASSWORD, hash_of, person

ADMIN = ("admin",)


def post(api, **body):
    return api.ask("POST", "/users", {"name": "mei", "scopes": ["read"]} | body, scopes=ADMIN)


def patch(api, name="mei", **body):
    return api.ask("PATCH", f"/users/{name}", body, scopes=ADMIN)


def right(api, password, name="mei"):
    with api.database.read() as conn:
        return passwords.verify_password(password, users.get_password_hash(conn, users.find_by_name(conn, name)))


def test_a_person_is_let_in_with_a_password_which_is_told_to_nobody(api, clock):
    said = post(api, password=PASSWORD, scopes=["write", "read"])
    assert said.status == 201
    assert said.json | {"id": ""} == {
        "id": "", "name": "mei", "role": None, "scopes": ["read", "write"], "created_at": "2026-03-14T12:00:00Z",
        "created_by": "token admin", "last_login_at": None, "disabled_at": None,
        "second_factor_at": None, "password_link": None,
    }  # fmt: skip
    assert right(api, PASSWORD)
    told = said.body + api.get("/users", ADMIN).body + api.get("/audit-log", ADMIN).body
    assert PASSWORD.encode() not in told and b"argon2" not in told
    assert PASSWORD not in api.everything_stored()


def secret_of(link):
    """Returns the secret of a link, and checks its address and its hour."""
    assert link["expires_at"] == "2026-03-14T13:00:00Z"
    base, secret = link["url"].rsplit("/", 1)
    assert base == "https://feeds.daily.example/editors/password"
    return secret


def test_without_a_password_there_is_a_link_which_is_shown_once(api, clock):
    said = post(api)
    secret = secret_of(said.json["password_link"])
    with api.database.read() as conn:
        assert password_links.find(conn, secret, clock()).name == "mei"
    shown = api.get("/users", ADMIN).body + api.get("/audit-log", ADMIN).body
    assert secret.encode() not in shown and secret not in api.everything_stored()
    assert [act.act for act in api.audit(actor="token admin")] == ["create password link", "create user"]


def test_a_link_for_a_user_keeps_the_old_password_until_it_is_used(api, clock):
    person(api.database)
    said = api.ask("POST", "/users/mei/password-link", scopes=ADMIN)
    assert said.status == 201 and right(api, PASSWORD)
    secret = secret_of(said.json)
    with api.database.write() as conn:
        assert password_links.use(conn, secret, hash_of(OTHER), "192.0.2.7", clock()).name == "mei"
    assert right(api, OTHER)
    assert api.ask("POST", "/users/nobody/password-link", scopes=ADMIN).status == 404
    patch(api, disabled=True)
    refused = api.ask("POST", "/users/mei/password-link", scopes=ADMIN)
    assert refused.status == 422 and "mei is disabled: enable the user first" in refused.json["detail"]


def test_sessions_are_listed_and_ended_by_an_id_that_opens_nothing(api, clock):
    mei, wu = person(api.database), person(api.database, "wu")
    with api.database.write() as conn:
        secret = sessions.create_session(conn, mei, "192.0.2.7", 12, clock(), browser="Firefox on Linux")
        sessions.create_session(conn, wu, "192.0.2.8", 12, clock())
    everybody = api.get("/sessions", ADMIN).json["sessions"]
    assert {session["user"] for session in everybody} == {"mei", "wu"}
    (listed,) = api.ask("GET", "/sessions?user=mei", scopes=ADMIN).json["sessions"]
    id = listed.pop("id")
    assert listed == {
        "user": "mei", "created_at": "2026-03-14T12:00:00Z", "expires_at": "2026-03-15T00:00:00Z",
        "source": "192.0.2.7", "browser": "Firefox on Linux",
    }  # fmt: skip
    with api.database.read() as conn:
        assert sessions.find_user(conn, id, clock()) is None
        assert sessions.find_user(conn, secret, clock()).name == "mei"
    assert api.ask("DELETE", f"/sessions/{id}", scopes=ADMIN).json["user"] == "mei"
    with api.database.read() as conn:
        assert sessions.find_user(conn, secret, clock()) is None
    assert api.ask("DELETE", f"/sessions/{id}", scopes=ADMIN).status == 404
    assert api.ask("DELETE", "/sessions/%25", scopes=ADMIN).status == 404
    assert api.ask("GET", "/sessions?user=nobody", scopes=ADMIN).status == 404
    assert [(act.act, act.target) for act in api.audit(actor="token admin")] == [("end session of user", "mei")]


def test_everybody_is_listed_by_name(sqlite_api):
    for name in ("wu", "chen"):
        person(sqlite_api.database, name)
    listed = sqlite_api.get("/users", ADMIN).json["users"]
    assert [user["name"] for user in listed] == ["chen", "wu"]
    assert all("password" not in user and "hash" not in user for user in listed)


def test_a_change_of_each_kind_logs_the_person_out(api, clock):
    person(api.database, "boss", "admin")
    mei = person(api.database)
    for body in ({"scopes": ["read", "write"]}, {"password": OTHER}, {"disabled": True}):
        with api.database.write() as conn:
            secret = sessions.create_session(conn, mei, "192.0.2.7", 12, clock())
        assert patch(api, **body).status == 200
        with api.database.read() as conn:
            assert sessions.find_user(conn, secret, clock()) is None
    said = patch(api)
    assert (said.json["scopes"], said.json["disabled_at"]) == (["read", "write"], "2026-03-14T12:00:00Z")
    assert right(api, OTHER)
    assert patch(api, disabled=False).json["disabled_at"] is None
    assert [act.act for act in api.audit(actor="token admin")] == [
        "enable user", "disable user", "change password of user", "change scopes of user"
    ]  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_a_preset_of_scopes(sqlite_api, role):
    said = post(sqlite_api, role=role, scopes=None, password=PASSWORD)
    assert (said.status, said.json["role"], said.json["scopes"]) == (201, role, list(ROLES[role]))
    person(sqlite_api.database, "boss", "admin")
    said = patch(sqlite_api, scopes=["read", "feeds"])
    assert (said.json["role"], said.json["scopes"]) == (None, ["read", "feeds"])
    assert patch(sqlite_api, role=role).json["scopes"] == list(ROLES[role])


def test_a_role_and_scopes_together_are_refused(sqlite_api):
    both = post(sqlite_api, role="reader")
    assert (both.status, both.kind) == (422, "invalid") and "exclude each other" in both.json["detail"]
    neither = post(sqlite_api, scopes=None)
    assert neither.status == 422 and "a user needs at least one scope" in neither.json["detail"]
    person(sqlite_api.database)
    assert patch(sqlite_api, role="reader", scopes=["read"]).status == 422


def test_what_is_null_stays_as_it_is(sqlite_api):
    person(sqlite_api.database)
    said = patch(sqlite_api, scopes=None, password=None, disabled=None)
    assert said.status == 200 and right(sqlite_api, PASSWORD) and not sqlite_api.audit(actor="token admin")


def test_all_changes_of_a_request_are_made_or_none(api):
    person(api.database, "boss", "admin")
    said = patch(api, "boss", password=OTHER, disabled=True)
    assert (said.status, said.kind) == (422, "invalid")
    assert "boss is the last user with the scope admin" in said.json["detail"]
    assert right(api, PASSWORD, "boss") and not api.audit(actor="token admin")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "Mei"}, "the name must have 1 to 64 lower-case letters"),
        ({"name": "x" * 65}, "name must have at most 64 characters, not 65"),
        ({"scopes": []}, "scopes must not be empty"),
        (
            {"scopes": ["root"]},
            "scopes.0 must be 'read', 'preview', 'write', 'regenerate', 'feeds' or 'admin', not 'root'",
        ),
        ({"password": "short"}, "the password must have at least 12 characters, not 5"),
        ({"password": "password1234"}, "too easy to guess"),
        ({"password": "x" * 1001}, "password must have at most 1000 characters, not 1001"),
        ({"password": 123456789012}, "password must be a string, not a number"),
        ({"hash": "x"}, "hash is not a known field"),
    ],
)
def test_a_person_who_is_asked_for_wrongly_is_refused_with_what_would_be_right(sqlite_api, wrong, words):
    said = post(sqlite_api, **{"password": PASSWORD} | wrong)
    assert (said.status, said.kind) == (422, "invalid")
    assert words in said.json["detail"] and PASSWORD not in said.json["detail"]
    assert sqlite_api.get("/users", ADMIN).json["users"] == []


def test_a_name_that_is_taken_and_one_that_nobody_has(sqlite_api):
    assert post(sqlite_api).status == 201
    assert "a user named 'mei' already exists" in post(sqlite_api).json["detail"]
    said = patch(sqlite_api, "nobody", disabled=True)
    assert (said.status, said.kind, said.json["detail"]) == (404, "not-found", "There is no user 'nobody'.")
