"""Commands and logs escape data: it cannot forge a line or reverse text."""

import io
import logging

import pytest
import structlog
from click.testing import CliRunner

from syndication import logs
from syndication.cli import main
from syndication.config.schema import LogSettings
from syndication.model.terminal import escape
from syndication.store.access import audit_log
from syndication.store.access.audit_log import Act, Actor

EVIL = "a\x1b[2J\r\nforged\u202eline\x9b31m\u2028"
SHOWN = r"a\x1b[2J\x0d\x0aforged\u202eline\x9b31m\u2028"


def test_what_is_unsafe_is_written_out_and_the_rest_stays():
    assert escape(EVIL) == SHOWN
    assert escape("café 臺灣 👩‍👩‍👧 עברית") == "café 臺灣 👩‍👩‍👧 עברית"


@pytest.mark.parametrize("command", [["audit-log"], ["trace", EVIL], ["withdraw", EVIL], ["restore", EVIL]])
def test_a_command_prints_data_on_the_line_where_it_belongs(sqlite_database, clock, command):
    with sqlite_database.write() as conn:
        audit_log.record(conn, Actor(EVIL, EVIL), [Act("put", EVIL, "created", EVIL)], clock())
    done = CliRunner().invoke(main, command, env={"SYNDICATION_DATABASE__URL": sqlite_database.url})
    assert not set(done.output) & set("\x1b\r\u202e\x9b\u2028"), done.output
    assert "\nforged" not in done.output and "forged" in done.output
    assert done.output.count("\n") == 1


def test_an_error_is_shown_without_control_characters(sqlite_database):
    env = {"SYNDICATION_DATABASE__URL": sqlite_database.url}
    done = CliRunner().invoke(main, ["regenerate", "x\x1b[2J\u202e"], env=env)
    assert done.exit_code == 1 and not set(done.output) & set("\x1b\u202e")


def test_a_log_on_a_console_shows_data_on_its_line(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    before, handlers = structlog.get_config(), logging.root.handlers[:]
    try:
        logs.setup(LogSettings(), "web")
        logs.get_logger().info("event", id=EVIL, **{"odd\x1bkey": "x"})
        logging.getLogger("library").warning(EVIL)
    finally:
        structlog.configure(**before)
        logging.root.handlers[:] = handlers
    assert not set(out.getvalue()) & set("\x1b\r\u202e\x9b\u2028")
    assert out.getvalue().count("\n") == 2
