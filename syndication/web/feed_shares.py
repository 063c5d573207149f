"""What one stranger may spend of what all readers share: counted by network, in memory."""

import threading
from collections import Counter, deque


class MinuteBudget:
    """So many in a minute for everybody, and so many of them for each client. Threads may share it."""

    def __init__(self, everybody: int, each: int) -> None:
        self._everybody = everybody
        self._each = each
        self._taken: deque[tuple[float, str]] = deque()
        self._by_client: Counter[str] = Counter()
        self._lock = threading.Lock()

    def is_used_up(self, now: float) -> bool:
        """Returns whether nobody can take one at this monotonic time."""
        with self._lock:
            self._expire(now)
            return len(self._taken) >= self._everybody

    def take(self, client: str, now: float) -> bool:
        """Takes one for a client; returns False if there is none for it."""
        with self._lock:
            self._expire(now)
            if len(self._taken) >= self._everybody or self._by_client[client] >= self._each:
                return False
            self._taken.append((now, client))
            self._by_client[client] += 1
            return True

    def give_back(self, client: str) -> None:
        """Gives back the last one that a client took, if it still counts."""
        with self._lock:
            for place in range(len(self._taken) - 1, -1, -1):
                if self._taken[place][1] == client:
                    del self._taken[place]
                    self._forget(client)
                    return

    def _expire(self, now: float) -> None:
        while self._taken and self._taken[0][0] <= now - 60.0:
            self._forget(self._taken.popleft()[1])

    def _forget(self, client: str) -> None:
        self._by_client[client] -= 1
        if not self._by_client[client]:
            del self._by_client[client]


class Places:
    """So many places at a time for everybody, and so many of them for each client. Threads may share it."""

    def __init__(self, everybody: int, each: int) -> None:
        self._everybody = everybody
        self._each = each
        self._by_client: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.taken = 0

    @property
    def are_used_up(self) -> bool:
        """Whether no place is left for anybody."""
        return self.taken >= self._everybody

    def take(self, client: str) -> bool:
        """Takes a place; returns False if there is none for this client."""
        with self._lock:
            if self.are_used_up or self._by_client[client] >= self._each:
                return False
            self._by_client[client] += 1
            self.taken += 1
            return True

    def give_back(self, client: str) -> None:
        """Gives a place back."""
        with self._lock:
            self.taken -= 1
            self._by_client[client] -= 1
            if not self._by_client[client]:
                del self._by_client[client]
