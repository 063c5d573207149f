"""What stands in the logs, and what never does."""

import io
import json
import logging
import sqlite3
import sys
import threading
import warnings
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
    monkeypatch.setattr("sys.excepthook", sys.excepthook)
    monkeypatch.setattr("threading.excepthook", threading.excepthook)
    logs.setup(SimpleNamespace(format=request.param, level="info"), "worker")
    yield stream
    root.handlers = before
    logging.captureWarnings(False)
    structlog.reset_defaults()


def read(lines: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


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
    ours, theirs = read(lines)
    assert ours["error"] == theirs["error"] == names
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("job 'x' failed", "library", "error")


def test_another_exception_is_logged_whole(lines):
    try:
        raise ValueError("of ours")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    (line,) = read(lines)
    assert "ValueError: of ours" in line["exception"]


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


def test_each_line_says_from_which_process_it_comes_in_every_thread(lines):
    thread = threading.Thread(target=lambda: structlog.get_logger("x").info("elsewhere"))
    thread.start()
    thread.join()
    structlog.get_logger("x").info("here")
    assert [(line["event"], line["process"]) for line in read(lines)] == [("elsewhere", "worker"), ("here", "worker")]


def test_what_is_bound_stands_in_the_lines_of_libraries_too(lines):
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger("x").warning("ours")
        logging.getLogger("library").warning("theirs")
    logging.getLogger("library").warning("afterwards")
    assert [line.get("request_id") for line in read(lines)] == ["r1", "r1", None]


def test_a_warning_of_python_is_a_line_as_all_others(lines):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old thing", UserWarning, stacklevel=1)
    (line,) = read(lines)
    assert "old thing" in line["event"] and (line["logger"], line["level"]) == ("py.warnings", "warning")


def test_what_ends_a_thread_is_logged_without_a_drivers_words(lines):
    thread = threading.Thread(target=raise_from)
    thread.start()
    thread.join()
    (line,) = read(lines)
    assert (line["event"], line["error"]) == ("uncaught", "StoreError from OperationalError")


@pytest.mark.parametrize("lines", ["console", "json"], indirect=True)
def test_what_a_person_is_told_is_a_plain_line_on_a_console_and_an_event_for_machines(lines, request, capsys):
    logs.print_message("It runs.")
    logs.print_message("It ends.", wrong=True)
    if request.node.callspec.params["lines"] == "console":
        assert capsys.readouterr() == ("It runs.\n", "It ends.\n")
    else:
        assert [(line["event"], line["level"]) for line in read(lines)] == [("It runs.", "info"), ("It ends.", "error")]
