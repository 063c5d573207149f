"""The web process: Granian with its workers.

Its workers are fronts, which hold the port; beside them it keeps the editors process. It imports neither Flask nor the
Prometheus client: the latter's directory must be set first, and Granian forks, so that no thread but those that look
after the parent and the editors process may exist before.
"""

import contextlib
import os
import re
import resource
import shutil
import signal
import tempfile
import threading
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server.mp import MPServer

from syndication.config.loading import Settings
from syndication.process.parent import exit_with_parent, is_alive
from syndication.web import draining
from syndication.web.editors_keeper import EditorsKeeper

HEADERS_BYTES = 16 * 1024
"""The longest request line with headers; more gets 431. hyper takes no buffer under 8 kB."""

STOP_SECONDS = 2
"""How long open connections may delay the stop."""

HEADERS_SECONDS = 20
"""How long a client may take for the headers of a request, and how long a connection may wait for the next one."""

CONNECTIONS = 10_000
"""Connections that a worker holds at once; those who come then wait until one of them ends."""

SPARE_FILES = 256
"""Files that a worker may open besides: databases, logs, static files."""

BACKLOG = 4096
"""Connections that the system keeps for us until they are accepted."""


LOGGING = {"loggers": {"_granian": {"propagate": True}}}
"""Granian's lines go where all others go, in the same form; it has no line for each request."""


class DrainingServer(MPServer):
    """Granian's server, which after SIGTERM goes on answering for some seconds before it stops.

    Granian closes its port at once, and resets the connections that it has not accepted yet. Ctrl-C, and a second
    SIGTERM, do not wait.
    """

    def __init__(self, seconds: float, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._seconds = seconds
        self._waiting: threading.Timer | None = None

    def signal_handler_interrupt(self, *args: Any, **options: Any) -> None:
        """Begin to drain, or stop."""
        if not self._seconds or self._waiting is not None or args[:1] == (signal.SIGINT,):
            super().signal_handler_interrupt(*args, **options)  # type: ignore[no-untyped-call]  # Granian has no types
            return
        for worker in self.wrks:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.inner.pid, draining.SIGNAL)
        self._waiting = threading.Timer(self._seconds, super().signal_handler_interrupt)
        self._waiting.daemon = True
        self._waiting.start()


def run_web(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    exit_with_parent()
    folder = metrics_folder()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    os.environ["SYNDICATION_PARENT"] = str(os.getpid())  # The workers die with this process.
    if settings.source is not None:
        os.environ["SYNDICATION_CONFIG"] = str(settings.source)
    keeper = EditorsKeeper(own_folder("editors"))
    os.environ["SYNDICATION_EDITORS_FOLDER"] = keeper.folder
    # Host and port may come from the command line; workers need neither.
    server = DrainingServer(
        settings.server.drain_seconds,
        "syndication.web.front:create_front",
        factory=True,
        interface=Interfaces.ASGINL,
        loop=Loops.asyncio,  # Granian would take another one that is installed, and the poll lane knows this one.
        address=settings.server.host,
        port=settings.server.port,
        workers=settings.server.workers,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=STOP_SECONDS,
        websockets=False,
        # Granian's own choice between HTTP/1 and 2 waits for the first byte without end.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_SECONDS * 1000, max_buffer_size=HEADERS_BYTES),
        backlog=BACKLOG,
        backpressure=_connections(),
        log_dictconfig=LOGGING,
    )
    server.on_startup(keeper.start)
    try:
        server.serve()
    finally:
        keeper.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _connections() -> int:
    """As many as are told above, or as the system lets a process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + SPARE_FILES
    files = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))  # The workers inherit it.
    return max(files - SPARE_FILES, 1)


def metrics_folder() -> str:
    """A new folder for the counters of this process and its workers."""
    return own_folder("metrics")


def own_folder(kind: str) -> str:
    """A new folder that no other user can enter; those of processes that were killed go."""
    for old in Path(tempfile.gettempdir()).glob(f"syndication-{kind}-*"):
        named = re.fullmatch(rf"syndication-{kind}-([0-9]+)-\w+", old.name)
        if named and not is_alive(int(named[1])):
            shutil.rmtree(old, ignore_errors=True)  # Another user's stays.
    return tempfile.mkdtemp(prefix=f"syndication-{kind}-{os.getpid()}-")
