"""The child's side of ``child``: runs its parent's tasks until the parent exits."""

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
    """Runs each task of the parent; each value that ``work`` yields is a response, and ends a step."""
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
    # These signals stop the parent, which needs this process to finish its current task.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        # If the machine runs out of memory, the kernel should kill this process rather than its parent.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500")


def _limit(megabytes: int) -> None:
    # No core dump: it would contain articles.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # Not every system supports it.
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))


def _allow(seconds: int) -> None:
    """Limits the CPU time of the next step; beyond it, the kernel kills the process (SIGXCPU)."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, hard))
