"""What stands in the logs, and what never does."""

import io
import json
import logging
import sqlite3
from importlib.util import find_spec
from types import SimpleNamespace

import pytest
import structlog

from syndication import logs
from syndication.errors import StoreError


@pytest.fixture(params=["json"])
def lines(request, monkeypatch):
    root = logging.getLogger()
    before, root.handlers = root.handlers, []
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    logs.setup(SimpleNamespace(format=request.param, level="info"), "worker")
    yield stream
    root.handlers = before
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def raise_from() -> None:
    try:
        raise sqlite3.OperationalError("the row: Embargoed")
    except sqlite3.Error as error:
        raise StoreError("it does not answer") from error


def raise_within() -> None:
    try:
        raise sqlite3.OperationalError("the row: Embargoed")
    except sqlite3.Error:
        raise KeyError("x")  # noqa: B904


def raise_in_a_group() -> None:
    raise ExceptionGroup("several", [ValueError("v"), sqlite3.IntegrityError("the row: Embargoed")])


@pytest.mark.parametrize(
    ("fail", "names"),
    [
        (raise_from, "StoreError from OperationalError"),
        (raise_within, "KeyError from OperationalError"),
        (raise_in_a_group, "ExceptionGroup from IntegrityError from ValueError"),
    ],
)
def test_no_word_of_a_driver_is_logged_wherever_it_hides(lines, fail, names):
    try:
        fail()
    except Exception:
        structlog.get_logger("x").exception("failed")
        logging.getLogger("library").exception("job %r failed", "x")
    ours, theirs = lines.getvalue().splitlines()
    assert json.loads(ours)["error"] == names
    assert theirs == f"ERROR library job 'x' failed ({names})"


def test_another_exception_is_logged_whole(lines):
    try:
        raise ValueError("of ours")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    assert "ValueError: of ours" in json.loads(lines.getvalue())["exception"]


@pytest.mark.parametrize("lines", ["console", "json"], indirect=True)
def test_no_local_variable_is_logged(lines):
    """With rich installed, which the tests have, structlog's console would show them with each traceback."""
    assert find_spec("rich") is not None
    try:
        embargoed = " ".join(["Embargoed", "title"])
        raise ValueError("of ours", len(embargoed))
    except ValueError:
        structlog.get_logger("x").exception("failed")
    assert "of ours" in lines.getvalue() and "Embargoed title" not in lines.getvalue()
