"""The benchmarks run: tiny sizes, so that they cannot rot; their figures are no business of the tests."""

import json
import subprocess
import sys

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.dearest_requests import Catalogue, Target
from benchmarks.publishing.server import Sent, Statement, of_regenerations, read_statements, sent
from benchmarks.publishing.versions import versions
from benchmarks.table import percentile
from syndication.model.body_limits import SMALL_BYTES, largest_body
from syndication.store.access.tokens import SCOPES
from tests.support.service import ROOT, environ


def benchmarks(*arguments: str, seconds: int = 240) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT, env=environ(), capture_output=True, text=True, check=False, timeout=seconds,
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


@pytest.mark.thorough
@pytest.mark.timeout(400)
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this machine does not allow it: there is no history in git")
def test_publishing_is_measured_beside_a_version_out_of_git():
    lines = benchmarks("--quick", "publishing", "--against", "HEAD", seconds=360).splitlines()
    assert [words.split() for words in lines if words.strip().startswith("HEAD")] == [["HEAD", "now", "ratio"]] * 2
    rows = {line[2:].partition("  ")[0]: line[2:].partition("  ")[2].split() for line in lines if line.startswith("  ")}
    for name in (
        "commit to served, in turns, p99 ms",
        "statements of a regeneration, from claim to commit",
        "rebuild of 8 sections, other title, sections a second",
        "click to served, all 8 sections, nothing changed, s",
    ):
        before, now, ratio = (float(cell.replace(",", "")) for cell in rows[name])
        assert before > 0 and now > 0 and 0.05 < ratio < 20, name


def test_a_version_that_is_not_in_git_is_named_before_anything_runs():
    with pytest.raises(RuntimeError, match="no-such-version is not in this repository"), versions("no-such-version"):
        pass


def test_statements_of_a_session_are_counted_once_for_many_rows_and_apart_from_what_frames_them():
    lines = [
        "|7|news|worker|LOG:  execute <unnamed>: ;",
        "|7|news|worker|LOG:  statement: BEGIN ISOLATION LEVEL READ COMMITTED",
        "|7|news|worker|LOG:  execute <unnamed>: INSERT INTO entry",
        "\tVALUES ($1)",
        "|7|news|worker|DETAIL:  Parameters: $1 = 'LOG:  statement: SELECT 1'",
        "|9|news|web|LOG:  statement: SELECT 1",
        "|7|news|worker|LOG:  execute _pg3_0: INSERT INTO entry",
        "\tVALUES ($1)",
        "|7|news|worker|LOG:  statement: COMMIT",
        "|7|news|worker|LOG:  statement: SELECT 1",
        "|8|other|worker|LOG:  statement: SELECT 1",
        "|7|news|worker|LOG:  connection authorized: user=postgres",
    ]
    assert sent(read_statements(lines), "news", "worker") == Sent(work=2, frame=3)


def test_a_regeneration_has_the_statements_from_its_claim_to_its_commit():
    def transaction(session, *texts):
        return [Statement(session, "news", "worker", text) for text in ("BEGIN", *texts, "COMMIT")]

    claim = "UPDATE section_state SET lease_owner=$1, lease_until=$2"
    done = "UPDATE section_state SET completed_generation=$1, lease_owner=$2"
    version = ("INSERT INTO document (section) VALUES ($1)",) * 3
    found = [
        *transaction(7, "SELECT 1"),
        *transaction(7, "SELECT 1", claim),
        *transaction(8, "SELECT 2", "SELECT 3", "SELECT 4"),
        *transaction(7, done, *version),
        *transaction(7, "SELECT 1"),
        *transaction(7, claim),
        *transaction(8, "SELECT 2"),
        *transaction(7, done, *version, claim),
        *transaction(8, "SELECT 2"),
        *transaction(7, done, *version),
    ]
    assert of_regenerations(found, "news", "worker") == [2 + 3 + 2, 1 + 1 + 2 + 1, 1 + 2]


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
