"""One turn of a queue, as the engine does it, for tests that set the clock."""

import asyncio
from typing import Any

from syndication.outbound.queue import Queue
from syndication.store.db.database import Database


def work_once(database: Database, queue: Queue[Any]) -> int:
    """Attempts what is due, all at the same time, and records the results; returns how much it was."""
    with database.read() as conn:
        if not queue.has_work(conn, database.now(conn)):
            return 0
    with database.write() as conn:
        jobs = queue.claim(conn, database.now(conn), queue.at_once, ())

    async def attempt() -> list[Any]:
        try:
            return await asyncio.gather(*(queue.attempt(job) for job in jobs))
        finally:
            await queue.close()

    outcomes = asyncio.run(attempt())
    if jobs:
        with database.write() as conn:
            queue.record(conn, database.now(conn), list(zip(jobs, outcomes, strict=True)))
    return len(jobs)
