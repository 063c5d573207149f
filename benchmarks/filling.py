"""A database with articles and published feeds, as a worker leaves it."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from benchmarks import newsroom
from syndication.feeds import Article, Section
from syndication.gather import Newsroom
from syndication.regenerate import Pace, Regenerator
from syndication.store import articles
from syndication.store.engine import Database

PACE = Pace(lease=timedelta(seconds=30), retry_first=timedelta(seconds=2), retry_max=timedelta(seconds=60))


def put(database: Database, found: Iterable[Article]) -> int:
    """Write articles in the way of the import; gives their number."""
    return sum(1 for _ in articles.put_articles(database, found))


def regenerator(database: Database, sections: Mapping[str, Section]) -> Regenerator:
    """A worker's hands, without its process; every section is marked."""
    worker = Regenerator(database, Newsroom(newsroom.SITE, sections), PACE, "benchmark")
    worker.register()
    return worker


def publish(worker: Regenerator) -> int:
    """Regenerate whatever waits and may be regenerated now; gives the number of versions published."""
    worker.notice()
    outcomes = list(worker.pending())
    failed = [outcome for outcome in outcomes if outcome.result == "failed"]
    if failed:
        raise RuntimeError(f"{failed[0].section} failed: {failed[0].error}")
    return sum(outcome.result == "published" for outcome in outcomes)
