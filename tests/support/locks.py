"""Waits until another transaction waits."""

import psycopg


def wait_for_a_lock(conn: psycopg.Connection) -> None:
    """Returns once some session of PostgreSQL waits for a lock."""
    for _ in range(1000):
        if conn.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone():
            return
        conn.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waits")
