"""The editors process is started again, also where the web server forks its own processes at the same moment."""

import os
import subprocess
import sys

from tests.support.service import environ

SCRIPT = """
import os, signal, sys, threading, time
from syndication.web.editors_keeper import EditorsKeeper

keeper = EditorsKeeper(sys.argv[1])
keeper.start()
# Processes that are forked and run nothing else keep every file that was open in that moment, as fronts do.
forked = []
for _ in range(150):
    pid = os.fork()
    if not pid:
        time.sleep(120)
        os._exit(0)
    forked.append(pid)
try:
    deadline = time.monotonic() + 20
    seen = []
    while len(seen) < 4 and time.monotonic() < deadline:
        pid = keeper.pid
        if pid is not None and pid not in seen:
            seen.append(pid)
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)
finally:
    for pid in forked:
        os.kill(pid, signal.SIGKILL)
    keeper.stop()
print(len(seen), keeper.pid)
"""


def test_it_is_started_again_however_often_and_whoever_is_forked_meanwhile(tmp_path):
    (tmp_path / "own").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "own"],
        cwd=tmp_path, env=environ(), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.split()[-2:] == ["4", "None"], done.stdout + done.stderr
    assert done.stderr.count("editors_process_exited") + done.stdout.count("editors_process_exited") >= 3
    assert not os.path.exists(tmp_path / "own")
