"""Log-in: success, rate limits, and no information for attackers."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from syndication.auth.bearer import FailureLimiter
from syndication.auth.login import BUSY, WRONG, Denied, LoggedIn, LoginService
from syndication.auth.secrets import passwords
from syndication.auth.verification_queue import VerificationQueue
from syndication.model.client_network import network
from syndication.store.access import sessions, user_changes, users
from syndication.store.access.audit_log import list_entries
from syndication.store.tables.access import LoginFailureRow
from tests.support.people import OTHER, PASSWORD, change, person

HERE, ELSEWHERE = "192.0.2.7", "192.0.2.8"


@pytest.fixture
def login_service(database):
    return LoginService(database, FailureLimiter(3), 12)


@pytest.fixture
def hashed(monkeypatch):
    """Records every verified password, each of which costs a hash."""
    seen = []

    def verified(password, hash, original=passwords.verify_password):
        seen.append(password)
        return original(password, hash)

    monkeypatch.setattr(passwords, "verify_password", verified)
    return seen


def acts(database):
    with database.read() as conn:
        found = [act for act in list_entries(conn, 100) if act.act == "log in"][::-1]
    return [(act.actor, act.source, act.target, act.outcome, act.detail) for act in found]


@pytest.mark.parametrize("typed", ["mei", " Mei "])
def test_the_right_password_lets_in_and_is_recorded(database, login_service, clock, typed):
    mei = person(database)
    entered = login_service.log_in(typed, PASSWORD, HERE)
    assert isinstance(entered, LoggedIn) and entered.user == mei
    with database.read() as conn:
        found = sessions.find_user(conn, entered.secret, clock())
    assert (found.name, found.last_login_at) == ("mei", clock())
    assert acts(database) == [("user mei", HERE, "mei", "logged in", None)]


def test_a_refusal_is_the_same_whatever_is_wrong_and_the_audit_log_knows_what(database, login_service):
    person(database)
    change(database, user_changes.disable, person(database, "gone", password=OTHER))
    tried = [("mei", OTHER), ("nobody", PASSWORD), ("gone", OTHER), (PASSWORD, ""), ("me\x00i", PASSWORD)]
    for number, (name, password) in enumerate(tried):
        assert login_service.log_in(name, password, f"192.0.2.{number}") == Denied(WRONG)
    assert [(target, outcome, why) for _, _, target, outcome, why in acts(database)] == [
        ("mei", "refused", "wrong password"),
        ("unknown user", "refused", None),
        ("gone", "refused", "disabled"),
        ("unknown user", "refused", None),
        ("unknown user", "refused", None),
    ]
    with database.read() as conn:
        assert PASSWORD not in str(list_entries(conn, 100)) and OTHER not in str(list_entries(conn, 100))


def test_every_attempt_that_is_let_try_takes_one_hash(database, login_service, hashed):
    person(database)
    for name in ("mei", "nobody", "no such name!"):
        login_service.log_in(name, OTHER, HERE)
    assert hashed == [OTHER] * 3


def test_who_was_wrong_too_often_waits_before_anything_is_hashed(database, login_service, hashed):
    person(database)
    for _ in range(3):
        assert login_service.log_in("mei", OTHER, HERE).wait is None
    refused = login_service.log_in("mei", PASSWORD, HERE)
    assert isinstance(refused, Denied) and 1 <= refused.wait <= 60
    assert refused.detail.startswith(f"Too many failed attempts from {HERE}: try again in ")
    assert hashed == [OTHER] * 3 and len(acts(database)) == 1
    with database.read() as conn:
        assert [act.times for act in list_entries(conn, 100) if act.act == "log in"] == [3]
    assert isinstance(login_service.log_in("mei", PASSWORD, ELSEWHERE), LoggedIn)


def test_a_right_password_is_not_counted_as_a_wrong_one(database, login_service):
    person(database)
    for _ in range(5):
        assert isinstance(login_service.log_in("mei", PASSWORD, HERE), LoggedIn)


def test_many_attempts_at_once_are_counted_as_exactly_as_one_after_another(database, login_service, hashed):
    person(database)
    with ThreadPoolExecutor(4) as pool:
        refused = list(pool.map(lambda _: login_service.log_in("mei", OTHER, HERE), range(8)))
    assert len(hashed) == 3 and sum(one.wait is None for one in refused) == 3


def test_a_password_that_is_changed_while_it_is_verified_lets_nobody_in(database, login_service, monkeypatch):
    mei = person(database)
    verify = passwords.verify_password

    def meanwhile(password, hash):
        change(database, user_changes.set_password, mei, passwords.rehash_password(OTHER))
        return verify(password, hash)

    monkeypatch.setattr(passwords, "verify_password", meanwhile)
    assert login_service.log_in("mei", PASSWORD, HERE) == Denied(WRONG)


def test_a_hash_with_old_parameters_is_made_anew_and_ends_no_login(database, login_service, clock):
    mei = person(database)
    old = passwords.PasswordHash(PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD))
    change(database, user_changes.set_password, mei, old)
    first, second = login_service.log_in("mei", PASSWORD, HERE), login_service.log_in("mei", PASSWORD, HERE)
    with database.read() as conn:
        hash = users.get_password_hash(conn, mei)
        assert hash != old and not passwords.needs_rehash(hash) and passwords.verify_password(PASSWORD, hash)
        assert sessions.find_user(conn, first.secret, clock()) and sessions.find_user(conn, second.secret, clock())


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
    limiter = FailureLimiter(2)
    assert limiter.record("2001:db8::1") is limiter.record("2001:db8::2") is None
    assert limiter.record("2001:db8::3") >= 1 and limiter.blocked_for("2001:db8::4") >= 1
    assert limiter.blocked_for("2001:db8:0:1::1") is None


def test_asking_whether_there_were_too_many_counts_nothing():
    limiter = FailureLimiter(1)
    assert [limiter.blocked_for(HERE) for _ in range(5)] == [None] * 5
    assert limiter.record(HERE) is None
    assert limiter.blocked_for(HERE) >= 1


def wrong(login_service, name, times, network="198.51.100", devices=None):
    """Tries wrong passwords for a name, each from another address; returns the results."""
    return [login_service.log_in(name, OTHER, f"{network}.{number}", devices or {}) for number in range(times)]


@pytest.fixture
def patient(database):
    """A log-in service that allows five failures for a name."""
    return LoginService(database, FailureLimiter(1000), 12, 5)


@pytest.mark.parametrize("name", ["mei", "nobody", "no such name!"])
def test_a_name_has_an_end_of_failures_whether_somebody_has_it_or_not(database, patient, hashed, clock, name):
    person(database)
    assert wrong(patient, name, 5) == [Denied(WRONG)] * 5
    refused = patient.log_in(name, PASSWORD, ELSEWHERE)
    assert refused == Denied("Too many failed attempts with this name: try again in 900 s.", 900)
    assert hashed == [OTHER] * 5 and len(acts(database)) == 5
    clock.advance(899)
    assert patient.log_in(name, PASSWORD, ELSEWHERE).wait == 1
    clock.advance(1)
    assert isinstance(patient.log_in(name, PASSWORD, ELSEWHERE), LoggedIn) == (name == "mei")


def test_the_end_of_failures_is_the_same_for_all_web_processes(database, patient):
    person(database)
    other = LoginService(database, FailureLimiter(1000), 12, 5)
    assert wrong(patient, "mei", 3) + wrong(other, " MEI ", 2) == [Denied(WRONG)] * 5
    assert patient.log_in("mei", PASSWORD, HERE).wait and other.log_in("mei", PASSWORD, HERE).wait
    assert other.log_in("wu", PASSWORD, HERE) == Denied(WRONG)


def test_strangers_lock_nobody_out_of_a_browser_in_which_they_logged_in_before(database, patient):
    mei = person(database)
    known = {mei.id: "device 1"}
    wrong(patient, "mei", 9)
    assert isinstance(patient.log_in("mei", PASSWORD, ELSEWHERE, known), LoggedIn)
    assert patient.log_in("mei", PASSWORD, ELSEWHERE, {"another user": "device 1"}).wait == 900
    # A known browser is limited as well, in case it is stolen.
    locked = Denied("Too many failed attempts with this name in this browser: try again in 900 s.", 900)
    assert wrong(patient, "mei", 6, devices=known)[4:] == [Denied(WRONG), locked]
    assert isinstance(patient.log_in("mei", PASSWORD, ELSEWHERE, {mei.id: "device 2"}), LoggedIn)


def test_at_most_a_hundred_failures_for_one_name_within_any_hour(database, clock):
    """ASVS 2.2.1, with the highest configurable limit, against an attacker who knows when each window ends."""
    login_service, failed = LoginService(database, FailureLimiter(10_000), 12, 20), []
    while len(failed) < 200:
        refused = wrong(login_service, "nobody", 1)[0]
        if refused.wait is None:
            failed.append(clock())
            # The first window is used as late as possible.
            clock.advance(899.9 if len(failed) == 1 else 0)
        else:
            clock.advance(refused.wait)
    assert all((later - first).total_seconds() >= 3600 for first, later in zip(failed, failed[100:], strict=False))


def test_names_that_strangers_type_are_stored_nowhere_and_their_rows_end(database, patient, clock):
    for number in range(30):
        patient.log_in(f"{PASSWORD} {number}", "x", f"198.51.100.{number}")
    with database.read() as conn:
        rows = conn.execute(select(LoginFailureRow.__table__)).all()
    assert len(rows) == 30 and PASSWORD not in str(rows)
    clock.advance(901)
    patient.log_in("another", "x", HERE)
    with database.read() as conn:
        assert len(conn.execute(select(LoginFailureRow.__table__)).all()) == 1


def test_a_clock_that_is_set_back_locks_nobody_out_for_longer(database, patient, clock):
    person(database)
    wrong(patient, "mei", 5)
    clock.advance(-86400)
    assert patient.log_in("mei", PASSWORD, HERE).wait == 900
    wrong(patient, "another", 1)
    assert isinstance(patient.log_in("mei", PASSWORD, HERE), LoggedIn)


def test_who_was_wrong_too_often_takes_no_place_in_the_queue(database, login_service, hashed):
    person(database)
    for _ in range(3):
        login_service.log_in("mei", OTHER, HERE)
    with login_service.queue.turn("somebody"):
        refused = login_service.log_in("mei", PASSWORD, HERE)
    assert refused.wait and not refused.busy and len(hashed) == 3


def test_a_full_queue_is_said_before_anything_is_looked_up_or_counted(database, hashed):
    mei = person(database)
    login_service = LoginService(database, FailureLimiter(3), 12, queue=VerificationQueue(waiting=0))
    with login_service.queue.turn("somebody"):
        assert login_service.log_in("mei", PASSWORD, HERE) == Denied(BUSY, 5, busy=True)
        assert login_service.verify(mei, PASSWORD, HERE) == Denied(BUSY, 5, busy=True)
    assert hashed == [] and acts(database) == []
    assert isinstance(login_service.log_in("mei", PASSWORD, HERE), LoggedIn)


def test_in_a_flood_of_strangers_editors_log_in_from_old_browsers_and_new_ones(sqlite_database):
    database = sqlite_database
    mei, stop = person(database), threading.Event()
    login_service = LoginService(database, FailureLimiter(1000), 12, queue=VerificationQueue(waiting=4, timeout=60))
    for number in range(50):  # They have been at it for a while.
        login_service.limiter.record(f"198.51.100.{number}")

    def guess(number):
        answers, tried = [], 0
        while not stop.wait(0.01):
            tried += 1
            answers.append(
                login_service.log_in(f"guess {number} {tried}", OTHER, f"198.51.100.{(number * 7 + tried) % 50}")
            )
        return answers

    with ThreadPoolExecutor(8) as pool:
        floods = [pool.submit(guess, number) for number in range(8)]
        try:
            entered = [login_service.log_in("mei", PASSWORD, HERE, {mei.id: "device"}) for _ in range(3)]
            entered += [login_service.log_in("mei", PASSWORD, f"192.0.2.{number}") for number in range(100, 103)]
        finally:
            stop.set()
    answers = [answer for flood in floods for answer in flood.result()]
    assert all(isinstance(one, LoggedIn) for one in entered)
    assert {answer.busy for answer in answers} >= {True} and all(isinstance(answer, Denied) for answer in answers)


def test_one_hash_at_a_time_whoever_asks_for_it(monkeypatch):
    """Also for new passwords, which do not queue: hashing never takes more than 64 MB."""
    at_once, most = [], []

    class Hasher:
        def hash(self, password):
            at_once.append(password)
            most.append(len(at_once))
            threading.Event().wait(0.002)
            at_once.pop()
            return "hash"

        def verify(self, hash, password):
            return self.hash(password) == hash

    monkeypatch.setattr(passwords, "_hasher", Hasher())
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(passwords.rehash_password, ["new"] * 6))
        list(pool.map(lambda _: passwords.verify_password("x", passwords.PasswordHash("hash")), range(6)))
    assert len(most) == 12 and set(most) == {1}
