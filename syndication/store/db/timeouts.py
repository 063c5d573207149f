"""A connection to PostgreSQL with a client-side timeout, and one that is pinged only when it may be broken.

The server ends slow statements itself (``statement_timeout``). But a frozen server, or one behind a network that drops
packets, ends nothing: its caller would be blocked until it recovers, for hours.
"""

import math
import select
import time
from collections.abc import Generator
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from syndication.store.db.patience import Patience

SILENT = "the server did not answer in time"

FRESH_SECONDS = 5.0
"""How long after its last answer a connection is used again without a ping, if its server has not closed it."""


class TimeoutConnection(psycopg.Connection[Any]):
    """A connection that is closed when its server is silent for longer than ``patience`` says."""

    patience = Patience()
    answered_at = 0.0

    @property
    def is_fresh(self) -> bool:
        """Whether a server that has just answered has sent nothing since: one that ends connections says so.

        Only what is cut silently is not noticed, and a ping would wait as long for that as a statement does.
        """
        if self.closed or time.monotonic() - self.answered_at > FRESH_SECONDS:
            return False
        sent = select.poll()
        sent.register(self.pgconn.socket, select.POLLIN)
        return not sent.poll(0)

    def wait(self, gen: Generator[Any, Any, Any], *arguments: Any, **options: Any) -> Any:
        """Everything sent and received passes through here, in steps of a tenth of a second."""
        result = super().wait(self._until_silent(gen), *arguments, **options)
        self.answered_at = time.monotonic()
        return result

    def _until_silent(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready:
                    heard = now
                elif self.patience.ends(now - heard):
                    self.pgconn.finish()
                    raise psycopg.OperationalError(SILENT)
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value


def connect_with_patience(engine: Engine, patience: Patience) -> None:
    """Makes the engine open such connections."""

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> TimeoutConnection:
        if patience.is_over:
            raise psycopg.OperationalError(SILENT)
        if patience.is_ending:
            options["connect_timeout"] = math.ceil(patience.seconds)
        try:
            connection = TimeoutConnection.connect(*arguments, **options)
        except psycopg.errors.ConnectionTimeout:
            patience.lose()
            raise
        connection.patience = patience
        return connection


def ping_when_needed(engine: Engine) -> None:
    """Makes the engine ping a pooled connection only if it may be broken: a ping costs as much as a short statement."""
    ask = engine.dialect.do_ping

    def ping(connection: Any) -> bool:
        return connection.is_fresh or ask(connection)

    engine.dialect.do_ping = ping  # type: ignore[method-assign,assignment]  # of this engine only


def receive_binary(engine: Engine, option: str) -> None:
    """Makes the engine receive the results of statements with this execution option in binary form."""

    @event.listens_for(engine, "before_cursor_execute")
    def choose(_conn: Any, cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:
        if option in context.execution_options:
            cursor.format = psycopg.pq.Format.BINARY


def server_timeouts(timeout: float | None, lock: float) -> dict[str, float]:
    """Returns the server's limits in seconds; a writer waits ``lock`` seconds at most, less with a ``timeout``."""
    if timeout is None:
        return {"lock_timeout": lock}
    # The lock's comes first, so that the error names it.
    return {"lock_timeout": min(lock, 0.8 * timeout), "statement_timeout": timeout}
