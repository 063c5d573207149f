"""The thread that starts the editors process, and starts it again when it ends or no longer answers."""

import contextlib
import os
import shutil
import signal
import socket
import sys
import threading
import time

from syndication.logs import get_logger
from syndication.web.heartbeat_link import Pings, PingTimes, write_restarts, write_state
from syndication.web.socket_address import socket_address

log = get_logger(__name__)

LISTENER = "SYNDICATION_EDITORS_LISTENER"
"""The variable with the number of the socket on which the editors process answers."""

INHERITED = 250
"""The number under which it finds the socket: it begins with no other files than the first three, so this is free."""

PING_INHERITED = 251
"""The number under which it finds its end of the link over which it is pinged."""

BACKLOG = 1024
"""Requests that wait while it is started again. Fronts pass on no more than they have places."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before it is started again: longer each time, so that a broken one does not burn the machine."""

HEALTHY = 10.0
"""One that lived for so many seconds was well: the next pause is the first one again."""

STOP_SECONDS = 2.0
"""How long it may take to stop."""


class EditorsKeeper:
    """The editors process of one web process, and the socket by which fronts ask it.

    The socket stays open while the process is started again, so that requests wait meanwhile and are not refused. It
    lies in a folder that other users of the machine cannot enter.
    """

    def __init__(self, folder: str, times: PingTimes = PingTimes()) -> None:  # noqa: B008  # it is frozen
        self.folder = folder
        self._times = times
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(socket_address(self.folder))
        self._listener.listen(BACKLOG)
        self.pid: int | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="editors-keeper", daemon=True)

    def start(self) -> None:
        """Start the process, and keep it running."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the process: after the fronts, which ask it. Nothing of it is left."""
        self._stopped.set()
        self._signal(signal.SIGTERM)
        self._thread.join(STOP_SECONDS)
        self._signal(signal.SIGKILL)
        self._thread.join(STOP_SECONDS)
        self._listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self) -> None:
        pause, restarts = FIRST_PAUSE, 0
        while not self._stopped.is_set():
            started = time.monotonic()
            link, theirs = socket.socketpair()
            with theirs:
                write_state(self.folder, "starting")
                self.pid = self._spawn(theirs)
            watching = threading.Thread(target=self._watch, args=(self.pid, link), name="editors-pings", daemon=True)
            watching.start()
            if self._stopped.is_set():  # It was stopped while the process was being started.
                self._signal(signal.SIGTERM)
            code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            self.pid = None
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)  # Whoever waits for an answer is woken.
            watching.join()
            link.close()
            if self._stopped.is_set():
                return
            if time.monotonic() - started > HEALTHY:
                pause = FIRST_PAUSE
            log.error("editors_process_exited", code=code, again_in_seconds=pause)
            self._stopped.wait(pause)
            restarts += 1
            write_restarts(self.folder, restarts)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _watch(self, pid: int, link: socket.socket) -> None:
        """Ping one process until it ends, and end it if it misses too many deadlines."""
        pings = Pings(link, self._times)
        with contextlib.suppress(OSError, EOFError):  # It has ended, which the other thread sees.
            while self.pid == pid and not pings.frozen:
                if pings.ping():
                    write_state(self.folder, "running")
                    self._stopped.wait(self._times.pause)
                elif self.pid == pid:
                    write_state(self.folder, "not answering")
                    log.warning("editors_not_answering", missed=pings.missed, of=self._times.misses)
            if self.pid == pid:
                log.error("editors_frozen", seconds=self._times.deadline * self._times.misses)
                self._signal(signal.SIGKILL)

    def _spawn(self, link: socket.socket) -> int:
        """Start it; gives its number.

        subprocess.Popen would wait until a pipe of its own is closed, and a front that Granian forks in that moment
        keeps the pipe open for as long as it lives: a death of the editors process would not be seen.
        """
        listener = self._listener.fileno()
        arguments = [sys.executable, "-m", "syndication", "editors"]
        environ = {**os.environ, LISTENER: str(INHERITED), "SYNDICATION_PARENT": str(os.getpid())}
        pass_on = [
            (os.POSIX_SPAWN_DUP2, listener, INHERITED),
            (os.POSIX_SPAWN_DUP2, link.fileno(), PING_INHERITED),
        ]
        # In a session of its own: Ctrl-C reaches the web process alone, which ends the others in order.
        return os.posix_spawn(sys.executable, arguments, environ, file_actions=pass_on, setsid=True)

    def _signal(self, number: int) -> None:
        if (pid := self.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
