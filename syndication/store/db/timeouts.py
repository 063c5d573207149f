"""A connection to PostgreSQL that waits so long for an answer, and no longer.

The server ends a statement that takes too long by itself (``statement_timeout``). But one that is frozen, or behind a
network that swallows what is sent, ends nothing: it would hold its caller until it goes on, for hours.
"""

import time
from collections.abc import Generator
from typing import Any

import psycopg
from sqlalchemy import Engine, event

GRACE_FACTOR = 1.2
"""The server's own timeout comes first, and keeps the connection: so much longer a silence may last."""


class TimeoutConnection(psycopg.Connection[Any]):
    """A connection that is given up after ``patience`` seconds in which nothing came."""

    timeout = float("inf")

    def wait(self, gen: Generator[Any, Any, Any], *arguments: Any, **options: Any) -> Any:
        """Everything that is sent and answered goes through here, in steps of a tenth of a second."""
        return super().wait(self._until_silent(gen), *arguments, **options)

    def _until_silent(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready:
                    heard = now
                elif now - heard > self.timeout * GRACE_FACTOR:
                    self.pgconn.finish()
                    raise psycopg.OperationalError("nothing came from the server for too long")
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value


def connect_with_timeout(engine: Engine, timeout: float) -> None:
    """Let the engine make such connections."""

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> TimeoutConnection:
        connection = TimeoutConnection.connect(*arguments, **options)
        connection.timeout = timeout
        return connection


def server_timeouts(timeout: float | None, lock: float) -> dict[str, float]:
    """The server's limits in seconds, where a writer waits for ``lock`` seconds unless somebody waits for it."""
    if timeout is None:
        return {"lock_timeout": lock}
    # The lock's comes first, so that it is said what was waited for.
    return {"lock_timeout": min(lock, 0.8 * timeout), "statement_timeout": timeout}
