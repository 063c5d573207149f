"""How long to wait before a failed attempt is repeated."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses that double from ``first`` to ``longest``, each shorter by a random share of up to ``spread``.

    Without the share, all that failed together would be repeated together, when the other side has just recovered.
    """

    first: timedelta
    longest: timedelta
    spread: float = 0.25

    def after(self, attempts: int) -> timedelta:
        """Returns the pause after so many attempts that failed before the last one."""
        whole = min(self.first * (1 << min(attempts, 20)), self.longest)
        return whole * (1 - self.spread * random.random())  # noqa: S311  # No secret.

    def retry_at(self, attempts: int, now: datetime, since: datetime | None, limit: timedelta) -> datetime | None:
        """Returns when to try again after a failure; None if it has failed ``since`` a time that is ``limit`` ago."""
        if since is not None and now - since >= limit:
            return None
        return now + self.after(attempts)
