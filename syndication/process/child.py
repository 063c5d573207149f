"""A child process that does one task after the other, under limits of time and memory that it cannot get around.

The kernel ends it: when a step takes more processor time than it may, when it asks for more memory (RLIMIT_AS), and
when its parent is gone. The parent ends it when it is silent for too long.
"""

import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from syndication.process.messages import receive, send

PATIENCE = 3
"""How many times its processor time a step may take by the clock: on a busy machine it waits for others."""

Cause = Literal["time", "memory", "silence", "signal"]

OUT_OF_MEMORY = 75
"""The exit code of a child that was refused memory and could still say so."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a child: processor time for each step, and memory."""

    seconds: int
    megabytes: int


class ChildDied(Exception):  # noqa: N818  # the parent decides whether that is an error
    """The child ended in the middle of a task."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class Child:
    """``python -m MODULE``, which calls ``serve``; started at the first task, and again after a death."""

    def __init__(self, module: str, limits: Limits) -> None:
        self._module = module
        self.limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._end: weakref.finalize[Any, Any] | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process, None if there is none."""
        return self._process.pid if self._process else None

    def start(self) -> socket.socket:
        """Start it, unless it runs: it loads what it needs while its parent goes on."""
        if self._socket is not None and self._process is not None and self._process.poll() is None:
            return self._socket
        self.close()
        ours, its = socket.socketpair()
        command = [sys.executable, "-m", self._module, str(self.limits.seconds), str(self.limits.megabytes)]
        with its:
            # What a library writes when it fails may quote an article. A signal to our group is not meant for it.
            self._process = subprocess.Popen(
                command,
                stdin=its.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._socket = ours
        # Whoever forgets this object, or ends the program, ends the child.
        self._end = weakref.finalize(self, _end, self._process, ours)
        return ours

    def ask(self, task: object) -> Iterator[Any]:
        """The answers to one task, each of which ends a step; raises ChildDied."""
        sock = self.start()
        wait = float(PATIENCE * self.limits.seconds)
        done = False
        try:
            sock.settimeout(wait)
            send(sock, task)
            while (answer := receive(sock, wait)) is not None:
                yield answer
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
        """End it."""
        self._kill()

    def _cause(self) -> Cause:
        """Why it ended, which it has: its side of the socket is shut."""
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
