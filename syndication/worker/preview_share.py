"""How much of a worker's time previews may have, so that publishing always goes first. Pure: the time is passed in."""

SHARE = 0.2
"""Of a worker's time while previews wait: after each one, four times as long as it took belongs to publishing."""


class PreviewThrottle:
    """When the next preview may be rendered. Times are seconds of the steady clock."""

    def __init__(self, share: float = SHARE) -> None:
        self._rest = 1 / share - 1
        self._next = float("-inf")

    def record(self, started: float, ended: float) -> None:
        """A preview was rendered."""
        self._next = ended + (ended - started) * self._rest

    def wait(self, now: float) -> float:
        """Seconds until the next preview may be rendered, 0 if it may be now."""
        return max(0.0, self._next - now)
