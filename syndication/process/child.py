"""A child process that runs tasks one by one, under limits of time and memory that it cannot bypass.

The kernel kills it when a step exceeds its CPU time, when it allocates too much memory (RLIMIT_AS), and when its parent
exits. The parent kills it when it is silent for too long.
"""

import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

from syndication.process.messages import receive, send

PATIENCE = 3
"""Wall-clock time allowed for a step, as a multiple of its CPU time: on a busy machine it waits for other processes."""

Cause = Literal["time", "memory", "silence", "signal"]

OUT_OF_MEMORY = 75
"""The exit code of a child that caught a MemoryError."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A child's limits: CPU time for each step, and memory."""

    seconds: int
    megabytes: int


class ChildDied(Exception):  # noqa: N818  # the parent decides whether that is an error
    """The child ended in the middle of a task."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class Child:
    """Runs ``python -m MODULE``, which calls ``serve``; started at the first task, and restarted if it dies."""

    def __init__(self, module: str, limits: Limits) -> None:
        self._module = module
        self.limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._end: weakref.finalize[Any, Any] | None = None

    @property
    def pid(self) -> int | None:
        """The process ID; None if the child does not run."""
        return self._process.pid if self._process else None

    def start(self) -> socket.socket:
        """Starts the child unless it runs. It imports its modules while the parent continues."""
        if self._socket is not None and self._process is not None and self._process.poll() is None:
            return self._socket
        self.close()
        ours, its = socket.socketpair()
        command = [sys.executable, "-m", self._module, str(self.limits.seconds), str(self.limits.megabytes)]
        with its:
            # No output: a library's error message may quote an article. A new session: signals to the parent's process
            # group must not reach the child.
            self._process = subprocess.Popen(
                command,
                stdin=its.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._socket = ours
        # Kills the child when this object is collected or the program exits.
        self._end = weakref.finalize(self, _end, self._process, ours)
        return ours

    def ask(self, task: object) -> Iterator[Any]:
        """Sends one task and returns the responses, each of which ends a step; raises ChildDied, now or while reading.

        They are to be read to their end before the next task.
        """
        sock = self.start()
        timeout = float(PATIENCE * self.limits.seconds)
        with self._killed_unless_done():
            sock.settimeout(timeout)
            send(sock, task)
        return self._answers(sock, timeout)

    def _answers(self, sock: socket.socket, timeout: float) -> Iterator[Any]:
        with self._killed_unless_done():
            while (answer := receive(sock, timeout)) is not None:
                yield answer

    @contextmanager
    def _killed_unless_done(self) -> Iterator[None]:
        done = False
        try:
            yield
            done = True
        except TimeoutError as error:
            self._kill()
            raise ChildDied("silence") from error
        except (OSError, EOFError) as error:
            raise ChildDied(self._cause()) from error
        finally:
            if not done:
                self._kill()

    def close(self) -> None:
        """Ends the child."""
        self._kill()

    def _cause(self) -> Cause:
        """Returns why the child died. Its side of the socket is closed already."""
        if self._process is None:
            return "signal"
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.returncode
        if code == -signal.SIGXCPU:
            return "time"
        return "memory" if code in (-signal.SIGABRT, OUT_OF_MEMORY) else "signal"

    def _kill(self) -> None:
        self._process, self._socket = None, None
        if self._end is not None:
            self._end()


def _end(process: "subprocess.Popen[bytes]", sock: socket.socket) -> None:
    sock.close()
    process.kill()
    process.wait()
