"""The benchmarks run: tiny sizes, so that they cannot rot; their figures are no business of the tests."""

import subprocess
import sys

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.table import percentile
from tests.service import ROOT, environ


def benchmarks(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT, env=environ(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_help_lists_every_benchmark_with_a_line():
    lines = benchmarks("--help").splitlines()
    for name, words in BENCHMARKS.items():
        assert f"  {name:<12}{words}" in lines


THOROUGH = [pytest.param(name, marks=pytest.mark.thorough) for name in ("editors", "dashboards", "hostile", "workers")]


@pytest.mark.parametrize("name", ["generating", "scale", "soak", *THOROUGH])
def test_a_benchmark_shows_its_table(name):
    assert "-----" in benchmarks("--quick", name)


def test_a_percentile_is_the_value_that_so_many_do_not_exceed():
    values = [float(n) for n in range(1, 101)]
    assert percentile(values, 50) == 50 and percentile(values, 99) == 99
    assert percentile([1.0, 2.0, 3.0], 99) == 3
