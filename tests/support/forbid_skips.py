"""With FORBID_SKIPS=1, as in the project's own check, a skipped test fails the run.

Skips for what a machine does not allow, such as mounting a disk, cannot be fixed by installing packages: they are
reported but allowed.
"""

import os

import pytest

NOT_ALLOWED = "this machine does not allow"
"""The prefix of the reason of such a skip."""


def _forbidden(reporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    skipped = reporter.stats.get("skipped", []) if os.environ.get("FORBID_SKIPS") else []
    return [report for report in skipped if NOT_ALLOWED not in str(report.longrepr)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = _forbidden(terminalreporter)
    if skipped:
        terminalreporter.section("skipped, and may not be")
        for report in skipped:
            terminalreporter.line(f"{report.nodeid}: {report.longrepr}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and _forbidden(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
