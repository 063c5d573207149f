"""Limits previews and feeds of readers to shares of a worker's time, so that the newsroom's publishing comes first.

Pure: the time is a parameter.
"""

PREVIEWS = 0.2
"""The share for previews while some wait: after each, publishing gets four times as long."""

READERS = 0.25
"""The share for feeds that readers asked for: a section's story waits behind one of these at most, and rarely."""


class TimeShare:
    """Decides when the next of them may be rendered. Times are seconds of the monotonic clock."""

    def __init__(self, share: float) -> None:
        self._rest = 1 / share - 1
        self._next = float("-inf")

    def record(self, started: float, ended: float) -> None:
        """Records what was rendered."""
        self._next = ended + (ended - started) * self._rest

    def wait(self, now: float) -> float:
        """Returns the seconds until the next may be rendered; 0 if it may be rendered now."""
        return max(0.0, self._next - now)
