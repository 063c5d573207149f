"""A source in memory, for what the rest of the service does with any kind: a small newsroom and a reader of it."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from syndication.config.source_schemas.sql import SqlSource
from syndication.model.values import Article
from syndication.sources.look import Looker, LookResult
from syndication.sources.reader import Found, Row, SourceError
from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.sources import source_rows, source_states
from syndication.store.sources.source_states import SourceState
from tests.support.newsroom import article, at


def source_table(name: str = "cms", **changes) -> SqlSource:
    """Returns the settings of a source; the fake reader uses none of them."""
    select = "SELECT id, published_at FROM t"
    values = {"name": name, "kind": "sql", "database": "sqlite:////nowhere", "ids": select}
    return SqlSource(**values | {"articles": f"{select} WHERE id IN :ids"} | changes)


class FakeSource:
    """Stories by id, newest first; ``failure`` is raised by the next looks. ``step`` is called before each step.

    Those in ``unshown`` are listed, and left out when they are read.
    """

    def __init__(self, *ids: str, window: int = 50) -> None:
        self.stories: dict[str, Article] = {}
        self.size = window
        self.failure: Exception | None = None
        self.refusals: dict[str, str] = {}
        self.unshown: set[str] = set()
        self.gone: list[str] = []
        self.mark = ""
        self.step: Callable[[str], None] = lambda name: None
        for n, id in enumerate(ids):
            self.publish(id, published_at=at(minutes=-n - 1))

    def publish(self, id: str, **changes) -> None:
        self.stories[id] = article(id, **changes)

    @contextmanager
    def look(self, bookmark: str = "", *, asked: bool = False) -> Iterator["FakeLook"]:
        self.asked, self.given = asked, bookmark
        if self.failure is not None:
            raise self.failure
        yield FakeLook(self, dict(self.stories))

    def check(self) -> Sequence[str]:
        return []

    def trace(self, article_id: str) -> str | None:
        return "public" if article_id in self.stories else None

    def close(self) -> None:
        pass


class FakeLook:
    """One moment of it."""

    def __init__(self, source: FakeSource, stories: dict[str, Article]) -> None:
        self.source, self.stories = source, stories

    def _rows(self, ids: Iterable[str]) -> list[Row]:
        return [Row(id, repr(self.stories[id]) + self.source.refusals.get(id, "")) for id in ids]

    def fingerprint(self) -> str:
        self.source.step("fingerprint")
        return str(sorted((id, str(story.published_at)) for id, story in self.stories.items()))

    def window(self) -> Sequence[Row]:
        newest = sorted(self.stories, key=lambda key: self.stories[key].published_at, reverse=True)
        return self._rows(newest[: self.source.size])

    def public_ids(self) -> Iterable[str]:
        self.source.step("public_ids")
        return list(self.stories)

    def page(self, after: str | None, count: int) -> Sequence[Row]:
        self.source.step("page")
        return self._rows(sorted(id for id in self.stories if after is None or id > after)[:count])

    def read(self, rows: Sequence[Row]) -> Iterator[Found]:
        for row in rows:
            self.source.step("read")
            if row.id in self.source.unshown:
                continue
            reason = self.source.refusals.get(row.id, "")
            yield Found(row, None if reason else self.stories[row.id], reason)

    def removed(self) -> Sequence[str]:
        return self.source.gone

    def bookmark(self) -> str:
        return self.source.mark


class Following:
    """The looks of workers at a fake source."""

    def __init__(self, database: Database, source: FakeSource, name: str = "cms", **changes) -> None:
        self.database = database
        self.source = source
        self.table = source_table(name, **changes)
        self.others: frozenset[str] = frozenset()
        with database.write() as conn:
            source_states.register(conn, name, "sql")
        self.restart()

    def restart(
        self,
        owner: str = "w1",
        *,
        settings: str = "settings",
        seconds: float = 20.0,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """As if the worker had been started again."""
        self.owner = owner
        with self.database.read() as conn:
            now = self.database.now(conn)
        self.looker = Looker(
            self.database, self.table, self.source, owner, settings, others=self.others, started_at=now,
            steady=steady, seconds=seconds,
        )  # fmt: skip

    @property
    def state(self) -> SourceState:
        with self.database.read() as conn:
            found = source_states.get(conn, self.table.name)
        assert found is not None
        return found

    def look(self) -> LookResult:
        with self.database.write() as conn:
            now = self.database.now(conn)
            state = source_states.claim(conn, self.table.name, self.owner, now, timedelta(seconds=30))
        assert state is not None
        return self.looker.look(state)

    def status(self, id: str) -> str | None:
        with self.database.read() as conn:
            found = articles.get_article(conn, id)
        return found.status if found else None

    def refused(self) -> dict[str, str]:
        with self.database.read() as conn:
            return dict(source_rows.list_refused(conn, self.table.name))


__all__ = ["FakeSource", "Following", "SourceError", "source_table"]
