"""A version of the service at work on its own database: its processes, and the process that writes its articles."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from benchmarks import newsroom
from benchmarks.databases import database, folder, urls
from benchmarks.processes import running, syndication, write_config
from benchmarks.publishing.versions import Version
from benchmarks.publishing.writer import Writer, writer
from syndication.model.values import Article

GIVE_UP_SECONDS = 300
TITLE = "The Daily Example"
"""The title in ``write_config``."""


@dataclass(frozen=True, slots=True)
class Service:
    """One version with its database, and the articles that it has not published yet."""

    version: Version
    url: str
    where: Path
    writer: Writer
    coming: Iterator[Article]

    def commit(self, *slugs: str) -> tuple[float, str]:
        """Publishes an article in these sections now; returns when the commit returned, and the id."""
        now = datetime.now(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)  # An older one took .075660 for a leap second.
        article = replace(next(self.coming), sections=slugs, published_at=now, updated_at=now)
        return float(self.writer.call("commit", newsroom.line(article))), article.id

    def config(self, sections: int, title: str = TITLE) -> Path:
        """Writes a configuration, and returns the folder to run commands in."""
        found = self.where / f"{sections} {title}"
        if not found.exists():
            found.mkdir()
            write_config(found, sections)
            main = found / "config/syndication.toml"
            main.write_text(main.read_text().replace(TITLE, title))
        return found

    @contextlib.contextmanager
    def worker(self, config: Path) -> Iterator[subprocess.Popen[bytes]]:
        """Runs a worker until the end of the block."""
        env = self.version.environment(self.url) | {"PGAPPNAME": "worker"}
        with running(syndication("worker"), config, **env) as process:
            yield process

    @contextlib.contextmanager
    def web(self, config: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
        """Runs a web process until the end of the block."""
        env = self.version.environment(self.url) | {"PGAPPNAME": "web"}
        with running(syndication("web", "--port", str(port)), config, port, **env) as process:
            yield process

    def states(self, sections: int) -> list["State"]:
        """Returns the states of all feeds, which must be ``sections`` and the feed of every story at least."""
        found = [State(*values) for values in self.writer.call("states")]
        return found if len(found) > sections else []

    def wait_until_idle(self, sections: int) -> list["State"]:
        """Waits until every section is published and none is to be regenerated; returns the states."""
        return self.wait_until(sections, lambda states: all(one.version and not one.is_pending for one in states))

    def wait_until(self, sections: int, happened: Callable[[list["State"]], bool]) -> list["State"]:
        """Waits until something is true of the states, and returns them."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            found = self.states(sections)
            if found and happened(found):
                return found
            time.sleep(0.2)
        raise RuntimeError(f"{self.version.name} was not done within {GIVE_UP_SECONDS} seconds")


@dataclass(frozen=True, slots=True)
class State:
    """A feed in the database: its version, and when it was last regenerated."""

    section: str
    version: int
    regenerated: str | None
    is_pending: bool

    @property
    def at(self) -> datetime:
        """When it was last regenerated."""
        if self.regenerated is None:
            raise RuntimeError(f"{self.section} was never regenerated")
        return datetime.fromisoformat(self.regenerated)


@contextlib.contextmanager
def services(
    dialect: str, found: Sequence[Version], sections: int, entries: int, source: Path | None
) -> Iterator[list[Service]]:
    """Fills a database for each version with the same articles, by the version's own code."""
    with contextlib.ExitStack() as stack:
        addresses = stack.enter_context(urls(dialect, len(found), migrated=False))
        number = sections * entries
        lines = stack.enter_context(folder()) / "articles.jsonl"
        newsroom.write_lines(lines, newsroom.articles(number, sections, newsroom.SHORT, source))
        started = []
        for version, url in zip(found, addresses, strict=True):
            where = stack.enter_context(folder())
            opened = stack.enter_context(writer(version, where, url))
            coming = islice(newsroom.articles(number + 100_000, sections, newsroom.SHORT, source), number, None)
            opened.call("migrate")
            opened.call("put", str(lines))
            _analyze(url)
            started.append(Service(version, url, where, opened, coming))
        yield started


def _analyze(url: str) -> None:
    """Does at once what autovacuum does in a database that is older than a minute."""
    with database(url) as opened, opened.engine.connect() as conn:
        if opened.dialect == "postgresql":
            conn.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
