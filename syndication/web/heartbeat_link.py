"""The liveness check of the editors process: a byte sent back and forth over its own socket.

A process that is stopped, or whose interpreter lock is never released, is running for the kernel but answers nothing.
A busy one answers within the deadline, because one thread only sends bytes back.
"""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

EditorsState = Literal["starting", "running", "not answering"]

STATE_FILE = "state"
"""The file in the socket's folder in which the keeper records the state of the process; fronts read it."""

RESTARTS_FILE = "restarts"
"""The file beside it with the number of restarts."""


@dataclass(frozen=True, slots=True)
class PingTimes:
    """How often the process is pinged, and its deadlines."""

    pause: float = 2.0
    """Seconds between an answer and the next ping."""
    deadline: float = 10.0
    """Seconds for one answer; a thread that shares the interpreter lock with many busy ones needs far less."""
    misses: int = 3
    """Consecutive missed deadlines after which the process is killed."""
    start: float = 120.0
    """Seconds for the first answer: a start on a busy machine takes long, and killing it would make it longer."""


class Pings:
    """The keeper's end of the link to one editors process."""

    def __init__(self, link: socket.socket, times: PingTimes) -> None:
        self._link = link
        self._times = times
        self.missed = 0
        """The number of consecutive missed deadlines."""
        self._sent = False
        self._started = False

    @property
    def deadline(self) -> float:
        """Seconds for the next answer; the first one may take as long as a start."""
        return self._times.deadline if self._started else self._times.start

    @property
    def allowed(self) -> int:
        """The number of consecutive missed deadlines after which the process is frozen."""
        return self._times.misses if self._started else 1

    @property
    def frozen(self) -> bool:
        """Whether the process has missed too many deadlines."""
        return self.missed >= self.allowed

    def ping(self) -> bool:
        """Returns whether the process answered within the deadline; raises OSError or EOFError if it has ended.

        After a missed deadline the same byte is waited for, and not sent again.
        """
        self._link.settimeout(self.deadline)
        if not self._sent:
            self._link.sendall(b"?")
            self._sent = True
        try:
            if not self._link.recv(1):
                raise EOFError("the editors process has ended")
        except TimeoutError:
            self.missed += 1
            return False
        self._started = True
        self._sent = False
        self.missed = 0
        return True


def answer_pings(link: socket.socket) -> None:
    """Starts the thread that sends each byte back, until the keeper has ended."""
    threading.Thread(target=_send_back, args=(link,), name="pings", daemon=True).start()


def _send_back(link: socket.socket) -> None:
    with link, suppress(OSError):
        while byte := link.recv(1):
            link.sendall(byte)


def write_state(folder: str, state: EditorsState) -> None:
    """Records the state of the process, atomically."""
    _write(folder, STATE_FILE, state)


def write_restarts(folder: str, restarts: int) -> None:
    """Records how often the process was restarted since its keeper started."""
    _write(folder, RESTARTS_FILE, str(restarts))


def _write(folder: str, name: str, text: str) -> None:
    new = Path(folder) / f"{name}.new"
    with suppress(OSError):  # The folder is gone when the web process ends.
        new.write_text(text)
        new.replace(Path(folder) / name)


def read_state(folder: str) -> EditorsState:
    """Returns the state of the process that the keeper recorded last."""
    try:
        state = (Path(folder) / STATE_FILE).read_text()
    except OSError:
        return "starting"
    return "running" if state == "running" else "not answering" if state == "not answering" else "starting"


def read_restarts(folder: str) -> int:
    """Returns how often the process was restarted; 0 until the keeper has recorded a number."""
    try:
        return int((Path(folder) / RESTARTS_FILE).read_text())
    except OSError:
        return 0
