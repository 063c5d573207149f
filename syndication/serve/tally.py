"""Counting polls at the cost of an addition; the watcher's thread carries the sums to Prometheus."""

Key = tuple[str, str]


class Tally:
    """Sums that only grow, by format and status.

    An addition to a dict's value calls nothing that lets another thread run, so that no lock is needed.
    """

    def __init__(self) -> None:
        self.polls: dict[Key, int] = {}
        self.sent = 0
        self._seen: dict[Key, int] = {}
        self._sent_seen = 0

    def count(self, path: str, status: str, size: int) -> None:
        """Count one poll; what has no known ending is counted as "other", as strangers choose the path."""
        ending = path[-5:]
        format = "atom" if ending == ".atom" else "json" if ending == ".json" else "rss" if ending[1:] == ".rss" else ""
        key = (format or "other", status[:3])
        try:
            self.polls[key] += 1
        except KeyError:
            self.polls[key] = 1
        self.sent += size

    def news(self) -> tuple[dict[Key, int], int]:
        """What was added since the last call."""
        now, sent = dict(self.polls), self.sent
        added = {key: value - self._seen.get(key, 0) for key, value in now.items() if value != self._seen.get(key, 0)}
        more = sent - self._sent_seen
        self._seen, self._sent_seen = now, sent
        return added, more
