"""A process that dies with its parent, so that a killed supervisor leaves no orphan on the port."""

import os
import threading
import time

POLL_SECONDS = 0.5


def exit_with_parent() -> None:
    """End this process when the one named in SYNDICATION_PARENT is gone; without that, live on.

    A program that a person started must outlive their shell, so the mere parent is no reason to end.
    """
    parent = int(os.environ.get("SYNDICATION_PARENT", "0"))
    if parent:
        direct = os.getppid() == parent
        threading.Thread(target=_watch, args=(parent, direct), name="parent", daemon=True).start()


def _watch(parent: int, direct: bool) -> None:
    # A dead process that nobody has waited for still takes signals, so a direct parent is asked for by getppid.
    while os.getppid() == parent if direct else is_alive(parent):
        time.sleep(POLL_SECONDS)
    os._exit(1)  # Nothing to tidy up is worth a port that stays taken: the database holds all state.


def is_alive(pid: int) -> bool:
    """Whether a process of this number runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
