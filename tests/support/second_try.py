"""Runs the tests, and those of real processes that failed once more with the machine to themselves.

On two busy cores a browser, a proxy or a killed worker sometimes takes longer than its test waits. Such a failure is
told, not hidden: it is printed with its output, and again in the last lines. Unit and integration tests get no second
try, and nothing does if more than a few failed.
"""

import subprocess
import sys

import pytest

PROCESSES = ("tests/browser/", "tests/deploy/", "tests/faults/", "tests/service/")

MOST = 5
"""Failed tests beyond which something is broken, rather than late."""


class Failures:
    """A pytest plugin that lists the tests that failed."""

    def __init__(self) -> None:
        self.tests: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.nodeid not in self.tests:
            self.tests.append(report.nodeid)


def main() -> int:
    """Returns the exit status: 0 if each test passed at its first or second try."""
    failures = Failures()
    status = int(pytest.main(sys.argv[1:], plugins=[failures]))
    failed = failures.tests
    late = 0 < len(failed) <= MOST and all(test.startswith(PROCESSES) for test in failed)
    if status != pytest.ExitCode.TESTS_FAILED or not late:
        return status
    print("\nOnce more, alone:", *failed, sep="\n  ", flush=True)
    status = subprocess.call([sys.executable, "-m", "pytest", "-q", "-n", "0", *failed])
    if status == pytest.ExitCode.OK:
        print("Failed beside others and passed alone:", *failed, sep="\n  ")
    return status


if __name__ == "__main__":
    sys.exit(main())
