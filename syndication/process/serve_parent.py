"""The child's side of ``child``: takes tasks from its parent until that is gone."""

import ctypes
import math
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from syndication.process.child import OUT_OF_MEMORY
from syndication.process.messages import receive, send

_SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's prctl."""


def serve(work: Callable[[Any], Iterator[Any]], arguments: list[str]) -> None:
    """Do each task of the parent; what ``work`` yields is an answer, and ends a step."""
    seconds, megabytes = map(int, arguments)
    _die_with_parent()
    _limit(megabytes)
    with socket.socket(fileno=sys.stdin.fileno()) as parent:
        try:
            while True:
                task = receive(parent, trusted=True)
                _allow(seconds)
                for answer in work(task):
                    send(parent, answer)
                    _allow(seconds)
                del task
                send(parent, None)
        except (EOFError, OSError):
            os._exit(0)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)


def _die_with_parent() -> None:
    # Who stops the service stops the parent, which finishes what it is doing, and needs this process for that.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        # Should memory run out on the machine, this process goes and not its parent.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500")


def _limit(megabytes: int) -> None:
    # No image of its memory, in which articles are, is left on a disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # Not every system knows it.
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))


def _allow(seconds: int) -> None:
    """So much processor time for the next step; then the kernel ends the process (SIGXCPU)."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, hard))
