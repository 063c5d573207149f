"""Where machines read the logs, every line of every process is JSON: ours, those of libraries, and what is told."""

import json
import os
import signal
import sqlite3
from pathlib import Path

import pytest

from tests.support.service import Service, running, until

JSON = {"SYNDICATION_LOGS__FORMAT": "json"}


def lines(log: Path) -> list[dict]:
    """All that a process and its children have said, on both streams; each line must be JSON."""
    return [json.loads(line) for line in log.read_text().splitlines()]


def events(log: Path, process: str) -> set[str]:
    return {line["event"] for line in lines(log) if line["process"] == process}


def test_every_line_of_a_whole_service_is_json(tmp_path):
    with running(tmp_path, env=JSON, arguments=("--demonstration",)) as service:
        service.ready(60)
        # A writer that holds the database makes the scheduler complain of heartbeats that do not come to an end.
        writer = sqlite3.connect(tmp_path / "var/syndication.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        until(lambda: [line for line in lines(service.log) if line.get("logger") == "apscheduler.scheduler"])
        writer.execute("ROLLBACK")
        writer.close()
        before = service.children()["worker"]
        os.kill(before, signal.SIGKILL)
        until(lambda: service.children().get("worker") not in (None, before))
        until(lambda: any("Restarting it in" in event for event in events(service.log, "serve")))
    told = lines(service.log)
    assert all({"event", "level", "timestamp", "process"} <= line.keys() for line in told)
    assert {"Press Ctrl-C to stop.", f"Front page  http://127.0.0.1:{service.port}/"} <= events(service.log, "serve")
    assert {"worker_started", "regenerated"} <= events(service.log, "worker")
    assert {"documents_loaded", "Shutting down granian"} <= events(service.log, "web")
    assert not [line for line in told if "/feeds/" in line["event"] and line["process"] != "serve"]


@pytest.mark.parametrize(
    ("command", "url"), [("worker", ""), ("worker", "postgresql://secret:word@127.0.0.1:1/news"), ("demonstrate", "")]
)
def test_a_start_that_fails_is_told_in_json(tmp_path, command, url):
    done = Service(tmp_path, command, url=url, env=JSON)
    assert done.process.wait(30) == 1
    (line,) = lines(done.log)
    assert line["event"].startswith("Error: the database ") and line["level"] == "error" and "word" not in line["event"]
