"""Logging in: who may, who has to wait, and what a stranger can learn from it (nothing)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from syndication import passwords
from syndication.editors.access import Guesses, network
from syndication.editors.entrance import WRONG, Entered, Entrance, Refused
from syndication.store import account_changes, accounts, logins
from syndication.store.audit import read
from tests.people import OTHER, PASSWORD, change, person

HERE, ELSEWHERE = "192.0.2.7", "192.0.2.8"


@pytest.fixture
def entrance(database):
    return Entrance(database, Guesses(3), 12)


@pytest.fixture
def hashed(monkeypatch):
    """Every password that is verified, as each time a hash is made."""
    seen = []

    def verified(password, hash, original=passwords.verified):
        seen.append(password)
        return original(password, hash)

    monkeypatch.setattr(passwords, "verified", verified)
    return seen


def acts(database):
    with database.read() as conn:
        found = [act for act in read(conn, 100) if act.act == "log in"][::-1]
    return [(act.actor, act.source, act.target, act.outcome, act.detail) for act in found]


@pytest.mark.parametrize("typed", ["mei", " Mei "])
def test_the_right_password_lets_in_and_is_recorded(database, entrance, clock, typed):
    mei = person(database)
    entered = entrance.enter(typed, PASSWORD, HERE)
    assert isinstance(entered, Entered) and entered.account == mei
    with database.read() as conn:
        found = logins.find(conn, entered.secret, clock())
    assert (found.name, found.last_login_at) == ("mei", clock())
    assert acts(database) == [("user mei", HERE, "mei", "logged in", None)]


def test_a_refusal_is_the_same_whatever_is_wrong_and_the_audit_log_knows_what(database, entrance):
    person(database)
    change(database, account_changes.disable, person(database, "gone", password=OTHER))
    tried = [("mei", OTHER), ("nobody", PASSWORD), ("gone", OTHER), (PASSWORD, ""), ("me\x00i", PASSWORD)]
    for number, (name, password) in enumerate(tried):
        assert entrance.enter(name, password, f"192.0.2.{number}") == Refused(WRONG)
    assert [(target, outcome, why) for _, _, target, outcome, why in acts(database)] == [
        ("mei", "refused", "wrong password"),
        ("an unknown name", "refused", None),
        ("gone", "refused", "disabled"),
        ("an unknown name", "refused", None),
        ("an unknown name", "refused", None),
    ]
    with database.read() as conn:
        assert PASSWORD not in str(read(conn, 100)) and OTHER not in str(read(conn, 100))


def test_every_attempt_that_is_let_try_takes_one_hash(database, entrance, hashed):
    person(database)
    for name in ("mei", "nobody", "no such name!"):
        entrance.enter(name, OTHER, HERE)
    assert hashed == [OTHER] * 3


def test_who_was_wrong_too_often_waits_before_anything_is_hashed(database, entrance, hashed):
    person(database)
    for _ in range(3):
        assert entrance.enter("mei", OTHER, HERE).wait is None
    refused = entrance.enter("mei", PASSWORD, HERE)
    assert isinstance(refused, Refused) and 1 <= refused.wait <= 60
    assert refused.detail.startswith(f"There were too many wrong attempts from {HERE}: try again in ")
    assert hashed == [OTHER] * 3 and len(acts(database)) == 3
    assert isinstance(entrance.enter("mei", PASSWORD, ELSEWHERE), Entered)


def test_a_right_password_is_not_counted_as_a_wrong_one(database, entrance):
    person(database)
    for _ in range(5):
        assert isinstance(entrance.enter("mei", PASSWORD, HERE), Entered)


def test_many_attempts_at_once_are_counted_as_exactly_as_one_after_another(database, entrance, hashed):
    person(database)
    with ThreadPoolExecutor(4) as pool:
        refused = list(pool.map(lambda _: entrance.enter("mei", OTHER, HERE), range(8)))
    assert len(hashed) == 3 and sum(one.wait is None for one in refused) == 3


def test_a_password_that_is_changed_while_it_is_verified_lets_nobody_in(database, entrance, monkeypatch):
    mei = person(database)
    verify = passwords.verified

    def meanwhile(password, hash):
        change(database, account_changes.set_password, mei, passwords.hash_anew(OTHER))
        return verify(password, hash)

    monkeypatch.setattr(passwords, "verified", meanwhile)
    assert entrance.enter("mei", PASSWORD, HERE) == Refused(WRONG)


def test_a_hash_with_old_parameters_is_made_anew_and_ends_no_login(database, entrance, clock):
    mei = person(database)
    old = passwords.PasswordHash(PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD))
    change(database, account_changes.set_password, mei, old)
    first, second = entrance.enter("mei", PASSWORD, HERE), entrance.enter("mei", PASSWORD, HERE)
    with database.read() as conn:
        hash = accounts.hash_of(conn, mei)
        assert hash != old and not passwords.needs_rehash(hash) and passwords.verified(PASSWORD, hash)
        assert logins.find(conn, first.secret, clock()) and logins.find(conn, second.secret, clock())


@pytest.mark.parametrize(
    ("address", "guesser"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_a_guesser_is_an_address_of_ipv4_and_a_network_of_ipv6(address, guesser):
    assert network(address) == guesser


def test_one_who_changes_addresses_within_a_network_is_one_guesser():
    guesses = Guesses(2)
    assert guesses.wrong("2001:db8::1") is guesses.wrong("2001:db8::2") is None
    assert guesses.wrong("2001:db8::3") >= 1 and guesses.too_many("2001:db8::4") >= 1
    assert guesses.too_many("2001:db8:0:1::1") is None


def test_asking_whether_there_were_too_many_counts_nothing():
    guesses = Guesses(1)
    assert [guesses.too_many(HERE) for _ in range(5)] == [None] * 5
    assert guesses.wrong(HERE) is None
    assert guesses.too_many(HERE) >= 1
