"""A cache with a time to live, so that simultaneous viewers share one computation."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")

MAX_ENTRIES = 512
"""The maximum number of values; the least recently used one is evicted."""


class _Entry:
    """A value and its time; the lock is held while the value is computed."""

    __slots__ = ("lock", "made_at", "value")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made_at: float | None = None
        self.value: Any = None


class TTLCache:
    """Caches values. A caller waits for a value that another thread is computing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Hashable, _Entry] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, seconds: float, make: Callable[[], T]) -> T:
        """Returns the value, at most ``seconds`` old. Exceptions of ``make`` are not cached."""
        kept = self._entry(key)
        with kept.lock:
            if kept.made_at is None or self._clock() - kept.made_at >= seconds:
                kept.value = make()
                kept.made_at = self._clock()
            return cast(T, kept.value)

    def forget(self, *kinds: str) -> None:
        """Forgets the values whose key begins with one of these words."""
        with self._lock:
            for key in [key for key in self._kept if isinstance(key, tuple) and key[0] in kinds]:
                del self._kept[key]

    def _entry(self, key: Hashable) -> _Entry:
        with self._lock:
            kept = self._kept.pop(key, None) or _Entry()
            self._kept[key] = kept  # Moves the key to the end: last used.
            if len(self._kept) > MAX_ENTRIES:
                del self._kept[next(iter(self._kept))]
        return kept
