"""An editors process that is frozen and not dead is found out, ended and replaced."""

import socket
import subprocess
import sys
import tempfile
import threading

import pytest

from syndication.web.body_buffer import Body
from syndication.web.editors_client import EditorsClient, EditorsNotAsked
from syndication.web.heartbeat_link import Pings, PingTimes, answer_pings, read_state, write_state
from tests.support.loops import run_in_thread
from tests.support.service import environ

SCRIPT = """
import os, signal, sys, time
from syndication.web.editors_keeper import EditorsKeeper
from syndication.web.heartbeat_link import PingTimes, read_restarts, read_state

def until(check):
    deadline = time.monotonic() + 60
    while not check():
        assert time.monotonic() < deadline, (keeper.pid, read_state(sys.argv[1]))
        time.sleep(0.005)

# The deadline is long enough for the start: it is what is frozen later that misses both.
keeper = EditorsKeeper(sys.argv[1], PingTimes(pause=0.05, deadline=3.0, misses=2))
keeper.start()
try:
    until(lambda: read_state(sys.argv[1]) == "running")
    frozen = keeper.pid
    os.kill(frozen, signal.SIGSTOP)
    until(lambda: read_state(sys.argv[1]) == "not answering")
    assert keeper.pid == frozen, "one miss is not the end"
    until(lambda: keeper.pid not in (None, frozen) and read_state(sys.argv[1]) == "running")
    assert not os.path.exists(f"/proc/{frozen}") and read_restarts(sys.argv[1]) == 1
finally:
    keeper.stop()
print("replaced")
"""


def test_a_stopped_process_is_ended_and_replaced(tmp_path):
    (tmp_path / "own").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "own"],
        cwd=tmp_path, env=environ(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "replaced" in done.stdout, said
    assert "editors_not_answering" in said and "editors_frozen" in said and "editors_process_exited" in said


PYTHON = """
import re, socket, sys, threading
from syndication.web.heartbeat_link import answer_pings
answer_pings(socket.socket(fileno=int(sys.argv[1])))
def loop():
    while True:
        pass
if sys.argv[2] == "busy":
    [threading.Thread(target=loop, daemon=True).start() for _ in range(4)]
    loop()
sys.stdin.readline()
re.match(r"(a+)+$", "a" * 60 + "b")  # One call that never returns and never lets go of the interpreter lock.
"""


@pytest.mark.parametrize("kind", ["busy", "locked"])
def test_who_holds_the_interpreter_lock_for_ever_misses_and_who_is_only_busy_does_not(tmp_path, kind):
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen(
        [sys.executable, "-c", PYTHON, str(theirs.fileno()), kind],
        cwd=tmp_path, env=environ(), pass_fds=[theirs.fileno()], stdin=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert all(Pings(ours, PingTimes(deadline=30)).ping() for _ in range(10))
            if kind == "locked":
                process.stdin.write(b"now\n")
                process.stdin.flush()
                pings = Pings(ours, PingTimes(deadline=0.3, misses=2, start=5))
                while not pings.frozen:  # Until it has come to the call, pings are answered.
                    pings.ping()
        finally:
            process.kill()


def test_a_late_answer_ends_the_misses():
    ours, theirs = socket.socketpair()
    with ours:
        pings = Pings(ours, PingTimes(deadline=0.01, misses=3))
        theirs.sendall(b"!")  # The first answer: it has started.
        assert pings.ping() and theirs.recv(1)
        assert [pings.ping(), pings.ping()] == [False, False] and not pings.frozen
        answer_pings(theirs)  # It answers the one byte that was sent.
        while not pings.ping():
            pass
        assert pings.missed == 0


def test_a_slow_start_is_no_missed_deadline():
    ours, theirs = socket.socketpair()
    with ours:
        pings = Pings(ours, PingTimes(deadline=0.01, misses=1, start=60))
        threading.Timer(0.3, answer_pings, (theirs,)).start()
        assert pings.ping() and not pings.frozen


def test_a_process_that_never_starts_is_frozen():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        pings = Pings(ours, PingTimes(misses=3, start=0.01))
        assert not pings.ping() and pings.frozen


def test_a_process_that_ended_is_not_taken_for_a_frozen_one():
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        with pytest.raises((OSError, EOFError)):
            Pings(ours, PingTimes()).ping()


def test_editors_are_told_at_once_while_it_does_not_answer(tmp_path):
    """The socket is there and takes connections, as that of a stopped process does."""
    with socket.socket(socket.AF_UNIX) as listener, tempfile.TemporaryFile() as file:
        client = EditorsClient(str(tmp_path))
        listener.bind(client._path)
        listener.listen()
        write_state(str(tmp_path), "not answering")
        with pytest.raises(EditorsNotAsked):
            run_in_thread(client.ask({}, Body(file, 0), {}))
    assert read_state(str(tmp_path)) == "not answering"
