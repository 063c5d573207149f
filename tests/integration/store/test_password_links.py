"""Links for passwords in the store: one for each user, used once even by many at a time, and not kept for long."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import func, select

from syndication.store.access import password_links, sessions, users
from syndication.store.tables.access import PasswordLinkRow
from tests.support.people import BOSS, OTHER, change, hash_of, person


def count(database):
    with database.read() as conn:
        return conn.scalar(select(func.count()).select_from(PasswordLinkRow))


def use(database, secret):
    with database.write() as conn:
        return password_links.use(conn, secret, hash_of(OTHER), "192.0.2.7", database.now(conn))


def test_of_many_at_the_same_time_one_uses_a_link(database):
    mei = person(database)
    secret, _ = change(database, password_links.create, mei)
    with ThreadPoolExecutor(4) as pool:
        used = list(pool.map(lambda _: use(database, secret), range(4)))
    assert [user.name for user in used if user] == ["mei"]
    assert count(database) == 0


def test_the_use_of_a_link_ends_sessions_and_sets_the_password(database):
    mei = person(database)
    secret, _ = change(database, password_links.create, mei)
    with database.write() as conn:
        session = sessions.create_session(conn, mei, "192.0.2.7", 12, database.now(conn))
    assert use(database, secret).name == "mei"
    with database.read() as conn:
        assert sessions.find_user(conn, session, database.now(conn)) is None
        assert users.get_password_hash(conn, mei) == hash_of(OTHER)


def test_a_user_has_one_link_and_each_user_their_own(database):
    mei, wu = person(database), person(database, "wu")
    older, _ = change(database, password_links.create, mei)
    newer, _ = change(database, password_links.create, mei)
    theirs, _ = change(database, password_links.create, wu)
    with database.read() as conn:
        now = database.now(conn)
        found = [password_links.find(conn, secret, now) for secret in (older, newer, theirs, "", "\ud800")]
    assert [user and user.name for user in found] == [None, "mei", "wu", None, None]


def test_expired_links_are_pruned(database, clock):
    mei, wu = person(database), person(database, "wu")
    change(database, password_links.create, mei)
    clock.advance(60)
    change(database, password_links.create, wu)
    with database.write() as conn:
        password_links.prune(conn, clock() + password_links.LIFETIME - timedelta(seconds=30))
    assert count(database) == 1


def test_the_secret_is_not_stored(database):
    secret, expires_at = change(database, password_links.create, person(database))
    with database.read() as conn:
        (row,) = conn.execute(select(PasswordLinkRow.__table__))
        assert secret not in str(tuple(row)) and row.created_by == BOSS.name
        assert expires_at == database.now(conn) + timedelta(hours=1) == row.expires_at
