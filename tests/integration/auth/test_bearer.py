"""The demonstration's user: enabled while it runs, with a new password each time, and disabled afterwards."""

import re

import pytest

from syndication.auth.bearer import FailureLimiter
from syndication.auth.login import LoggedIn, LoginService
from syndication.cli import startup
from syndication.config.loading import load_settings
from syndication.store.access import user_changes, users
from syndication.store.access.audit_log import Actor
from syndication.store.access.tokens import SCOPES
from syndication.store.db.database import Database
from syndication.store.migrations.runner import migrate
from tests.support.people import OTHER, hash_of
from tests.support.service import running, until


@pytest.fixture
def settings(tmp_path):
    return load_settings(environ={"SYNDICATION_DATABASE__URL": f"sqlite:///{tmp_path}/var/syndication.db"})


@pytest.fixture
def database(tmp_path):
    (tmp_path / "var").mkdir()
    database = Database(f"sqlite:///{tmp_path}/var/syndication.db")
    migrate(database)
    yield database
    database.close()


def enter(database, password):
    return LoginService(database, FailureLimiter(100), 12).log_in("demonstration", password, "192.0.2.7")


def password_in(text):
    return re.search(r"/editors/  \(log in as demonstration, password (\S+)\)", text).group(1)


def test_visitor_can_log_in_only_while_the_demonstration_runs(tmp_path, database, settings, capsys):
    with running(tmp_path, arguments=("--demonstration",)) as service:
        until(service.children)  # From then on, a signal ends it in order.
        first = password_in(service.log.read_text())
        entered = enter(database, first)
        assert isinstance(entered, LoggedIn) and entered.user.scopes == SCOPES
    assert not isinstance(enter(database, first), LoggedIn)
    startup.print_access(settings, demonstration=True)
    second = password_in(capsys.readouterr().out)
    assert second != first
    assert not isinstance(enter(database, first), LoggedIn)
    assert isinstance(enter(database, second), LoggedIn)
    startup.end_demonstration(settings)
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


def test_start_disables_the_visitor_of_a_killed_demonstration(database, settings, capsys):
    startup.print_access(settings, demonstration=True)
    let_in(database, Actor("a test", "a test"))
    assert isinstance(enter(database, OTHER), LoggedIn)
    startup.print_access(settings, demonstration=False)
    assert not isinstance(enter(database, OTHER), LoggedIn)
    assert "No dashboard users yet" in capsys.readouterr().out


def test_user_of_that_name_created_by_an_operator_stays_enabled(database, settings, capsys):
    let_in(database, Actor("boss", "command line"))
    startup.print_access(settings, demonstration=False)
    assert isinstance(enter(database, OTHER), LoggedIn)
    assert "No dashboard users yet" not in capsys.readouterr().out
