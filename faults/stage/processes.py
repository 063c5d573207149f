"""The service's processes: each is restarted when it ends, as systemd does, and can be killed and frozen."""

import contextlib
import http.client
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.processes import environment, free_port, syndication
from faults.stage.waiting import now

RESTART_SECONDS = 0.2
"""The pause before a restart."""

OBEDIENT = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Makes root obey file modes like any other user."""


class Program:
    """``syndication COMMAND`` with the times at which it was killed; all its children are in one process group."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.killed: list[datetime] = []
        self.ended_by_itself: list[int] = []
        # The program ends when this process is killed.
        self._environ = environment(**environ, SYNDICATION_PARENT=str(os.getpid()))
        self.command = syndication(*command)
        self._folder = folder
        self._start_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def look_after(self) -> None:
        """Starts the program if it is not running and its pause is over; a frozen one is left alone."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._process is not None and self._process.poll() is not None:
                self.ended_by_itself.append(self._process.returncode)
                self._ended()
            if self._process is None and time.monotonic() >= self._start_at:
                with self.log.open("ab") as log:
                    self._process = subprocess.Popen(
                        self.command, cwd=self._folder, env=self._environ, stdout=log, stderr=log,
                        start_new_session=True,
                    )  # fmt: skip
        finally:
            self._lock.release()

    def kill(self) -> None:
        """Kills the program and all its children at once with SIGKILL."""
        with self._lock:
            if self._process is not None:
                self.killed.append(now())
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
                self._ended()

    def _ended(self) -> None:
        self._process = None
        self._start_at = time.monotonic() + RESTART_SECONDS

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Freezes the program, like a suspended machine."""
        with self._lock:  # So that no thread starts or kills it.
            pid = self._process.pid if self._process is not None else 0
            if pid:
                os.killpg(pid, signal.SIGSTOP)
            try:
                yield
            finally:
                if pid:
                    os.killpg(pid, signal.SIGCONT)

    def terminate(self) -> None:
        """Sends SIGTERM."""
        with self._lock:
            if self._process is not None:
                self._process.terminate()

    def stop(self) -> None:
        """Waits for the end of the program, and kills it after a timeout."""
        with self._lock:
            if self._process is None:
                return
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.ended_by_itself.append(-signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Web(Program):
    """A web process on a port that stays the same after a restart."""

    def __init__(self, name: str, folder: Path, environ: Mapping[str, str]) -> None:
        self.port = free_port()
        super().__init__(name, ["web", "--port", str(self.port)], folder, environ)

    def get(self, path: str) -> tuple[int, bytes]:
        """Returns status and body; status 0 without a response."""
        status, body, _ = self._ask(path)
        return status, body

    def version(self, path: str) -> int:
        """Returns the served version of a feed; 0 if none is served."""
        _, _, etag = self._ask(path)
        number = etag.strip('"').partition("-")[0]
        return int(number) if number.isdecimal() else 0

    def _ask(self, path: str) -> tuple[int, bytes, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read(), response.headers.get("ETag", "")
        except (OSError, http.client.HTTPException):
            return 0, b"", ""
        finally:
            connection.close()


class Keeper(threading.Thread):
    """Restarts ended programs."""

    def __init__(self, programs: Sequence[Program]) -> None:
        super().__init__(name="keeper", daemon=True)
        self._programs = programs
        self._stopped = threading.Event()

    def run(self) -> None:
        """Runs until ``stop``."""
        while not self._stopped.wait(0.03):
            for program in self._programs:
                program.look_after()

    def stop(self) -> None:
        """Stops restarting, and stops all programs."""
        self._stopped.set()
        self.join()
        for program in self._programs:
            program.terminate()
        for program in self._programs:
            program.stop()
