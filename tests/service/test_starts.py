"""A new newsroom is started, stopped, started again, loses its web process, and then its supervisor."""

import contextlib
import json
import os
import signal
import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.hostile import editors_of
from tests.support.service import Service, running, until

LINE = {"id": "a1", "title": "Night train", "url": "/a1", "sections": ["taiwan"], "published_at": "2026-03-14T08:00Z"}


@dataclass
class Run:
    """What one start shows: its log and counters when it is ready, and what its stop leaves."""

    log: str = ""
    metrics: bytes = b""
    stop_seconds: float = 0.0
    exit_code: int | None = None
    folders: list[str] = field(default_factory=list)


def is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind(("127.0.0.1", port))
        return True


def exists(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("starts")


def watch(service: Service) -> Run:
    """Returns what a start shows, before any RSS feed is polled."""
    service.ready()
    until(lambda: b'format="json",status="200"' in service.get("/metrics").body)
    return Run(service.log.read_text(), service.get("/metrics").body)


def own_folders(folder: Path, kind: str = "*") -> list[Path]:
    return list(folder.glob(f"syndication-{kind}-*"))


@pytest.fixture(scope="module")
def first(folder) -> Run:
    """Starts a newsroom, gives access, publishes, and stops it while clients are connected."""
    with running(folder, env={"TMPDIR": str(folder)}) as service, contextlib.ExitStack() as stack:
        run = watch(service)
        assert service.get("/feeds/all.rss").status == 200
        assert service.user("mei")
        secret = service.token("desk", "read")
        assert service.get("/api/v1/status", {"Authorization": f"Bearer {secret}"}).status == 200
        assert service.run("import", "-", input=json.dumps(LINE)).returncode == 0
        until(lambda: b"Night train" in service.get("/feeds/all.json").body)
        for _ in range(20):
            idle = stack.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        run.stop_seconds = service.stop()
        run.exit_code = service.process.returncode
        run.folders = [path.name for path in own_folders(folder)]
    return run


def test_stop_takes_less_than_five_seconds_with_connections_open(first):
    assert first.stop_seconds < 6 and first.exit_code == 0  # Five, and what a busy machine takes to see it.


def test_first_start_prints_how_to_give_access(first):
    assert "No API tokens yet. Create one with `syndication token create NAME --scope read`" in first.log
    assert "No dashboard users yet. Create one with `syndication user create NAME --all`" in first.log
    assert "syn_" not in first.log


def test_counters_start_at_zero_and_leave_no_folder(first):
    assert b'format="rss"' not in first.metrics
    assert first.folders == []


def test_second_start_keeps_data_and_kills_leave_no_child(folder, first):
    with running(folder, env={"TMPDIR": str(folder)}) as service:
        run = watch(service)
        assert b"Night train" in service.get("/feeds/taiwan.atom").body
        assert "yet. Create one" not in run.log
        # Counters start at zero, although the first start counted RSS.
        assert b'format="rss"' not in run.metrics

        web = service.children()["web"]
        editors = until(lambda: editors_of(web))
        (used,) = own_folders(folder, "editors")
        assert used.stat().st_mode & 0o777 == 0o700
        os.kill(web, signal.SIGKILL)
        until(lambda: not exists(editors))
        until(lambda: service.children().get("web", web) != web and service.get("/readyz").status == 200)
        editors = until(lambda: editors_of(service.children()["web"]))
        assert not used.exists(), "the next web process deletes the folder of a killed one"

        children = service.children()
        service.process.kill()
        service.process.wait()
        until(lambda: not any(exists(pid) for pid in (*children.values(), editors)))
        until(lambda: is_free(service.port))
