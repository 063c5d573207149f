"""The benchmarks run: tiny sizes, so that they cannot rot; their figures are no business of the tests."""

import json
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from benchmarks import filling, newsroom
from benchmarks.__main__ import BENCHMARKS
from benchmarks.dearest_requests import Catalogue, Target
from benchmarks.publishing.statements import Sent, Statement, of_program, of_regenerations, read_statements, sent
from benchmarks.publishing.versions import versions
from benchmarks.table import percentile
from syndication.model.body_limits import SMALL_BYTES, largest_body
from syndication.store.access.tokens import SCOPES
from syndication.store.tables.articles import ArticleRow
from syndication.store.triggers import changed_triggers
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
        "statements of a regeneration, the article's section",
        "statements of a regeneration, then the feed of every story",
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
    found = list(read_statements("\n".join(lines)))
    assert sent(of_program(found, "news", "worker")) == Sent(work=2, frame=3)
    assert [one.values for one in found if one.text.startswith("INSERT")] == [{"LOG:  statement: SELECT 1"}, set()]


@pytest.mark.parametrize(
    ("recording", "section", "every_story"),
    [("worker_statements_4113a52.txt", 4 + 24 + 14, 4 + 26 + 13), ("worker_statements.txt", 2 + 7 + 8, 2 + 5 + 7)],
)
def test_a_regeneration_has_the_same_beginning_and_end_in_both_versions(recording, section, every_story):
    # What a worker sent from noticing an article of section-000 until both feeds were published: claim, read and write.
    # Each statement is shortened, and of its values there are the first two and the sections.
    found = list(read_statements((ROOT / "tests/recordings" / recording).read_text()))
    counts = of_regenerations(found, ["all", "section-000", "section-001"])
    assert counts == {"section-000": [section], "all": [every_story]}


LOOK = "SELECT section_state.section, section_state.fingerprint FROM section_state"
TAKE = "UPDATE section_state SET lease_owner=$1, lease_until=$2 WHERE section = $3"
DONE = "UPDATE section_state SET completed_generation=$1, lease_owner=$2 WHERE section = $3"
VERSION = "WITH w0_ AS (INSERT INTO entry VALUES ($1)), w1_ AS (INSERT INTO document VALUES ($2)) SELECT 1"


def transaction(session, *statements):
    """Returns the statements of a transaction; each is its text, or its text and the sections that it names."""
    found = [("BEGIN",), *((one,) if isinstance(one, str) else one for one in statements), ("COMMIT",)]
    return [Statement(session, "news", "worker", text, frozenset(values)) for text, *values in found]


def test_the_claim_of_the_next_section_belongs_to_that_section():
    found = [
        *transaction(1, "DELETE FROM change", ("INSERT INTO delivery_feed", "a"), LOOK, (TAKE, "a")),
        *transaction(1, ("SELECT entry", "a")),
        *transaction(1, (DONE, "a"), (VERSION, "a"), LOOK, (TAKE, "b")),
        *transaction(2, ("SELECT entry", "b"), "SELECT article"),
        *transaction(1, (DONE, "b"), (VERSION, "b"), (LOOK, "a")),
    ]
    assert of_regenerations(found, ["a", "b"]) == {"a": [2 + 1 + 2], "b": [2 + 2 + 3]}


def test_a_statement_that_claims_several_sections_counts_for_each():
    found = [
        *transaction(1, "SELECT clock", LOOK, (TAKE, "a"), (TAKE + " RETURNING", "b", "c")),
        *transaction(1, ("SELECT entry", "a")),
        *transaction(1, (DONE, "a"), (VERSION, "a")),
        *transaction(1, ("SELECT entry", "b")),
        *transaction(1, ("SELECT entry", "c"), "SELECT article"),
        *transaction(1, (DONE, "c"), (VERSION, "c")),
        *transaction(1, (DONE, "b")),
    ]
    assert of_regenerations(found, ["a", "b", "c"]) == {"a": [4 + 1 + 2], "c": [4 + 2 + 2]}


def test_what_a_worker_does_besides_a_regeneration_is_not_part_of_it():
    found = [
        *transaction(1, "SELECT clock", LOOK, (TAKE, "a")),
        *transaction(2, "UPDATE worker SET seen_at"),
        *transaction(3, (LOOK, "a")),
        *transaction(2, ("SELECT entry", "a")),
        *transaction(1, ("SELECT entry", "b")),
        *transaction(1, (DONE, "a"), (VERSION, "a")),
        *transaction(1, (DONE, "b"), (VERSION, "b")),  # Its claim was not seen.
        *transaction(1, LOOK, (TAKE, "a")),
        *transaction(1, (DONE, "a")),  # No byte of it has changed.
        *transaction(1, LOOK, (TAKE, "a")),
        *transaction(1, (DONE, "a"), "INSERT INTO document_coding", (VERSION, "a")),
    ]
    assert of_regenerations(found, ["a", "b"]) == {"a": [3 + 1 + 2, 2 + 3]}


def test_a_database_that_was_filled_fast_has_its_triggers(database):
    filling.fill_fast(database, newsroom.articles(6, 2, newsroom.SHORT))
    with database.read() as conn:
        assert changed_triggers(conn) == []
        assert conn.scalar(select(func.count()).select_from(ArticleRow)) == 6


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
