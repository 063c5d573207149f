"""Whether the editors process still runs Python: a byte there and back over a socket of its own.

A process that is stopped, or in which one thread never lets go of the interpreter lock, is alive for the kernel and
answers nobody. A busy one answers within the deadline, because a thread that does nothing else sends each byte back.
"""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

EditorsState = Literal["starting", "running", "not answering"]

STATE_FILE = "state"
"""The file in the folder of the socket in which the keeper says how the process is; fronts read it."""

RESTARTS_FILE = "restarts"
"""The file beside it with the number of restarts."""


@dataclass(frozen=True, slots=True)
class PingTimes:
    """How often the process is asked, and how long it has."""

    pause: float = 2.0
    """Seconds between an answer and the next ping."""
    deadline: float = 10.0
    """Seconds for one answer: a thread that shares the interpreter lock with many busy ones waits far less."""
    misses: int = 3
    """How many deadlines in a row are missed before the process is ended. A start has as long."""


class Pings:
    """The keeper's end of the link to one editors process."""

    def __init__(self, link: socket.socket, times: PingTimes) -> None:
        self._link = link
        self._times = times
        self.missed = 0
        """Deadlines that were missed in a row."""
        self._sent = False

    @property
    def frozen(self) -> bool:
        """It has missed too many."""
        return self.missed >= self._times.misses

    def ping(self) -> bool:
        """Whether it answered within the deadline; raises OSError or EOFError if it has ended.

        A byte that was not answered yet is waited for, and not sent again.
        """
        self._link.settimeout(self._times.deadline)
        if not self._sent:
            self._link.sendall(b"?")
            self._sent = True
        try:
            if not self._link.recv(1):
                raise EOFError("the editors process has ended")
        except TimeoutError:
            self.missed += 1
            return False
        self._sent = False
        self.missed = 0
        return True


def answer_pings(link: socket.socket) -> None:
    """Send back each byte, in a thread, until the keeper has ended."""
    threading.Thread(target=_send_back, args=(link,), name="pings", daemon=True).start()


def _send_back(link: socket.socket) -> None:
    with link, suppress(OSError):
        while byte := link.recv(1):
            link.sendall(byte)


def write_state(folder: str, state: EditorsState) -> None:
    """Say how the process is, in one step, so that nobody reads half of it."""
    _write(folder, STATE_FILE, state)


def write_restarts(folder: str, restarts: int) -> None:
    """Say how often the process was restarted since its keeper began."""
    _write(folder, RESTARTS_FILE, str(restarts))


def _write(folder: str, name: str, text: str) -> None:
    new = Path(folder) / f"{name}.new"
    with suppress(OSError):  # The folder is gone when the web process ends.
        new.write_text(text)
        new.replace(Path(folder) / name)


def read_state(folder: str) -> EditorsState:
    """How the process is, by the keeper's last word."""
    try:
        said = (Path(folder) / STATE_FILE).read_text()
    except OSError:
        return "starting"
    return "running" if said == "running" else "not answering" if said == "not answering" else "starting"


def read_restarts(folder: str) -> int:
    """How often the process was restarted; 0 until its keeper has said a number."""
    try:
        return int((Path(folder) / RESTARTS_FILE).read_text())
    except OSError:
        return 0
