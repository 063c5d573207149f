"""What recording each change's moments costs a publication: with and without it, in turn, in one run.

One story is edited in a newsroom of full feeds, gathered and published in two feeds; every other time, nothing of it is
recorded. The order within each pair changes. A list of many changes is read afterwards, as the page shows it.
"""

import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from benchmarks import filling, newsroom
from benchmarks.databases import DIALECTS, available, urls
from benchmarks.options import Options
from benchmarks.table import count, median, ms, percentile, show
from syndication.store.articles.delivery_list import DeliveryFilter, read_deliveries
from syndication.store.db.database import Database
from syndication.store.processes import delivery_moments
from syndication.store.publishing.deliveries import NewDelivery, record_changes

RECORDED = (
    ("syndication.pipeline.gather.record_gathered", None),
    ("syndication.pipeline.gather.record_due", None),
    ("syndication.store.publishing.new_version.deliveries.record_regeneration", []),
)
"""What records, and what it returns."""


def run(options: Options) -> None:
    """Measures on each database."""
    rows = [_measure(dialect, options) for dialect in (["sqlite"] if options.quick else available())]
    columns = ("", "without, ms", "with, ms", "ratio", "settle, ms", "changes kept", "list, ms", "by section, ms")
    show("Publishing an edited story in two feeds, with its moments recorded", columns, rows)


def _measure(dialect: str, options: Options) -> list[str]:
    pairs, kept = options.size(3, 60, 200), options.size(300, 20_000, 200_000)
    with urls(dialect) as (url,):
        moment = [datetime(2026, 3, 14, tzinfo=UTC)]
        database = Database(url, clock=lambda: moment[0])
        stories = list(newsroom.articles(options.size(60, 400), 4, newsroom.SHORT))
        filling.put(database, stories)
        worker = filling.regenerator(database, newsroom.sections(4))
        filling.publish(worker)
        took: dict[bool, list[float]] = {True: [], False: []}
        settled = []
        for number in range(2 * pairs + 2):
            recorded = (number % 2 == 0) != (number % 4 > 1)
            moment[0] += timedelta(seconds=2)
            filling.put(database, [replace(stories[-1], title=f"Edited {number}")])
            with ExitStack() as stack:
                for name, value in () if recorded else RECORDED:
                    stack.enter_context(patch(name, lambda *_, value=value: value))
                started = time.perf_counter()
                published = filling.publish(worker)
                if number > 1:  # The first are slower.
                    took[recorded].append(time.perf_counter() - started)
            if published != 2:
                raise RuntimeError(f"{published} versions instead of 2")
            started = time.perf_counter()
            with database.write() as conn:
                delivery_moments.settle(conn, moment[0])
            settled.append(time.perf_counter() - started)
        _keep(database, kept, moment[0])
        lists = [_read(database, moment[0], wanted) for wanted in (DeliveryFilter(), DeliveryFilter("section-001"))]
        database.close()
    # The lower quartile: of a busy machine, the others measure the machine.
    without, with_ = percentile(took[False], 25), percentile(took[True], 25)
    figures = [ms(without), ms(with_), f"{with_ / without:.3f}", ms(median(settled)), count(kept), *map(ms, lists)]
    return [DIALECTS[dialect], *figures]


def _keep(database: Database, number: int, now: datetime) -> None:
    """Records so many changes that are served already, as the days before have left them."""
    generations = {"all": 1, "section-001": 1}
    for start in range(0, number, 1_000):
        changes = [
            NewDelivery(f"a{n:07}", "edited", now - timedelta(seconds=n), generations.keys())
            for n in range(start, min(start + 1_000, number))
        ]
        with database.write() as conn:
            record_changes(conn, changes, generations, now)
            conn.exec_driver_sql(
                "UPDATE delivery_feed SET change = 'changed', version = 2, published_at = (SELECT noticed_at FROM"
                " delivery WHERE seq = delivery), publication = 1 WHERE published_at IS NULL"
            )
            conn.exec_driver_sql("UPDATE delivery_feed SET served_at = published_at WHERE served_at IS NULL")
            conn.exec_driver_sql(
                "UPDATE delivery SET settled_at = noticed_at, served_ms = seq * 7919 - 100003 * (seq * 7919 / 100003)"
                " WHERE settled_at IS NULL"
            )


def _read(database: Database, now: datetime, wanted: DeliveryFilter) -> float:
    took = []
    for _ in range(5):
        started = time.perf_counter()
        with database.snapshot() as conn:
            found, _ = read_deliveries(conn, wanted, "slowest", now, 50)
        took.append(time.perf_counter() - started)
        if len(found) != 50:
            raise RuntimeError(f"{len(found)} changes instead of 50")
    return median(took)
