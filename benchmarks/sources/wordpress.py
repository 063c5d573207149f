"""Debian's WordPress on MariaDB, with as many posts as wanted: terms, authors and pictures as a newsroom has them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from benchmarks.options import Options
from benchmarks.sources import bodies, wordpress_filling
from benchmarks.sources.acts import Acts
from benchmarks.sources.cms import Other
from benchmarks.sources.usage import MariaDbMeter, polling
from benchmarks.sources.wordpress_acts import WordPressActs
from benchmarks.sources.wordpress_filling import FIRST_CATEGORY
from syndication.config.source_schemas.wordpress import WordPressSource
from syndication.model.values import Section
from syndication.sources.wordpress.reader import WordPressReader
from tests.support.wordpress import PREFIX, READER, WordPress, running_wordpress

ZONE = ZoneInfo("Asia/Taipei")


class WordPressCms:
    """A site; everything that the desk does goes through WordPress' own functions."""

    name = "WordPress"

    def __init__(
        self,
        site: WordPress,
        meter: MariaDbMeter,
        meter_of_the_site: MariaDbMeter,
        ask: Callable[[str], object],
        options: Options,
    ) -> None:
        self._site = site
        self._ask = ask
        self._options = options
        self._filled = False
        self.meter = meter
        self._meter_of_the_site = meter_of_the_site
        self._started = datetime.now(ZONE)

    def fill(self, first: int, last: int) -> None:
        """Writes posts with terms and a picture each, by SQL."""
        if not self._filled:
            bodies.write(self._site.sql, self._options)
            self._run(wordpress_filling.before())
            self._filled = True
        for start in range(first, last, bodies.AT_ONCE):
            self._run(wordpress_filling.posts(start, min(last, start + bodies.AT_ONCE) - 1, self._started))
        self._run([wordpress_filling.COUNT])

    @contextmanager
    def acts(self) -> Iterator[Acts]:
        """Returns the acts of the tests."""
        acts = WordPressActs(self._site, self.source(), quick=self._options.quick)
        yield acts
        acts.end()

    def source(self) -> str:
        """Returns the [[source]] for the configuration."""
        values = {"url": self._site.url, "database": self._site.database, "prefix": PREFIX, "kind": "wordpress"}
        lines = "".join(f'{name} = "{value}"\n' for name, value in values.items())
        return f'[[source]]\nname = "cms"\nallow_private = true\n{lines}'

    def reader(self, sections: Mapping[str, Section]) -> "closing[WordPressReader]":
        """Opens the reader of this source."""
        table = {"name": "cms", "kind": "wordpress", "url": self._site.url, "allow_private": True, "prefix": PREFIX}
        settings = WordPressSource.model_validate(table | {"database": self._site.database})
        return closing(WordPressReader(settings, list(sections.values())))

    def draft(self, title: str) -> str:
        """Writes a draft in the first category."""
        values = f"'post_title' => '{title}', 'post_content' => '<p>More soon.</p>', 'post_status' => 'draft'"
        return str(self._site.do(f"return wp_insert_post([{values}, 'post_category' => [{FIRST_CATEGORY}]]);"))

    def publish(self, id: str) -> None:
        """Publishes as the editor does, which sets the date."""
        self._site.do(f"return wp_update_post(['ID' => {id}, 'post_status' => 'publish']);")

    def withdraw(self, id: str) -> None:
        """Makes a draft of a post again."""
        self._site.do(f"return wp_update_post(['ID' => {id}, 'post_status' => 'draft']);")

    def _run(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self._site.sql(statement)

    def others(self) -> Mapping[str, Other]:
        """Returns two polls of the table, and one request for WordPress' own feed."""
        public = f"FROM {PREFIX}posts WHERE post_type = 'post' AND post_status = 'publish'"
        changed = f"SELECT * {public} AND post_modified_gmt > UTC_TIMESTAMP()"
        return {
            "WHERE post_modified_gmt > x": Other(self.meter, lambda: self._ask(changed)),
            "all ids with change times": Other(self.meter, lambda: self._ask(f"SELECT ID, post_modified_gmt {public}")),
            "WordPress' own feed, once": Other(self._meter_of_the_site, lambda: self._site.get("/feed/")),
        }


@contextmanager
def wordpress(options: Options) -> Iterator[WordPressCms]:
    """Starts WordPress and its database."""
    with (
        running_wordpress() as site,
        closing(MariaDbMeter(site.socket, READER)) as reader,
        closing(MariaDbMeter(site.socket, "root")) as root,
        polling(site.socket, "daily", READER, "secret") as ask,
    ):
        yield WordPressCms(site, reader, root, ask, options)
