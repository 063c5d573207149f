"""A PostgreSQL server with durable writes, which can be killed as by a power cut, frozen, and restarted on its data."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg

from benchmarks.processes import free_port
from faults.stage.programs import own, programs, user
from faults.stage.waiting import until

NOTHING: Mapping[str, str] = {}


class Postgresql:
    """A server on its own port; ``environ`` is added to its environment."""

    def __init__(self, data: Path, log: Path, environ: Mapping[str, str] = NOTHING) -> None:
        self.port = free_port()
        self.data = data
        self.log = log
        self._environ = dict(environ)
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, port: int = 0, name: str = "news") -> str:
        """Returns the URL of a database, directly or through another port."""
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/{name}"

    def connect(self, name: str = "news") -> psycopg.Connection:
        """Returns an administrator's connection."""
        return psycopg.connect(self.url(name=name), autocommit=True, connect_timeout=2)

    def launch(self) -> None:
        """Starts the server unless it is running, without waiting for it."""
        if self.runs:
            return
        command = [str(programs() / "postgres"), "-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, user=user(), start_new_session=True, env=os.environ | self._environ
            )

    def start(self, name: str = "news") -> None:
        """Starts the server and waits until it answers; retries while old processes still hold its shared memory."""

        def answers() -> bool:
            self.launch()
            with contextlib.suppress(psycopg.Error), self.connect(name) as conn:
                conn.execute("SELECT 1")
                return True
            return False

        until(answers, 60, "PostgreSQL answers")

    @property
    def runs(self) -> bool:
        """Whether the main process is running."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stops the server cleanly."""
        if self._process is not None and self.runs:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)

    def kill(self) -> None:
        """Kills all processes of the server at once with SIGKILL."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Freezes all processes: the server accepts connections but does not answer."""
        stopped = self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(stopped):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def standby(self) -> Iterator[None]:
        """Restarts the server as a standby, and promotes it at the end."""
        self.stop()
        signal_file = self.data / "standby.signal"
        signal_file.touch()
        own(signal_file)
        self.start()
        try:
            yield
        finally:
            with self.connect() as conn:
                conn.execute("SELECT pg_promote()")

    def _signal(self, number: int) -> list[int]:
        """Sends a signal to all processes; to the main process first, so that it cannot start others."""
        if self._process is None:
            return []
        first = self._process.pid
        children = [int(pid) for pid in Path(f"/proc/{first}/task/{first}/children").read_text().split()]
        for pid in (first, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return [first, *children]
