"""Users and their sessions: listing, changes, and log-out of those who lose access."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from syndication.errors import SyndicationError
from syndication.store.access import audit_log, sessions, user_changes, users
from syndication.store.access.user_changes import LastAdminError
from syndication.store.db.database import Database
from syndication.worker.tasks import Task
from tests.integration.store.test_triggers import wait_for_a_lock
from tests.support.api import Api
from tests.support.newsroom import NOON
from tests.support.people import OTHER, PASSWORD, change, hash_of, person


def log_in(database, user, hours=12):
    with database.write() as conn:
        return sessions.create_session(conn, user, "192.0.2.7", hours, database.now(conn))


def who(database, secret):
    with database.read() as conn:
        return sessions.find_user(conn, secret, database.now(conn))


def acts(database):
    with database.read() as conn:
        return [(act.actor, act.act, act.target, act.outcome, act.detail) for act in audit_log.list_entries(conn, 100)][
            ::-1
        ]


def test_a_person_is_found_by_name_and_id_without_the_hash(database):
    made = person(database, "mei-hua.lin_2", "admin", "read")
    assert (made.scopes, made.created_at, made.created_by) == (("read", "admin"), NOON, "boss")
    assert made.enabled and made.last_login_at is None
    with database.read() as conn:
        assert users.find_by_name(conn, "mei-hua.lin_2") == users.find(conn, made.id) == made
        assert users.get_password_hash(conn, made) == hash_of(PASSWORD)
        assert users.find_by_name(conn, "nobody") is users.find(conn, "nobody") is None
    assert not hasattr(made, "hash")


def test_everybody_is_listed_by_name(database):
    with database.read() as conn:
        assert users.list_all(conn) == [] and not users.any_enabled(conn)
    people = [person(database, name) for name in ("lin", "chen", "wu")]
    with database.read() as conn:
        assert [user.name for user in users.list_all(conn)] == ["chen", "lin", "wu"]
        assert users.any_enabled(conn)
    for user in people:
        change(database, user_changes.disable, user)
    with database.read() as conn:
        assert not users.any_enabled(conn) and len(users.list_all(conn)) == 3


@pytest.mark.parametrize("name", ["", "Mei", "mei lin", "x" * 65, "美華", "mei\n", "a/b", "mei\x00"])
def test_an_invalid_name_is_rejected_with_the_rule(database, name):
    with pytest.raises(SyndicationError, match="1 to 64 lower-case letters"):
        person(database, name)
    assert acts(database) == []


@pytest.mark.parametrize("scopes", [("root",), ("read", "root")])
def test_an_unknown_scope_is_rejected(database, scopes):
    with pytest.raises(SyndicationError, match="there is no scope 'root': use read, preview"):
        person(database, "mei", *scopes)


def test_a_name_is_unique_even_if_its_user_is_disabled(database):
    change(database, user_changes.disable, person(database))
    with pytest.raises(SyndicationError, match="a user named 'mei' already exists"):
        person(database)
    assert len(acts(database)) == 2


def test_a_person_is_found_by_the_secret_until_it_expires(database, clock):
    mei = person(database)
    secret = log_in(database, mei, hours=2)
    found = who(database, secret)
    assert (found.name, found.last_login_at) == ("mei", NOON)
    assert who(database, secret + "x") is None and who(database, "\ud800") is None
    clock.advance(7199)
    assert who(database, secret) == found
    clock.advance(1)
    assert who(database, secret) is None


def test_neither_secret_nor_password_is_stored(database, clock):
    api = Api(database, clock)
    secret = log_in(database, person(database))
    stored = api.everything_stored()
    assert secret not in stored and PASSWORD not in stored
    assert stored.count(hash_of(PASSWORD)) == 1 and hash_of(PASSWORD) not in str(acts(database))


def test_logging_out_ends_one_login_and_is_recorded(database):
    mei = person(database)
    first, second = log_in(database, mei), log_in(database, mei)
    with database.write() as conn:
        assert sessions.end_session(conn, first, "192.0.2.7", database.now(conn)).name == "mei"
        assert sessions.end_session(conn, first, "192.0.2.7", database.now(conn)) is None
    assert who(database, first) is None and who(database, second) is not None
    assert [act for act in acts(database) if act[1] == "log out"] == [
        ("user mei", "log out", "mei", "logged out", None)
    ]


@pytest.mark.parametrize(
    ("act", "more"),
    [
        (user_changes.disable, ()),
        (user_changes.set_scopes, (["read", "write"],)),
        (user_changes.set_password, (hash_of(OTHER),)),
    ],
)
def test_a_changed_user_is_logged_out_at_once_and_no_other(database, act, more):
    mei, lin = person(database), person(database, "lin")
    secrets, other = [log_in(database, mei) for _ in range(2)], log_in(database, lin)
    change(database, act, mei, *more)
    assert [who(database, secret) for secret in secrets] == [None, None]
    assert who(database, other).name == "lin"


def test_the_browser_in_which_the_password_is_changed_stays_in(database):
    mei = person(database)
    here, there = log_in(database, mei), log_in(database, mei)
    change(database, user_changes.set_password, mei, hash_of(OTHER), keep=here)
    assert who(database, here) is not None and who(database, there) is None
    with database.read() as conn:
        assert users.get_password_hash(conn, mei) == hash_of(OTHER)


def test_an_earlier_session_does_not_return_with_its_user(database):
    mei = person(database)
    secret = log_in(database, mei)
    disabled = change(database, user_changes.disable, mei)
    change(database, user_changes.enable, disabled)
    assert who(database, secret) is None
    with database.read() as conn:
        assert users.find_by_name(conn, "mei").enabled


def test_a_disabled_users_session_is_invalid_even_if_its_row_exists(database):
    mei = person(database)
    change(database, user_changes.disable, mei)
    assert who(database, log_in(database, mei)) is None


def test_every_change_is_recorded_once_without_password_or_hash(database):
    mei = person(database)
    change(database, user_changes.set_scopes, mei, ["write", "read"])
    change(database, user_changes.set_password, mei, hash_of(OTHER))
    disabled = change(database, user_changes.disable, mei)
    change(database, user_changes.disable, disabled)
    enabled = change(database, user_changes.enable, disabled)
    change(database, user_changes.enable, enabled)
    assert acts(database) == [
        ("boss", "create user", "mei", "created", "read"),
        ("boss", "change scopes of user", "mei", "changed", "read write"),
        ("boss", "change password of user", "mei", "changed", None),
        ("boss", "disable user", "mei", "disabled", None),
        ("boss", "enable user", "mei", "enabled", None),
    ]


def test_a_change_that_fails_leaves_neither_change_nor_record(database):
    mei = person(database, "mei", "admin")
    secret = log_in(database, mei)

    def disable_and_fail(conn, *who):
        user_changes.disable(conn, mei, *who, force=True)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        change(database, disable_and_fail)
    assert who(database, secret).enabled and acts(database)[-1][1] == "log in"


@pytest.mark.parametrize(("act", "more"), [(user_changes.disable, ()), (user_changes.set_scopes, (["read"],))])
def test_the_last_admin_stays_unless_another_way_in_is_known(database, act, more):
    first, second = person(database, "first", "admin"), person(database, "second", "admin", "read")
    person(database, "writer", "write")
    change(database, act, first, *more)
    with pytest.raises(LastAdminError, match="second is the last user with the scope admin"):
        change(database, act, second, *more)
    change(database, user_changes.set_scopes, second, ["admin"])
    change(database, act, second, *more, force=True)


def test_a_user_who_is_not_admin_can_be_disabled_without_any_admin(database):
    assert not change(database, user_changes.disable, person(database)).enabled


def test_two_admins_who_disable_each_other_take_turns(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    one, other = person(database, "one", "admin"), person(database, "other", "admin")
    with ThreadPoolExecutor(1) as pool, psycopg.connect(postgres_url, autocommit=True) as watching:
        with database.write() as conn:
            user_changes.disable(conn, one, audit_log.SERVICE, NOON)
            waiting = pool.submit(change, database, user_changes.disable, other)
            wait_for_a_lock(watching)
        with pytest.raises(LastAdminError):
            waiting.result(10)
    database.close()


def test_a_login_under_way_while_the_password_is_changed_is_none(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    mei = person(database)

    def verified():
        with database.write() as conn:
            return users.is_unchanged(conn, mei, hash_of(PASSWORD))

    assert verified()
    with ThreadPoolExecutor(1) as pool, psycopg.connect(postgres_url, autocommit=True) as watching:
        with database.write() as conn:
            user_changes.set_password(conn, mei, hash_of(OTHER), audit_log.SERVICE, NOON)
            waiting = pool.submit(verified)
            wait_for_a_lock(watching)
        assert waiting.result(10) is False
    database.close()


def test_a_password_change_waits_for_a_login_under_way_and_ends_it(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    mei = person(database)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(postgres_url, autocommit=True) as watching:
        with database.write() as conn:
            assert users.is_unchanged(conn, mei, hash_of(PASSWORD))
            waiting = pool.submit(change, database, user_changes.set_password, mei, hash_of(OTHER))
            wait_for_a_lock(watching)
            secret = sessions.create_session(conn, mei, "192.0.2.7", 12, NOON)
        waiting.result(10)
    assert who(database, secret) is None
    database.close()


def test_the_worker_deletes_expired_sessions(database, clock):
    from syndication.store.tables.access import SessionRow
    from syndication.worker.process import Worker

    mei = person(database)
    log_in(database, mei, hours=1)
    kept = log_in(database, mei, hours=3)
    clock.advance(timedelta(hours=2).total_seconds())
    Worker(Api(database, clock).settings, database)._do(frozenset({Task.HOUSEKEEP}))
    with database.read() as conn:
        assert len(conn.execute(SessionRow.__table__.select()).all()) == 1
    assert who(database, kept) is not None
