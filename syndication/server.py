"""The web process: runs Granian, whose workers are the fronts that answer polls, and keeps the editors process running.

It imports neither Flask nor the Prometheus client: the client's directory must be set first. Because Granian forks,
only the threads that watch the parent and the editors process may exist before.
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
from syndication.process.reload import start_reload
from syndication.web import draining
from syndication.web.editors_keeper import EditorsKeeper

HEADERS_BYTES = 16 * 1024
"""The longest request line with headers; longer ones get 431. hyper accepts no buffer under 8 kB."""

STOP_SECONDS = 2
"""Seconds that open connections may delay the stop."""

HEADERS_SECONDS = 20
"""Seconds that a client may take to send the headers of a request, and that a connection may stay idle."""

CONNECTIONS = 10_000
"""Concurrent connections of a worker; further ones wait until one of them ends."""

SPARE_FILES = 256
"""Other files that a worker may open: databases, logs, static files."""

BACKLOG = 4096
"""Connections that the kernel queues until they are accepted."""


LOGGING = {"loggers": {"_granian": {"propagate": True}}}
"""Sends Granian's logs to ours, in the same format. It does not log requests."""


class DrainingServer(MPServer):
    """Granian's server, but it keeps serving for some seconds after SIGTERM before it stops.

    Granian closes its port at once, and resets connections that it has not accepted yet. Ctrl-C and a second SIGTERM
    stop it without draining.
    """

    def __init__(self, seconds: float, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._seconds = seconds
        self._timer: threading.Timer | None = None

    def signal_handler_interrupt(self, *args: Any, **options: Any) -> None:
        """Starts draining, or stops the server."""
        if not self._seconds or self._timer is not None or args[:1] == (signal.SIGINT,):
            super().signal_handler_interrupt(*args, **options)  # type: ignore[no-untyped-call]  # Granian has no types
            return
        for worker in self.wrks:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.inner.pid, draining.SIGNAL)
        self._timer = threading.Timer(self._seconds, super().signal_handler_interrupt)
        self._timer.daemon = True
        self._timer.start()

    def signal_handler_reload(self, *_args: Any, **_options: Any) -> None:
        """Has the files read again. Granian would start all its workers anew."""
        start_reload()


def run_web(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT."""
    exit_with_parent()
    folder = metrics_folder()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    os.environ["SYNDICATION_PARENT"] = str(os.getpid())  # The workers exit with this process.
    if settings.source is not None:
        os.environ["SYNDICATION_CONFIG"] = str(settings.source)
    keeper = EditorsKeeper(own_folder("editors"))
    os.environ["SYNDICATION_EDITORS_FOLDER"] = keeper.folder
    server = DrainingServer(
        settings.server.drain_seconds,
        "syndication.web.front_process:create_front",
        factory=True,
        interface=Interfaces.ASGINL,
        loop=Loops.asyncio,  # Granian would prefer another installed loop, but the poll lane needs asyncio's.
        address=settings.server.host,
        port=settings.server.port,
        workers=settings.server.workers,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=STOP_SECONDS,
        websockets=False,
        # Granian's detection of HTTP/1 or 2 waits for the first byte without a timeout.
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
    """Returns CONNECTIONS, or fewer if the limit of open files is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + SPARE_FILES
    files = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))  # The workers inherit it.
    return max(files - SPARE_FILES, 1)


def metrics_folder() -> str:
    """Creates and returns the folder for the metrics of this process and its workers."""
    return own_folder("metrics")


def own_folder(kind: str) -> str:
    """Creates and returns a folder that no other user can access; deletes those of killed processes."""
    for old in Path(tempfile.gettempdir()).glob(f"syndication-{kind}-*"):
        named = re.fullmatch(rf"syndication-{kind}-([0-9]+)-\w+", old.name)
        if named and not is_alive(int(named[1])):
            shutil.rmtree(old, ignore_errors=True)  # Another user's cannot be deleted.
    return tempfile.mkdtemp(prefix=f"syndication-{kind}-{os.getpid()}-")
