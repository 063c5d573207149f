"""Each fault, once, while a newsroom writes and readers poll: nothing is lost. ``make faults`` is the long form."""

import subprocess
import sys

import pytest

from faults.__main__ import main
from faults.catalogue import FAULTS, POSTGRESQL, SQLITE, lacking
from faults.injected import cuts, freezes, kills, refusals, times
from faults.play import Pace, play
from faults.stage.stage import Plan
from tests.support.service import ROOT, environ

SHORT = Pace(rounds=1, acts=40, between_acts=0.05, between_polls=0.02, between_faults=0.3)

PLAYS = {
    "deaths on SQLite": (
        "all-killed",
        Plan(SQLITE, workers=2, webs=1),
        (kills.worker, kills.web, kills.everything),
    ),
    "frozen on SQLite": ("worker-frozen", Plan(SQLITE, workers=2, webs=1), (freezes.worker,)),
    "deaths and freezes on PostgreSQL": (
        "all-killed",
        Plan(POSTGRESQL, workers=2, webs=2),
        (kills.worker, kills.web, kills.database, kills.everything, freezes.worker, freezes.database),
    ),
    # Long enough for TCP to have become slow to try again.
    "cut off": ("web-cut", Plan(POSTGRESQL, webs=1, cut=("web", "worker")), (cuts.cut(13.0, 13.5),)),
    "behind a pooler": ("pooler", Plan(POSTGRESQL, webs=1, pooler=True), (cuts.pooler_dies,)),
    "full disk of SQLite": ("disk-full", Plan(SQLITE, webs=1, disk=32), (refusals.full_disk,)),
    "full disk of PostgreSQL": ("disk-full", Plan(POSTGRESQL, webs=1, disk=120), (refusals.full_disk,)),
    "refusals of PostgreSQL": (
        "no-connections",
        Plan(POSTGRESQL, webs=1),
        (refusals.read_only_server, refusals.no_connection_left),
    ),
    "read-only file": ("read-only-file", Plan(SQLITE, webs=1, obedient=True), (refusals.read_only_file,)),
    "clocks of PostgreSQL": (
        "clock-steps",
        Plan(POSTGRESQL, webs=1, clocks=True),
        (times.apart, times.the_servers_alone, times.back_and_forth),
    ),
    "clocks of SQLite": ("clock-steps", Plan(SQLITE, webs=1, clocks=True), (times.back_and_forth,)),
    "six writers on SQLite": ("crowd", Plan(SQLITE, workers=2, webs=1, writers=6), (kills.worker,)),
}


RARE = (
    "clocks of SQLite", "six writers on SQLite", "frozen on SQLite", "cut off", "behind a pooler",
    "full disk of SQLite", "refusals of PostgreSQL", "read-only file",
)  # fmt: skip
"""Plays that others cover for the most part, or a test of tests/service."""


@pytest.mark.parametrize(
    ("fault", "plan", "inject"),
    [pytest.param(*play, id=id, marks=[pytest.mark.thorough] if id in RARE else []) for id, play in PLAYS.items()],
)
@pytest.mark.timeout(300)
def test_faults_lose_nothing(fault, plan, inject):
    why_not = lacking(FAULTS[fault])
    if why_not:
        pytest.skip(why_not)
    played = play(plan, inject, SHORT, "short")
    assert not played.losses, "\n".join(played.losses[:10])
    assert played.injected == len(inject)
    assert played.acts >= 40 and played.documents > 12 and played.polls > 30


def test_help_lists_every_fault_with_a_line(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    for name, fault in FAULTS.items():
        assert f"  {name:<20}{fault.words}" in lines


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["earthquake"], "unknown fault 'earthquake'; choose from worker-killed, "),
        (["--rounds", "0"], "--rounds must be at least 1"),
        (["--minutes", "0"], "--minutes greater than 0"),
    ],
)
def test_wrong_arguments_are_refused_with_a_reason(capsys, arguments, words):
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2 and words in capsys.readouterr().err


@pytest.mark.thorough
def test_table_shows_what_was_tried():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "faults", "crowd", "--rounds", "1", "--seed", "7"],
        cwd=ROOT, env=environ(), capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Seed: 7" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("  crowd, SQLite")]
    assert line.split()[2] == "1" and line.split()[-1] == "0"
