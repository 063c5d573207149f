"""``syndication user`` in scripts, and in a process of its own at a terminal."""

import pytest

from syndication.auth.secrets import passwords
from syndication.auth.secrets.second_factor import new_secret
from syndication.model.scopes import ROLES
from syndication.store.access import audit_log, password_links, second_factor, sessions, users
from syndication.store.db.database import Database
from tests.support.people import BOSS, OTHER, PASSWORD, person
from tests.support.service import command, environ
from tests.support.terminal import typed


@pytest.fixture
def database(sqlite_url):
    database = Database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def user(sqlite_url, tmp_path):
    """Runs the command; ``input`` is a pipe, as in a script."""

    def run(*arguments, input=""):
        env = environ(SYNDICATION_DATABASE__URL=sqlite_url)
        return command("user", *arguments, folder=tmp_path, env=env, input=input)

    return run


def right(database, password, name="mei"):
    with database.read() as conn:
        return passwords.verify_password(password, users.get_password_hash(conn, users.find_by_name(conn, name)))


def test_create_reads_the_password_from_a_pipe(user, database):
    made = user("create", "mei", "--scope", "read", "--scope", "preview", "--password-stdin", input=f"{PASSWORD}\n")
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "Created user mei.\n")
    assert right(database, PASSWORD)
    with database.read() as conn:
        assert users.find_by_name(conn, "mei").scopes == ("read", "preview")
        (act,) = audit_log.list_entries(conn, 10)
    assert (act.act, act.target, act.source) == ("create user", "mei", "command line")


def test_a_generated_password_is_shown_once_and_works(user, database):
    made = user("create", "mei", "--all", "--generate")
    assert made.returncode == 0 and made.stdout.count("\n") == 1
    assert right(database, made.stdout.strip())
    again = user("password", "mei", "--generate")
    assert right(database, again.stdout.strip()) and again.stdout != made.stdout
    assert made.stdout.strip() not in user("list").stdout


def test_a_terminal_prompts_twice_without_echo(database, sqlite_url, tmp_path):
    env = environ(SYNDICATION_DATABASE__URL=sqlite_url)
    answers = [(b"Password:", PASSWORD), (b"Repeat password:", PASSWORD)]
    code, screen = typed(answers, "user", "create", "mei", "--all", env=env, folder=tmp_path)
    assert code == 0 and "Created user mei." in screen and PASSWORD not in screen
    assert right(database, PASSWORD)
    answers = [
        (b"Password:", OTHER), (b"Repeat password:", PASSWORD), (b"Password:", OTHER), (b"Repeat password:", OTHER)
    ]  # fmt: skip
    code, screen = typed(answers, "user", "password", "mei", env=env, folder=tmp_path)
    assert code == 0 and "do not match" in screen
    assert right(database, OTHER)


def test_a_role_grants_its_scopes(user, database):
    assert user("create", "mei", "--role", "editor", "--generate").returncode == 0
    assert "editor    read, preview, write, regenerate\n" in user("list").stdout
    assert user("scopes", "mei", "--role", "producer").stdout == f"Scopes of mei: {', '.join(ROLES['producer'])}.\n"
    both = user("scopes", "mei", "--role", "reader", "--scope", "read")
    assert both.returncode == 2 and "not both" in both.stderr
    assert user("create", "chen", "--role", "boss", "--generate").returncode == 2


def test_a_link_is_printed_in_place_of_a_password(user, database):
    made = user("create", "mei", "--role", "reader", "--link")
    assert made.returncode == 0 and "It works once, for an hour" in made.stderr
    again = user("password-link", "mei")
    links = [done.stdout.strip().rsplit("/", 1) for done in (made, again)]
    assert {base for base, _ in links} == {"http://127.0.0.1:8000/editors/password"}
    with database.read() as conn:
        now = database.now(conn)
        assert password_links.find(conn, links[0][1], now) is None
        assert password_links.find(conn, links[1][1], now).name == "mei"
    assert user("create", "chen", "--link", "--generate").returncode == 2
    assert user("password-link", "nobody").returncode == 1


