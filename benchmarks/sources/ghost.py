"""Ghost's own tables in MariaDB, with as many posts as wanted. What the desk does is SQL, as Ghost writes it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count

from benchmarks import newsroom
from benchmarks.options import Options
from benchmarks.sources import bodies
from benchmarks.sources.acts import Acts
from benchmarks.sources.cms import Other
from benchmarks.sources.ghost_acts import GhostActs
from benchmarks.sources.usage import MariaDbMeter, polling
from syndication.config.source_schemas.ghost import GhostSource
from syndication.model.values import Section
from syndication.sources.ghost.reader import GhostReader
from tests.support.ghost import GhostTables, in_mariadb
from tests.support.mariadb import mariadb

DATABASE, RECORDED, READER = "daily", "recorded", "reader"
URL = "https://www.daily.example"
SECTIONS, TAGS = 10, 300
NEWEST = 1_000_000
APART = timedelta(minutes=10)
SERVER = ["--innodb-buffer-pool-size=128M", "--innodb-log-file-size=16M"]
"""The first as MariaDB has it without any setting; the second so that filling takes no hour."""


class GhostCms:
    """The tables of a Ghost."""

    name = "Ghost"

    def __init__(
        self,
        tables: GhostTables,
        recorded: GhostTables,
        meter: MariaDbMeter,
        ask: Callable[[str], object],
        write: Callable[[str], object],
        options: Options,
    ) -> None:
        self._url = tables.url
        self._ask = ask
        self._sql = write
        self._recorded = recorded
        self._options = options
        self._filled = False
        self._ids = count(1)
        self.meter = meter

    def fill(self, first: int, last: int) -> None:
        """Writes posts with two tags, an author and metadata each, by SQL."""
        if not self._filled:
            self._write_tags()
            self._filled = True
        for start in range(first, last, bodies.AT_ONCE):
            for statement in _posts(start, min(last, start + bodies.AT_ONCE) - 1):
                self._sql(statement)

    @contextmanager
    def acts(self) -> Iterator[Acts]:
        """Returns the recorded acts."""
        yield GhostActs(self._recorded, quick=self._options.quick)

    def source(self) -> str:
        """Returns the [[source]] for the configuration."""
        return f'[[source]]\nname = "cms"\nkind = "ghost"\nurl = "{URL}"\ndatabase = "{self._url}"\n'

    def reader(self, sections: Mapping[str, Section]) -> "closing[GhostReader]":
        """Opens the reader of this source."""
        table = GhostSource(name="cms", kind="ghost", url=URL, database=self._url)
        return closing(GhostReader(table, list(sections.values())))

    def draft(self, title: str) -> str:
        """Writes a draft in the first section."""
        id = f"draft{next(self._ids):019}"
        slug = title.lower().replace(" ", "-")
        self._sql(
            "INSERT INTO posts (id, uuid, title, slug, html, type, status, visibility, created_at, updated_at)"
            f" VALUES ('{id}', UUID(), '{title}', '{slug}', '<p>More soon.</p>', 'post', 'draft', 'public',"
            " UTC_TIMESTAMP(), UTC_TIMESTAMP())"
        )
        self._sql(f"INSERT INTO posts_tags (id, post_id, tag_id) VALUES (UUID(), '{id}', '{_tag(0)}')")
        self._sql(f"INSERT INTO posts_authors (id, post_id, author_id) VALUES (UUID(), '{id}', 'writer')")
        return id

    def publish(self, id: str) -> None:
        """Publishes a draft."""
        now = "published_at = UTC_TIMESTAMP(), updated_at = UTC_TIMESTAMP()"
        self._sql(f"UPDATE posts SET status = 'published', {now} WHERE id = '{id}'")

    def withdraw(self, id: str) -> None:
        """Unpublishes as Ghost does in bulk: the change time stays."""
        self._sql(f"UPDATE posts SET status = 'draft' WHERE id = '{id}'")

    def others(self) -> Mapping[str, Other]:
        """Returns two polls of the table."""
        public = "FROM posts WHERE type = 'post' AND status = 'published'"
        changed = f"SELECT * {public} AND updated_at > UTC_TIMESTAMP()"
        return {
            "WHERE updated_at > x": Other(self.meter, lambda: self._ask(changed)),
            "all ids with change times": Other(self.meter, lambda: self._ask(f"SELECT id, updated_at {public}")),
        }

    def _write_tags(self) -> None:
        slugs = [*newsroom.slugs(SECTIONS), *(f"tag-{n:03}" for n in range(TAGS))]
        for n, slug in enumerate(slugs):
            values = f"'{_tag(n)}', '{slug.title()}', '{slug}', 'public'"
            self._sql(f"INSERT INTO tags (id, name, slug, visibility) VALUES ({values})")
        self._sql("INSERT INTO users (id, name, slug, email) VALUES ('writer', 'A Writer', 'writer', 'writer')")
        bodies.write(self._sql, self._options)


def _tag(number: int) -> str:
    return f"tag{number:021}"


def _posts(first: int, last: int) -> Iterator[str]:
    numbers = f"seq_{first}_to_{last}"
    moment = f"TIMESTAMP('{datetime.now(UTC):%Y-%m-%d %H:%M:%S}') - INTERVAL {int(APART.total_seconds())} * seq SECOND"
    id = f"LPAD({NEWEST} - seq, 24, '0')"
    yield (
        "INSERT INTO posts (id, uuid, title, slug, html, plaintext, lexical, type, status, visibility, created_at,"
        " updated_at, published_at, custom_excerpt)"
        f" SELECT {id}, UUID(), CONCAT(title, ' ', seq), CONCAT('story-', seq), body, body, body, 'post', 'published',"
        f" 'public', {moment}, {moment}, {moment}, summary FROM {numbers}"
        f" JOIN {bodies.TABLE} ON n = seq % {bodies.NUMBER}"
    )
    section = f"CONCAT('tag', LPAD(seq % {SECTIONS}, 21, '0'))"
    tag = f"CONCAT('tag', LPAD({SECTIONS} + seq * 7 % {TAGS}, 21, '0'))"
    for place, value in enumerate((section, tag)):
        yield (
            "INSERT INTO posts_tags (id, post_id, tag_id, sort_order)"
            f" SELECT LPAD(seq * 2 + {place}, 24, '0'), {id}, {value}, {place} FROM {numbers}"
        )
    yield (
        f"INSERT INTO posts_authors (id, post_id, author_id) SELECT LPAD(seq, 24, '0'), {id}, 'writer' FROM {numbers}"
    )
    yield (
        "INSERT INTO posts_meta (id, post_id, feature_image_alt, feature_image_caption)"
        f" SELECT LPAD(seq, 24, '0'), {id}, 'A ferry', 'A quay at night' FROM {numbers}"
    )


@contextmanager
def ghost(options: Options) -> Iterator[GhostCms]:
    """Starts MariaDB with the tables of two Ghosts: one to fill, and one with what was recorded."""
    with (
        mariadb(*SERVER) as server,
        in_mariadb(server, DATABASE) as tables,
        in_mariadb(server, RECORDED) as recorded,
        closing(MariaDbMeter(server.socket, READER)) as meter,
        polling(server.socket, DATABASE, READER) as ask,
        polling(server.socket, DATABASE, "root") as write,
    ):
        write("SET sql_mode = ''")  # Columns without a default stay empty.
        yield GhostCms(tables, recorded, meter, ask, write, options)
