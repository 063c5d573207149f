"""The verdict on the service, as far as the caller may see it."""

from collections.abc import Collection

from syndication.api.operations import context
from syndication.api.visibility import CallerView
from syndication.diagnostics.read_health import Health, View, may_be_locked, read_health, with_lock
from syndication.store.db.locks import is_locked


def service_health(view: View | None = None, asked: Collection[str] | None = None) -> Health:
    """Returns the state of the service; ``asked``: sections whose states are wanted in any case."""
    database, missing = context().database, context().loader.state.missing_triggers
    with database.snapshot() as conn:
        found = read_health(conn, context().settings, database.now(conn), missing, view or CallerView(), asked)
    return with_lock(found, is_locked(database)) if may_be_locked(found) else found
