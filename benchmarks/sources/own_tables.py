"""A newsroom's own tables in SQLite or PostgreSQL, read by two SELECTs (kind sql)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from itertools import count, islice

from sqlalchemy import Engine, create_engine, text

from benchmarks import newsroom
from benchmarks.databases import DIALECTS, urls
from benchmarks.options import Options
from benchmarks.sources import bodies
from benchmarks.sources.cms import Other
from benchmarks.sources.usage import DriverMeter
from syndication.config.source_schemas.sql import SqlSource
from syndication.model.values import Section
from syndication.sources.sql.reader import SqlReader

SECTIONS = 10
NEWEST = 1_000_000
APART = timedelta(minutes=10)
TABLES = (
    "CREATE TABLE story (id INTEGER PRIMARY KEY, headline TEXT NOT NULL, body TEXT NOT NULL, desk TEXT NOT NULL,"
    " live INTEGER NOT NULL, published_at TEXT, changed_at TEXT NOT NULL)",
    "CREATE INDEX ix_story ON story (live, published_at, id)",
)
IDS = "SELECT id, published_at FROM story WHERE live = 1"
ARTICLES = (
    "SELECT id, headline AS title, '/news/' || id AS url, body AS html, desk AS section, published_at"
    " FROM story WHERE id IN :ids"
)


class OwnTables:
    """A table of stories that knows nothing of us."""

    def __init__(self, name: str, url: str, engine: Engine, options: Options) -> None:
        self.name = name
        self.meter = DriverMeter()
        self._url = url
        self._engine = engine
        self._ids = count(NEWEST + 1)
        self._options = options
        for statement in TABLES:
            self._do(statement)

    def fill(self, first: int, last: int) -> None:
        """Writes stories."""
        now = datetime.now(UTC)
        found = newsroom.articles(last - first, SECTIONS, bodies.LENGTHS, self._options.articles)
        rows = (
            {
                "id": NEWEST - n,
                "title": one.title,
                "body": one.html,
                "desk": one.sections[0],
                "at": _text(now - n * APART),
            }
            for n, one in enumerate(found, first)
        )
        with self._engine.begin() as conn:
            while some := list(islice(rows, bodies.AT_ONCE)):
                conn.execute(text("INSERT INTO story VALUES (:id, :title, :body, :desk, 1, :at, :at)"), some)
        self._do("ANALYZE")

    def acts(self) -> nullcontext[None]:
        """Returns nothing: what a desk does in its own tables is any SQL."""
        return nullcontext()

    def source(self) -> str:
        """Returns the [[source]] for the configuration."""
        values = {"kind": "sql", "database": self._url, "ids": IDS, "articles": ARTICLES}
        return '[[source]]\nname = "cms"\n' + "".join(f'{name} = "{value}"\n' for name, value in values.items())

    def reader(self, sections: Mapping[str, Section]) -> "closing[SqlReader]":
        """Opens the reader of this source."""
        table = SqlSource(name="cms", kind="sql", database=self._url, ids=IDS, articles=ARTICLES)
        return closing(SqlReader(table, {slug: slug for slug in sections}))

    def draft(self, title: str) -> str:
        """Writes a draft in the first section."""
        id = next(self._ids)
        now, slug = _text(datetime.now(UTC)), newsroom.slugs(1)[0]
        self._do(f"INSERT INTO story VALUES ({id}, '{title}', '<p>More soon.</p>', '{slug}', 0, NULL, '{now}')")
        return str(id)

    def publish(self, id: str) -> None:
        """Publishes a draft."""
        self._do(f"UPDATE story SET live = 1, published_at = '{_text(datetime.now(UTC))}' WHERE id = {id}")

    def withdraw(self, id: str) -> None:
        """Takes a story off the site."""
        self._do(f"UPDATE story SET live = 0 WHERE id = {id}")

    def others(self) -> Mapping[str, Other]:
        """Returns two polls of the table."""
        polls = {
            "WHERE changed_at > x": "SELECT * FROM story WHERE live = 1 AND changed_at > '9999'",
            "all ids with change times": "SELECT id, changed_at FROM story WHERE live = 1",
        }
        return {name: Other(self.meter, self._poll(statement)) for name, statement in polls.items()}

    def _poll(self, statement: str) -> Callable[[], object]:
        def poll() -> object:
            with self._engine.connect() as conn:
                return conn.exec_driver_sql(statement).all()

        return poll

    def _do(self, statement: str) -> None:
        with self._engine.begin() as conn:
            conn.exec_driver_sql(statement)


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


@contextmanager
def own_tables(dialect: str, options: Options) -> Iterator[OwnTables]:
    """Creates the tables in a database of this kind."""
    with urls(dialect) as (url,):
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        try:
            yield OwnTables(f"own tables, {DIALECTS[dialect]}", url, engine, options)
        finally:
            engine.dispose()
