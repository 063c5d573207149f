"""The triggers by which changes are noticed, made again after every migration and checked at every start.

Whoever writes (the ORM, a bulk statement, a person in ``sqlite3`` or ``psql``), the article's id goes into
the queue in the writer's own transaction. Timestamps cannot do this: transactions commit late and clocks tie.
"""

from sqlalchemy import Connection, text

from syndication.store.triggers_postgresql import postgresql_triggers
from syndication.store.triggers_sqlite import sqlite_triggers

PREFIX = "syndication_"
"""All our triggers begin with this; those of the newsroom's own are left alone."""

_SQLITE_NAMES = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'syndication\\_%' ESCAPE '\\'"

_POSTGRESQL_NAMES = """
    SELECT t.tgname AS name, c.relname AS "table" FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
      AND t.tgenabled <> 'D' AND t.tgname LIKE 'syndication\\_%'
"""


def make_triggers(conn: Connection) -> None:
    """Drop ours and make them anew, in the caller's transaction."""
    if conn.dialect.name == "sqlite":
        for name in conn.scalars(text(_SQLITE_NAMES)).all():
            conn.exec_driver_sql(f'DROP TRIGGER "{name}"')
        for statement in sqlite_triggers().values():
            conn.exec_driver_sql(statement)
        return
    for row in conn.execute(text(_POSTGRESQL_NAMES)).all():
        conn.exec_driver_sql(f'DROP TRIGGER "{row.name}" ON "{row.table}"')
    functions, triggers = postgresql_triggers(conn.execute(text("SELECT quote_ident(current_schema())")).scalar_one())
    for statement in [*functions, *triggers.values()]:
        conn.exec_driver_sql(statement.replace("%", "%%"))


def missing_triggers(conn: Connection) -> list[str]:
    """The names of the triggers that should be there and are not, or are disabled."""
    if conn.dialect.name == "sqlite":
        wanted, query = set(sqlite_triggers()), _SQLITE_NAMES
    else:
        wanted, query = set(postgresql_triggers("public")[1]), _POSTGRESQL_NAMES
    return sorted(wanted - set(conn.scalars(text(query))))
