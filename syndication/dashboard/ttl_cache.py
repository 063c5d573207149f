"""Work that is done once for all who look at the same time."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")

MAX_ENTRIES = 512
"""The most values that are kept: of those that nobody asked for the longest, one gives its place to a new one."""


class _Entry:
    """A value and when it was made; its lock is held by whoever makes it."""

    __slots__ = ("lock", "made_at", "value")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made_at: float | None = None
        self.value: Any = None


class TTLCache:
    """Remembers values for a while. Who asks for one that is being made waits for it instead of making it too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Hashable, _Entry] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, seconds: float, make: Callable[[], T]) -> T:
        """The value, at most ``seconds`` old. What ``make`` raises is remembered by nobody."""
        kept = self._entry(key)
        with kept.lock:
            if kept.made_at is None or self._clock() - kept.made_at >= seconds:
                kept.value = make()
                kept.made_at = self._clock()
            return cast(T, kept.value)

    def _entry(self, key: Hashable) -> _Entry:
        with self._lock:
            kept = self._kept.pop(key, None) or _Entry()
            self._kept[key] = kept  # The last of the dictionary, again if it stood there before.
            if len(self._kept) > MAX_ENTRIES:
                del self._kept[next(iter(self._kept))]
        return kept
