"""The state of the sections for operators, and the counters' folder."""

import os
import subprocess
import sys
import tempfile
from datetime import timedelta

import pytest

from syndication.metrics.web import exposition
from syndication.metrics.web_gauges import WebGauges
from syndication.serve.catalogue import Catalogue
from syndication.server import metrics_folder
from syndication.web.document_loader import DocumentLoader
from tests.support.desk import Desk


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.work()
    clock.advance(1)
    return desk


def looked(desk):
    loader = DocumentLoader(
        desk.database, Catalogue.empty(desk.site, desk.sections, {}, frozenset()), lambda counter: None
    )
    loader.read_state()
    return loader.state


def test_a_section_that_is_no_longer_configured_alerts_nobody(desk):
    desk.put("a1", sections=("china",))
    desk.regenerator.process_changes()
    del desk.sections["china"]
    desk.restart()
    desk.later()
    desk.later()
    state = looked(desk)
    assert "china" not in {section.section for section in state.sections}
    assert state.oldest_change is None


def test_a_section_that_waits_is_seen_by_its_age(desk):
    desk.put("a1")
    desk.regenerator.process_changes()
    marked = desk.clock()
    state = looked(desk)
    assert state.oldest_change == marked
    text = exposition(WebGauges(state, 0, marked + timedelta(seconds=100))).decode()
    assert "syndication_oldest_change_seconds 100.0" in text


def test_the_counters_of_killed_processes_are_taken_away_and_those_of_living_ones_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f"syndication-metrics-{dead.pid}-abc").mkdir()
    (tmp_path / f"syndication-metrics-{dead.pid}-abc" / "counter_1.db").touch()
    (tmp_path / "syndication-metrics-else").mkdir()
    first, second = metrics_folder(), metrics_folder()
    assert {path.name for path in tmp_path.iterdir()} == {
        "syndication-metrics-else", os.path.basename(first), os.path.basename(second)
    }  # fmt: skip
