"""The triggers that capture changes, recreated after every migration and checked at every start.

Whatever writes (the ORM, a bulk statement, ``sqlite3`` or ``psql``), the article's id is added to the queue in the
writer's own transaction. Timestamps cannot do this: transactions commit late and clocks tie.

On PostgreSQL they are enabled always: the apply workers of logical replication, and some restores, run with
``session_replication_role = replica``, in which ordinary triggers do not fire. Of ours, apply workers fire those for
each row and those of TRUNCATE (PostgreSQL's documentation, section 29.9).
"""

import hashlib

from sqlalchemy import Connection, text

from syndication.store.triggers.postgresql import FUNCTIONS, postgresql_triggers
from syndication.store.triggers.sqlite import sqlite_triggers

PREFIX = "syndication_"
"""The prefix of all our triggers; the newsroom's own triggers are left alone."""

_SQLITE_NAMES = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'syndication\\_%' ESCAPE '\\'"

_SQLITE_BODIES = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"

_POSTGRESQL_BODIES = """
    SELECT t.tgname AS name, d.description AS digest, p.prosrc AS body
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_trigger'::regclass
    WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
"""

_POSTGRESQL_NAMES = """
    SELECT t.tgname AS name, c.relname AS "table" FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal AND t.tgname LIKE 'syndication\\_%'
"""

# ``A`` is always, in replica sessions too. A restore with --disable-triggers leaves ``O``, in ordinary ones only.
_POSTGRESQL_ENABLED = f"{_POSTGRESQL_NAMES} AND t.tgenabled = 'A'"


def drop_triggers(conn: Connection) -> None:
    """Drops our triggers, in the caller's transaction: until they are recreated, rows are stored unchanged."""
    if conn.dialect.name == "sqlite":
        for name in conn.scalars(text(_SQLITE_NAMES)).all():
            conn.exec_driver_sql(f'DROP TRIGGER "{name}"')
        return
    for row in conn.execute(text(_POSTGRESQL_NAMES)).all():
        conn.exec_driver_sql(f'DROP TRIGGER "{row.name}" ON "{row.table}"')


def create_triggers(conn: Connection) -> None:
    """Drops and recreates our triggers, in the caller's transaction."""
    drop_triggers(conn)
    if conn.dialect.name == "sqlite":
        for statement in sqlite_triggers().values():
            conn.exec_driver_sql(statement)
        return
    functions, triggers = postgresql_triggers(_schema(conn))
    for statement in [*functions, *(trigger.statement for trigger in triggers.values())]:
        conn.exec_driver_sql(statement.replace("%", "%%"))
    for name, trigger in triggers.items():
        conn.exec_driver_sql(f"ALTER TABLE {trigger.table} ENABLE ALWAYS TRIGGER {name}")
        conn.exec_driver_sql(f"COMMENT ON TRIGGER {name} ON {trigger.table} IS '{_digest(trigger.statement)}'")


def _schema(conn: Connection) -> str:
    schema: str = conn.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    return schema


def _digest(statement: str) -> str:
    """Returns the digest of a trigger's statement, kept in a comment: PostgreSQL returns the statement reformatted."""
    return hashlib.sha256(statement.encode()).hexdigest()[:16]


def changed_triggers(conn: Connection) -> list[str]:
    """Returns the names of the triggers that are missing or differ from this program's."""
    if conn.dialect.name == "sqlite":
        there = {row.name: row.sql for row in conn.execute(text(_SQLITE_BODIES))}
        return sorted(name for name, statement in sqlite_triggers().items() if there.get(name) != statement)
    wanted = postgresql_triggers(_schema(conn))[1]
    bodies = {row.name: (row.digest, row.body) for row in conn.execute(text(_POSTGRESQL_BODIES))}
    right = {name: (_digest(trigger.statement), FUNCTIONS[trigger.function]) for name, trigger in wanted.items()}
    return sorted({name for name in wanted if bodies.get(name) != right[name]} | set(missing_triggers(conn)))


def missing_triggers(conn: Connection) -> list[str]:
    """Returns the names of the triggers that are missing, or disabled in some sessions or all.

    By name alone: a running program is not affected by the triggers of a newer one.
    """
    if conn.dialect.name == "sqlite":
        wanted, query = set(sqlite_triggers()), _SQLITE_NAMES
    else:
        wanted, query = set(postgresql_triggers("public")[1]), _POSTGRESQL_ENABLED
    return sorted(wanted - set(conn.scalars(text(query))))
