"""Throttles previews to a share of a worker's time, so that publishing comes first. Pure: the time is a parameter."""

SHARE = 0.2
"""The share of a worker's time for previews while some wait: after each, publishing gets four times as long."""


class PreviewThrottle:
    """Decides when the next preview may be rendered. Times are seconds of the monotonic clock."""

    def __init__(self, share: float = SHARE) -> None:
        self._rest = 1 / share - 1
        self._next = float("-inf")

    def record(self, started: float, ended: float) -> None:
        """Records a rendered preview."""
        self._next = ended + (ended - started) * self._rest

    def wait(self, now: float) -> float:
        """Returns the seconds until the next preview may be rendered; 0 if it may be rendered now."""
        return max(0.0, self._next - now)
