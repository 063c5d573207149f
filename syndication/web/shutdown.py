"""What a web process does last. Its server ends the main thread, and asks nobody before."""

import threading
from collections.abc import Callable

SECONDS = 1.0
"""How long each last act may delay the end of a process."""


def run_at_exit(name: str, act: Callable[[], None]) -> None:
    """Do ``act`` when the main thread has ended. The thread is no daemon: the interpreter waits for it."""

    def wait() -> None:
        threading.main_thread().join()
        act()

    threading.Thread(target=wait, name=name).start()
