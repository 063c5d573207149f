"""When a source is asked again for stories that it lists and does not show. Nothing is wrong if it is forgotten."""

from collections.abc import Callable

FIRST_SECONDS, LONGEST_SECONDS = 30.0, 3600.0
"""A replica or a cache that lags shows a story a moment later; a plugin that hides one does so for years."""


class UnshownStories:
    """Pauses that double while stories of the window are listed and not shown. ``steady`` returns seconds."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._pause = 0.0
        self._due: float | None = None

    def is_due(self) -> bool:
        """Returns whether those that are refused should be asked for again."""
        return self._due is not None and self._steady() >= self._due

    def ask_later(self) -> None:
        """Sets the next time, because a look did not get some stories."""
        self._pause = min(2 * self._pause, LONGEST_SECONDS) if self.is_due() else FIRST_SECONDS
        self._due = self._steady() + self._pause

    def settle(self) -> None:
        """Ends the asking if it was due, because a look got all stories."""
        if self.is_due():
            self._due = None
