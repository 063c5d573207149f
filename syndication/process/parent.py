"""Ends a process when its parent dies, so that a killed supervisor leaves no orphan on the port."""

import os
import threading
import time

POLL_SECONDS = 0.5


def exit_with_parent() -> None:
    """Ends this process when the process SYNDICATION_PARENT exits; does nothing if the variable is not set.

    Without the variable, the parent may be a shell, which the program must outlive.
    """
    parent = int(os.environ.get("SYNDICATION_PARENT", "0"))
    if parent:
        direct = os.getppid() == parent
        threading.Thread(target=_watch, args=(parent, direct), name="parent", daemon=True).start()


def _watch(parent: int, direct: bool) -> None:
    # A zombie still accepts signals, so getppid checks a direct parent.
    while os.getppid() == parent if direct else is_alive(parent):
        time.sleep(POLL_SECONDS)
    os._exit(1)  # No cleanup: the database has all state, and the port must be released.


def is_alive(pid: int) -> bool:
    """Returns whether a process with this ID exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
