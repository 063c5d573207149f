"""The web process: Granian with its workers.

It imports neither Flask nor the Prometheus client: the latter's directory must be set first, and
Granian forks, so that no thread but the one that looks after the parent may exist before.
"""

import logging
import os
import re
import shutil
import tempfile
from pathlib import Path

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

from syndication.config import Settings
from syndication.parent import alive, exit_with_parent

HEADERS_BYTES = 16 * 1024
"""The longest request line with headers; more gets 431. hyper takes no buffer under 8 kB."""

POLL_THREADS = 2
"""Threads that are left for polls when all others wait for a database with the requests of editors."""

STOP_SECONDS = 2
"""How long open connections may delay the stop."""


LOGGING = {"loggers": {"_granian": {"propagate": True}}}
"""Granian's lines go where all others go, in the same form; it has no line for each request."""


def _wanted(record: logging.LogRecord) -> bool:
    """Not Granian's warning of many threads: most of ours wait for a database, and the door counts them."""
    return "Python threads, which seems quite high" not in record.getMessage()


def run_web(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    exit_with_parent()
    folder = metrics_folder()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    os.environ["SYNDICATION_WEB"] = "1"
    os.environ["SYNDICATION_PARENT"] = str(os.getpid())  # The workers die with this process.
    if settings.source is not None:
        os.environ["SYNDICATION_CONFIG"] = str(settings.source)
    # Host and port may come from the command line; workers need neither.
    server = Server(
        "syndication.app:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.server.host,
        port=settings.server.port,
        workers=settings.server.workers,
        blocking_threads=POLL_THREADS + 2 * settings.editors.at_once,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=STOP_SECONDS,
        websockets=False,
        http1_settings=HTTP1Settings(max_buffer_size=HEADERS_BYTES),
        log_dictconfig=LOGGING,
    )
    logging.getLogger("_granian").addFilter(_wanted)
    try:
        server.serve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def metrics_folder() -> str:
    """A new folder for the counters of this process and its workers; those of processes that were killed go."""
    for old in Path(tempfile.gettempdir()).glob("syndication-metrics-*"):
        named = re.fullmatch(r"syndication-metrics-([0-9]+)-\w+", old.name)
        if named and not alive(int(named[1])):
            shutil.rmtree(old, ignore_errors=True)  # Another user's stays by itself.
    return tempfile.mkdtemp(prefix=f"syndication-metrics-{os.getpid()}-")
