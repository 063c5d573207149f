"""The thread that starts the editors process, and restarts it when it ends or stops answering."""

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
"""The environment variable with the file descriptor of the socket on which the editors process answers."""

INHERITED = 250
"""The file descriptor of that socket. The process starts with only the first three open, so this one is free."""

PING_INHERITED = 251
"""The file descriptor of its end of the ping link."""

BACKLOG = 1024
"""Requests that wait while the process restarts. Fronts forward no more than they have places."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before a restart: twice as long each time, so that a crash loop does not use up the CPU."""

HEALTHY = 10.0
"""Seconds of running after which the pause is reset to the first one."""

STOP_SECONDS = 2.0
"""How long the process may take to stop."""


class EditorsKeeper:
    """The editors process of one web process, and the socket that connects it with the fronts.

    The socket stays open during a restart, so requests wait instead of being refused. It is in a folder that other
    users of the machine cannot enter.
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
        """Starts the process and keeps it running."""
        self._thread.start()

    def stop(self) -> None:
        """Stops the process, after the fronts that use it, and deletes the folder."""
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
            if self._stopped.is_set():  # ``stop`` was called while the process was starting.
                self._signal(signal.SIGTERM)
            code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            self.pid = None
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)  # Wakes the thread that waits for an answer.
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
        """Pings one process until it ends, and kills it if it misses too many deadlines."""
        pings = Pings(link, self._times)
        with contextlib.suppress(OSError, EOFError):  # It has ended; the other thread notices.
            while self.pid == pid and not pings.frozen:
                if pings.ping():
                    write_state(self.folder, "running")
                    self._stopped.wait(self._times.pause)
                elif self.pid == pid:
                    write_state(self.folder, "not answering")
                    log.warning("editors_not_answering", missed=pings.missed, of=pings.allowed)
            if self.pid == pid:
                log.error("editors_frozen", seconds=pings.deadline * pings.missed)
                self._signal(signal.SIGKILL)

    def _spawn(self, link: socket.socket) -> int:
        """Starts the process and returns its PID.

        subprocess.Popen would wait until a pipe of its own is closed. A front that Granian forks at that moment keeps
        the pipe open for its whole life, and the end of the editors process would go unnoticed.
        """
        listener = self._listener.fileno()
        arguments = [sys.executable, "-m", "syndication", "editors"]
        environ = {**os.environ, LISTENER: str(INHERITED), "SYNDICATION_PARENT": str(os.getpid())}
        pass_on = [
            (os.POSIX_SPAWN_DUP2, listener, INHERITED),
            (os.POSIX_SPAWN_DUP2, link.fileno(), PING_INHERITED),
        ]
        # In its own session: Ctrl-C reaches only the web process, which stops the others in order.
        return os.posix_spawn(sys.executable, arguments, environ, file_actions=pass_on, setsid=True)

    def _signal(self, number: int) -> None:
        if (pid := self.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
