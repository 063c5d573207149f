"""The demonstration's user: enabled while it runs, with a new password each time, and disabled afterwards."""

import contextlib
import re

import pytest

from syndication.auth.bearer import FailureLimiter
from syndication.auth.login import LoggedIn, LoginService
from syndication.store.access import user_changes, users
from syndication.store.access.audit_log import Actor
from syndication.store.access.tokens import SCOPES
from syndication.store.db.database import Database
from tests.support.people import OTHER, hash_of
from tests.support.service import running, until


@pytest.fixture
def start(tmp_path):
    @contextlib.contextmanager
    def start(*arguments):
        with running(tmp_path, arguments=arguments) as service:
            until(service.children)  # From then on a signal ends it in order.
            yield service.log.read_text()

    return start


@pytest.fixture
def database(tmp_path):
    (tmp_path / "var").mkdir()
    database = Database(f"sqlite:///{tmp_path}/var/syndication.db")
    yield database
    database.close()


def enter(database, password):
    return LoginService(database, FailureLimiter(100), 12).log_in("demonstration", password, "192.0.2.7")


def password_in(text):
    return re.search(r"/editors/  \(log in as demonstration, password (\S+)\)", text).group(1)


def test_a_visitor_is_in_while_the_demonstration_runs_and_no_longer(start, database):
    with start("--demonstration") as text:
        first = password_in(text)
        entered = enter(database, first)
        assert isinstance(entered, LoggedIn) and entered.user.scopes == SCOPES
    assert not isinstance(enter(database, first), LoggedIn)
    with start("--demonstration") as text:
        second = password_in(text)
        assert second != first
        assert not isinstance(enter(database, first), LoggedIn)
        assert isinstance(enter(database, second), LoggedIn)
    assert not isinstance(enter(database, second), LoggedIn)


def let_in(database, by):
    with database.write() as conn:
        now = database.now(conn)
        found = users.find_by_name(conn, "demonstration")
        if found is None:
            users.create(conn, "demonstration", hash_of(OTHER), SCOPES, by, now)
        else:
            user_changes.set_password(conn, found, hash_of(OTHER), by, now)
            user_changes.enable(conn, found, by, now)


def test_a_visitor_of_a_demonstration_that_was_killed_is_out_from_the_next_start_on(start, database):
    with start("--demonstration"):
        pass
    let_in(database, Actor("a test", "a test"))  # As one who was killed leaves it.
    assert isinstance(enter(database, OTHER), LoggedIn)
    with start() as text:
        assert not isinstance(enter(database, OTHER), LoggedIn)
        assert "No dashboard users yet" in text


def test_a_person_of_that_name_whom_somebody_let_in_is_left_alone(start, database):
    with start():
        pass
    let_in(database, Actor("boss", "command line"))
    with start() as text:
        assert isinstance(enter(database, OTHER), LoggedIn)
        assert "No dashboard users yet" not in text
