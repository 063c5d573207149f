"""The supervisor of ``syndication serve``: runs worker and web process as children, and restarts those that die.

If the supervisor is killed, the children notice and exit (``parent``).
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from syndication.errors import ConfigError
from syndication.logs import print_message
from syndication.process.reload import reload_on_hangup

STOP_SECONDS = 4.0
"""Seconds that children may take to stop before they are killed, so that everything ends within five seconds."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds before a restart, doubled each time, so that a child that keeps failing does not use up the CPU."""

HEALTHY = 10.0
"""Seconds after which a child counts as healthy: its next restart has the first pause again."""

POLL_SECONDS = 0.1


def refuse_taken_port(host: str, port: int) -> None:
    """Raises ConfigError if the port is in use or the host cannot be resolved."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise ConfigError(f"server.host is {host!r}, which cannot be resolved: try 127.0.0.1 or 0.0.0.0") from error
    with socket.socket(family, kind, protocol) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(address)
        except OSError as error:
            raise ConfigError(
                f"port {port} on {host} cannot be used ({error.strerror}): choose another with --port"
                " (with make run: PORT=8001)"
            ) from error


@dataclass
class Child:
    """A child process and its start time, past or scheduled."""

    command: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float = 0.0
    pause: float = field(default=FIRST_PAUSE)


class Supervisor:
    """Runs ``python -m syndication COMMAND`` for each command until SIGTERM or SIGINT."""

    def __init__(self, commands: Sequence[str], environ: Mapping[str, str], *, drain_seconds: float = 0.0) -> None:
        self._drain_seconds = drain_seconds
        self._children = [Child(command) for command in commands]
        self._environ = {**environ, "SYNDICATION_PARENT": str(os.getpid())}
        self._stop = threading.Event()

    def run(self) -> None:
        """Runs until a signal; then stops everything within five seconds, plus those for draining."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        reload_on_hangup(environ=self._environ)
        try:
            while not self._stop.is_set():
                for child in self._children:
                    self._look_after(child)
                self._stop.wait(POLL_SECONDS)
        finally:
            self._end()

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None:
            if child.process.poll() is None:
                return
            if now - child.started > HEALTHY:
                child.pause = FIRST_PAUSE
            print_message(
                f"The {child.command} process exited with {child.process.returncode}. Restarting it in"
                f" {child.pause:g} s.",
                wrong=True,
            )
            child.process = None
            child.start_at = now + child.pause
            child.pause = min(child.pause * 2, LONGEST_PAUSE)
        if now >= child.start_at:
            # A new session, so that Ctrl-C reaches only the supervisor, which stops the children.
            child.process = subprocess.Popen(
                [sys.executable, "-m", "syndication", child.command], env=self._environ, start_new_session=True
            )
            child.started = now

    def _end(self) -> None:
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS + self._drain_seconds
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
