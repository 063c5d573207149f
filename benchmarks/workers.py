"""New versions of 400 sections on PostgreSQL by one, two and four workers, each section once.

The workers are idle when the newest story of each section gets another title, all in one transaction; the measurement
ends when no section is pending. A request alone would not do: a worker finds at once that nothing has changed. The
rounds alternate. According to the workers' logs, every section must be regenerated exactly once.
"""

import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import func, select, update

from benchmarks import filling, newsroom
from benchmarks.databases import INSTALL_POSTGRESQL, available, database, folder, urls
from benchmarks.options import Options
from benchmarks.processes import running, syndication, write_config
from benchmarks.table import count, median, ratio, show
from syndication.store.db.database import Database
from syndication.store.processes import workers
from syndication.store.publishing import section_state
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow

GIVE_UP_SECONDS = 300
COLUMNS = ["", "seconds", "sections per second", "times as fast"]


def run(options: Options) -> None:
    """Measures on PostgreSQL, where several workers can write at once."""
    if "postgresql" not in available():
        raise RuntimeError(f"PostgreSQL is missing: {INSTALL_POSTGRESQL}")
    number, entries, rounds = options.size(8, 400, 400), options.size(3, 20, 50), options.size(1, 2, 3)
    crews = options.size([1, 2], [1, 2, 4])
    taken: dict[int, list[float]] = {crew: [] for crew in crews}
    with folder() as where, urls("postgresql") as (url,), database(url) as opened:
        coming = newsroom.articles(number * entries, number, newsroom.SHORT, options.articles)
        filling.fill_fast(opened, coming)
        write_config(where, number)
        for crew in crews * rounds:
            taken[crew].append(_rebuild(opened, url, where, crew, number + 1))
    first = median(taken[crews[0]])
    rows = [
        [f"{crew} workers" if crew > 1 else "1 worker", f"{median(s):.1f}", count(number / median(s)),
         ratio(first / median(s))]
        for crew, s in taken.items()
    ]  # fmt: skip
    show(f"a new version of {number} sections of {entries} articles, PostgreSQL", COLUMNS, rows)


def _rebuild(opened: Database, url: str, where: Path, crew: int, number: int) -> float:
    """Returns the seconds that the workers take for all sections."""
    for log in where.glob("*.log"):
        log.unlink()
    with ExitStack() as stack:
        for _ in range(crew):
            stack.enter_context(running(syndication("worker"), where, SYNDICATION_DATABASE__URL=url))
        _wait(lambda: _alive(opened) == crew and not _waiting(opened))
        before = _tried(where)
        started = time.perf_counter()
        versions = _versions(opened)
        with opened.write() as conn:
            conn.execute(_CORRECT)
        _wait(lambda: all(version > versions[section] for section, version in _versions(opened).items()))
        seconds = time.perf_counter() - started
        _wait(lambda: not _waiting(opened))
    tried = _tried(where)[len(before) :]
    if len(tried) != number or len(set(tried)) != number:
        raise RuntimeError(f"{len(tried)} regenerations of {len(set(tried))} sections instead of {number}, once each")
    return seconds


_newest = select(func.max(ArticleSectionRow.article_id)).group_by(ArticleSectionRow.section)
_CORRECT = update(ArticleRow).where(ArticleRow.id.in_(_newest)).values(title=ArticleRow.title + ".")


def _versions(opened: Database) -> dict[str, int]:
    with opened.read() as conn:
        return {state.section: state.version for state in section_state.list_states(conn)}


def _tried(where: Path) -> list[str]:
    """Returns the regenerated sections from the workers' logs."""
    text = "".join(path.read_text() for path in where.glob("*.log"))
    return re.findall(r"regenerated .*section=(\S+)", re.sub(r"\x1b\[[0-9;]*m", "", text))


def _alive(opened: Database) -> int:
    with opened.read() as conn:
        return len(workers.list_alive(conn, opened.now(conn)))


def _waiting(opened: Database) -> bool:
    with opened.read() as conn:
        found = section_state.list_states(conn)
        return not found or any(state.pending for state in found)


def _wait(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            raise RuntimeError(f"it took longer than {GIVE_UP_SECONDS} seconds")
        time.sleep(0.02)
