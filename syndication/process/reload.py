"""SIGHUP: makes every process of the service read its files again, by the command that does the same."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path


def start_reload(source: Path | None = None, environ: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Starts ``syndication reload`` in a process of its own, which may wait for a database; ``source`` is the file.

    The command checks the files, says what is wrong on standard error, and asks all processes by the database.
    """
    own = dict(os.environ if environ is None else environ)
    own.pop("SYNDICATION_PARENT", None)
    if source is not None:
        own["SYNDICATION_CONFIG"] = str(source)
    return subprocess.Popen([sys.executable, "-m", "syndication", "reload"], env=own)


def reload_on_hangup(source: Path | None = None, environ: Mapping[str, str] | None = None) -> None:
    """Starts a reload at each SIGHUP."""

    def run() -> None:
        start_reload(source, environ).wait()

    # A thread, because the signal may interrupt a Popen of this very process.
    signal.signal(signal.SIGHUP, lambda *_: threading.Thread(target=run, name="reload", daemon=True).start())
