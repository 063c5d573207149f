"""Lets PostgreSQL keep the plans of statements that are sent again and again, if no pooler stands in between.

A pooler may give each transaction another connection, on which nothing is prepared. A rollback makes psycopg forget
what is prepared, as it may have taken a table back: transactions that only read are committed (``Database.read``).
"""

from typing import Any

from psycopg.errors import FeatureNotSupported
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

THRESHOLD = 2
"""How often a statement is sent on a connection before it is prepared: some are sent once in the life of a process."""

MOST = 500
"""Statements prepared on a connection: a worker sends some two hundred different ones."""


def prepare_statements(engine: Engine) -> None:
    """Has the statements of this engine's connections prepared, as far as they are connections to the server itself."""

    @event.listens_for(engine, "connect")
    def opened(connection: Any, _record: Any) -> None:
        if _is_direct(connection):
            connection.prepare_threshold = THRESHOLD
            connection.prepared_max = MOST

    @event.listens_for(engine, "handle_error")
    def failed(context: ExceptionContext) -> None:
        # A newer program has changed a column's type since its plan was made: another connection has no plan.
        if isinstance(context.original_exception, FeatureNotSupported):
            context.is_disconnect = True


def _is_direct(connection: Any) -> bool:
    """Returns whether the server answers itself: a pooler tells its clients another process id than the server has."""
    connection.autocommit = True
    (server,) = connection.execute("SELECT pg_backend_pid()").fetchone()
    connection.autocommit = False
    return bool(connection.info.backend_pid == server)