def test_sessions_are_listed_and_ended(user, database):
    mei = person(database)
    assert user("sessions").stdout == "Nobody is logged in.\n"
    with database.write() as conn:
        now = database.now(conn)
        secrets = [sessions.create_session(conn, mei, "192.0.2.7", 12, now, browser="Firefox on Linux") for _ in "ab"]
        listed = sessions.list_sessions(conn, now)
    shown = user("sessions", "mei").stdout
    assert shown.count("Firefox on Linux") == 2 and all(session.id in shown for session in listed)
    assert not any(secret in shown for secret in secrets)
    assert user("log-out", "mei", "--session", listed[0].id).stdout == "Ended 1 session of mei.\n"
    assert user("log-out", "mei", "--session", listed[0].id).returncode == 1
    assert user("log-out", "mei").stdout == "Ended 1 session of mei.\n"
    assert user("sessions", "mei").stdout == "mei is not logged in.\n"
    assert user("sessions", "nobody").returncode == user("log-out", "nobody").returncode == 1


def test_users_are_listed_without_hashes(user, database):
    empty = user("list")
    assert empty.stdout == "No enabled users. Create one with `syndication user create NAME --all`.\n"
    person(database, "mei", "read", "write")
    person(database, "chen", "admin")
    assert user("disable", "mei").stdout == "mei is disabled.\n"
    assert "mei" not in user("list").stdout
    everybody = user("list", "--all").stdout
    assert "disabled  -         read, write" in everybody and "never" in everybody and "argon2" not in everybody
    assert user("enable", "mei").stdout == "mei is enabled.\n"
    assert "mei" in user("list").stdout


def test_reset_second_factor_removes_it_and_ends_the_sessions(user, database):
    mei = person(database)
    assert "off            enabled" in user("list").stdout
    assert user("reset-second-factor", "mei").stdout == "mei has no second factor.\n"
    with database.write() as conn:
        now = database.now(conn)
        second_factor.enable(conn, mei, new_secret(), 0, BOSS, now, keep="")
        session = sessions.create_session(conn, mei, "192.0.2.7", 12, now)
    assert "on             enabled" in user("list").stdout
    assert user("reset-second-factor", "mei").stdout == "Removed the second factor of mei.\n"
    with database.read() as conn:
        assert (
            users.find_by_name(conn, "mei").second_factor_at is None and sessions.find_user(conn, session, now) is None
        )
        act = audit_log.list_entries(conn, 1)[0]
    assert (act.act, act.target, act.outcome, act.source) == (
        "remove second factor of user", "mei", "removed", "command line",
    )  # fmt: skip


def test_the_last_admin_is_removed_only_with_force(user, database):
    person(database, "chen", "admin")
    for arguments in (("disable", "chen"), ("scopes", "chen", "--scope", "read")):
        refused = user(*arguments)
        assert refused.returncode == 1
        assert "chen is the last user with the scope admin" in refused.stderr and "--force" in refused.stderr
    assert user("scopes", "chen", "--scope", "read", "--force").stdout == "Scopes of chen: read.\n"
    assert user("scopes", "chen", "--all").stdout == "Scopes of chen: read, preview, write, regenerate, feeds, admin.\n"
    assert user("disable", "chen", "--force").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "input", "code", "words"),
    [
        (("create", "Mei", "--all"), "", 1, "the name must have 1 to 64 lower-case letters"),
        (("create", "chen", "--all"), "", 1, "a user named 'chen' already exists"),
        (("create", "mei"), "", 1, "a user needs at least one scope: use read, preview"),
        (("create", "mei", "--all"), PASSWORD, 1, "there is no terminal to prompt for the password"),
        (("create", "mei", "--all", "--password-stdin"), "short\n", 1, "the password must have at least 12"),
        (("create", "mei", "--all", "--password-stdin", "--generate"), "", 2, "not both"),
        (("password", "nobody", "--generate"), "", 1, "there is no user 'nobody'"),
        (("scopes", "nobody", "--all"), "", 1, "there is no user 'nobody'"),
        (("scopes", "chen"), "", 1, "a user needs at least one scope"),
        (("disable", "nobody"), "", 1, "there is no user 'nobody'"),
        (("reset-second-factor", "nobody"), "", 1, "there is no user 'nobody'"),
        (("enable", "nobody"), "", 1, "`syndication user list --all` lists all users"),
    ],
)  # fmt: skip
def test_an_error_is_one_sentence(user, database, arguments, input, code, words):
    person(database, "chen", "admin")
    done = user(*arguments, input=input)
    assert done.returncode == code and words in done.stderr and "Traceback" not in done.stderr
    with database.read() as conn:
        assert [user.name for user in users.list_all(conn)] == ["chen"]
