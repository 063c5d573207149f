"""Work that is done once for all who look at the same time."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")

ENTRIES = 512


class Memo:
    """Remembers values for a while. Who asks for one that is being made waits for it instead of making it too."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, seconds: float, make: Callable[[], T]) -> T:
        """The value, at most ``seconds`` old. What ``make`` raises is remembered by nobody."""
        kept = self._kept.get(key)
        if kept is not None and time.monotonic() - kept[0] < seconds:
            return cast(T, kept[1])
        with self._lock:
            if len(self._locks) >= ENTRIES:  # Keys are made of sections and plots; more of them is a mistake of ours.
                self._kept.clear()
                self._locks.clear()
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            kept = self._kept.get(key)
            if kept is not None and time.monotonic() - kept[0] < seconds:
                return cast(T, kept[1])
            value = make()
            self._kept[key] = (time.monotonic(), value)
        return value

    def forget(self, key: Hashable) -> None:
        """Make it anew when it is asked for the next time."""
        self._kept.pop(key, None)
