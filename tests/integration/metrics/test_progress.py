"""A worker's probe fails only when the worker hangs or has ended."""

import os
import signal
import time

import psycopg
import pytest
from sqlalchemy import make_url

from syndication.metrics.progress import FRESH, LONGEST_STEP, Progress, is_fresh
from tests.support.service import Service, command, environ, running, until


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("do", "stuck"),
    [
        (lambda progress, clock: None, False),
        (lambda progress, clock: progress.step(), True),
        (lambda progress, clock: (progress.step(), progress.rest()), False),
    ],
    ids=["before its first step", "in a step that does not end", "with nothing to do"],
)
def test_worker_is_stuck_only_within_a_step(tmp_path, do, stuck):
    clock = Clock()
    progress = Progress(str(tmp_path / "alive"), clock)
    do(progress, clock)
    clock.now += LONGEST_STEP + 1
    assert progress.is_stuck() is stuck
    progress.touch()
    assert (tmp_path / "alive").exists() is not stuck


def test_many_steps_together_may_take_any_time(tmp_path):
    clock = Clock()
    progress = Progress(str(tmp_path / "alive"), clock)
    for _ in range(3):
        progress.step()
        clock.now += LONGEST_STEP - 1
        assert not progress.is_stuck()


def test_old_or_missing_file_is_not_fresh(tmp_path):
    path = tmp_path / "alive"
    assert not is_fresh(str(path), time.time())
    path.touch()
    touched = path.stat().st_mtime
    assert is_fresh(str(path), touched + FRESH) and not is_fresh(str(path), touched + FRESH + 1)


def test_missing_folder_ends_no_worker(tmp_path):
    progress = Progress(str(tmp_path / "missing/alive"))
    progress.touch()


def check(worker: Service) -> tuple[int, str]:
    done = worker.run("worker", "--check")
    return done.returncode, done.stderr


def test_probe_without_a_file_names_the_setting(tmp_path):
    done = command("worker", "--check", folder=tmp_path, env=environ())
    assert done.returncode == 1 and "worker.progress_path" in done.stderr


def test_probe_fails_for_a_hung_worker_but_not_for_its_database(tmp_path, postgres_url, postgres_server):
    name, path = make_url(postgres_url).database, tmp_path / "alive"
    with (
        running(tmp_path, "worker", url=postgres_url, env={"SYNDICATION_WORKER__PROGRESS_PATH": str(path)}) as worker,
        psycopg.connect(postgres_server.format(name="postgres"), autocommit=True) as admin,
    ):
        until(path.exists)
        assert check(worker) == (0, "")
        worker.process.send_signal(signal.SIGSTOP)  # Simulates a hang.
        try:
            os.utime(path, (0, time.time() - FRESH - 1))
            code, said = check(worker)
            assert code == 1 and "no progress" in said
        finally:
            worker.process.send_signal(signal.SIGCONT)
        until(lambda: check(worker)[0] == 0)

        # With the database down, each step still ends within seconds.
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        until(lambda: "database_down" in worker.log.read_text())
        os.utime(path, (0, 0))
        until(lambda: check(worker)[0] == 0)
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
