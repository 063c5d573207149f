"""Lets what readers of feeds do not wait for begin when publishing has been quiet for a moment.

Pure: the time is a parameter.
"""

from collections.abc import Hashable


class QuietWait:
    """Decides when such work begins: ``quiet`` seconds after the last of it came, ``most`` seconds after the first.

    Times are seconds of the monotonic clock. What waits when a process starts may begin at once.
    """

    def __init__(self, quiet: float, most: float) -> None:
        self._quiet = quiet
        self._most = most
        self._first: float | None = float("-inf")
        self._last = float("-inf")
        self._mark: Hashable = None
        self._rest_until = float("-inf")

    def wait(self, mark: Hashable, now: float) -> float | None:
        """Returns the seconds until the work may begin, 0 if it may now; None if nothing waits.

        ``mark`` names all that waits: another one than at the last look means that more has come. None: nothing waits.
        """
        if mark is None:
            self._first = None
            return None
        if self._first is None:
            self._first = self._last = now
        elif mark != self._mark and self._first != float("-inf"):
            self._last = now
        self._mark = mark
        begins = min(self._last + self._quiet, self._first + self._most)
        return max(0.0, begins - now, self._rest_until - now)

    def done(self, now: float, *, rest: float = 0.0) -> None:
        """Records that the work was done, or tried: what waits then waits again, for ``rest`` seconds at least."""
        self._first = None
        self._rest_until = now + rest
