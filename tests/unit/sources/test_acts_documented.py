"""The tables act by act in the documentation name the acts that the tests do, all of them, with the right tests."""

import re

import pytest

from benchmarks.sources.ghost_acts import NOT_SHOWN
from benchmarks.sources.wordpress_acts import HELD
from tests.support.ghost import steps
from tests.support.service import ROOT
from tests.support.wordpress_acts import ACTS, SILENT


def table(kind: str) -> dict[str, list[str]]:
    """Returns the other cells of the table by act."""
    text = (ROOT / f"docs/sources-{kind}.md").read_text().partition("## Act by act")[2].partition("\n## ")[0]
    lines = text.partition("| act in ")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert all(len(row) == 4 and all(row) for row in rows)
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def named_tests(kind: str) -> dict[str, set[str]]:
    return {act: {name.strip() for name in cells[2].split(",")} for act, cells in table(kind).items()}


def test_every_act_tried_in_wordpress_is_documented():
    named = named_tests("wordpress")
    assert named.keys() == ACTS.keys() | SILENT.keys()
    assert {act for act, tests in named.items() if "acts" in tests} == ACTS.keys()
    assert {act for act, tests in named.items() if tests == {"silent"}} == SILENT.keys()
    assert {act for act, tests in named.items() if "bench" in tests} == ACTS.keys() - set(HELD)
    assert {act for act, cells in table("wordpress").items() if "held" in cells[1]} == set(HELD)


def test_every_act_recorded_in_ghost_is_documented():
    named = named_tests("ghost")
    done = {step["act"]: step["public"] for step in steps()[1:]}
    assert named.keys() == done.keys()
    assert all({"recorded", "followed"} <= tests for tests in named.values())
    measured = {act for act, tests in named.items() if "bench" in tests}
    assert measured == {act for act, seen in done.items() if seen} - set(NOT_SHOWN)


@pytest.mark.parametrize("kind", ["wordpress", "ghost"])
def test_tests_named_for_acts_are_files_that_exist(kind):
    section = (ROOT / f"docs/sources-{kind}.md").read_text().partition("## Act by act")[2].partition("\n## ")[0]
    files = re.findall(r"`(tests/[\w/]+\.py)`", section)
    assert files and all((ROOT / name).is_file() for name in files)
    legend = set(re.findall(r"^\| ([a-z ]+) \| ", section.partition("| act in ")[0], re.MULTILINE)) - {"test"}
    assert legend == set().union(*named_tests(kind).values())
