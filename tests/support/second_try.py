"""Runs the tests, and those of real processes that failed once more with the machine to themselves.

On two busy cores a browser, a proxy or a killed worker sometimes takes longer than its test waits. Such a failure is
told, not hidden: it is printed with its output, and again in the last lines. Unit and integration tests get no second
try, and nothing does if more than a few failed.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

FILE = "SECOND_TRY_FILE"
"""The environment variable with the file that the failed tests are written to."""

PROCESSES = ("tests/browser/", "tests/deploy/", "tests/faults/", "tests/service/")

MOST = 5
"""Failed tests beyond which something is broken, rather than late."""

_failed: dict[str, None] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        _failed[report.nodeid] = None


def pytest_sessionfinish(session: pytest.Session) -> None:
    if FILE in os.environ and not hasattr(session.config, "workerinput"):
        Path(os.environ[FILE]).write_text(json.dumps(list(_failed)))


def run(*arguments: str, **environment: str) -> int:
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], env={**os.environ, **environment})


def main() -> int:
    """Returns the exit status: 0 if each test passed at its first or second try."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "failed")
        status = run("-p", "tests.support.second_try", *sys.argv[1:], **{FILE: str(file)})
        failed: list[str] = json.loads(file.read_text()) if status == pytest.ExitCode.TESTS_FAILED else []
    if not failed or len(failed) > MOST or not all(test.startswith(PROCESSES) for test in failed):
        return status
    print("\nOnce more, alone:", *failed, sep="\n  ", flush=True)
    status = run("-q", "-n", "0", *failed)
    if status == pytest.ExitCode.OK:
        print("Failed beside others and passed alone:", *failed, sep="\n  ")
    return status


if __name__ == "__main__":
    sys.exit(main())
