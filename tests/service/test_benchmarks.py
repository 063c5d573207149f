"""The benchmarks run: tiny sizes, so that they cannot rot; their figures are no business of the tests."""

import json
import subprocess
import sys

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.dearest_requests import Catalogue, Target
from benchmarks.table import percentile
from syndication.model.body_limits import SMALL_BYTES, largest_body
from syndication.store.access.tokens import SCOPES
from tests.support.service import ROOT, environ


def benchmarks(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT, env=environ(), capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_help_lists_every_benchmark_with_a_line():
    lines = benchmarks("--help").splitlines()
    for name, words in BENCHMARKS.items():
        assert f"  {name:<12}{words}" in lines


THOROUGH = [
    pytest.param(name, marks=pytest.mark.thorough)
    for name in ("editors", "dashboards", "hostile", "workers", "dearest", "scale", "soak", "push")
]

SOURCES = pytest.param("sources", marks=[pytest.mark.thorough, pytest.mark.timeout(300)])
"""Three systems, two of them real programs, start one after the other."""


@pytest.mark.parametrize("name", ["generating", "deliveries", *THOROUGH, SOURCES])
def test_a_benchmark_shows_its_table(name):
    assert "-----" in benchmarks("--quick", name)


FORMS = ("usual", "numbers", "fullest", "longest", "largest")


def test_the_dearest_request_is_looked_for_among_all_operations_within_their_limits(sqlite_api):
    document = json.loads(sqlite_api.get("/openapi.json", ()).body)
    catalogue = Catalogue(document, Target(["taiwan", "china"], "world", "a1", "large"))
    found = [request for scope in SCOPES for request in catalogue.of_scope(scope)]
    found += catalogue.of_webhook("a secret of the CMS")
    operations = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert {request.name for request in found} == {name.replace("/api/v1", "") for name in operations}
    assert {request.form for request in found} == set(FORMS)
    for request in found:
        largest = largest_body(request.method, request.path.partition("?")[0])
        assert len(request.body) <= largest, request.name
        # An ID may end so too, so the limit is that of an article; and one name is far below that of many.
        if request.name.endswith(("/locks", "/withdrawals")):
            continue
        if request.form == "numbers" or (request.form == "longest" and largest > SMALL_BYTES):
            assert len(request.body) > 0.8 * largest, (request.name, request.form)


def test_a_percentile_is_the_value_that_so_many_do_not_exceed():
    values = [float(n) for n in range(1, 101)]
    assert percentile(values, 50) == 50 and percentile(values, 99) == 99
    assert percentile([1.0, 2.0, 3.0], 99) == 3
