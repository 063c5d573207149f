"""Runs code at the end of a web process, whose server ends the main thread without a hook."""

import threading
from collections.abc import Callable

SECONDS = 1.0
"""How long each such call may delay the end of the process."""


def run_at_exit(name: str, act: Callable[[], None]) -> None:
    """Runs ``act`` when the main thread has ended. The thread is not a daemon, so the interpreter waits for it."""

    def wait() -> None:
        threading.main_thread().join()
        act()

    threading.Thread(target=wait, name=name).start()
