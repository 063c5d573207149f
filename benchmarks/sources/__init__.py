"""What a source costs the newsroom's own system, how soon readers see what happens there, and what is seen at all.

Real programs: Debian's WordPress on MariaDB, and Ghost's own tables in MariaDB, which are filled by SQL. Without them,
and beside them, tables of the newsroom's own in SQLite and PostgreSQL (kind sql).

    acts       each act of the tests that changes what the public sees: is it in the served feeds within two seconds,
               as the CMS shows it? Beside that, whether the change time of any story moved, which is all that a poll
               for changed rows can know
    import     a worker's first import of the newest twentieth of the stories
    latency    from the call that publishes (or withdraws) a story to the feed that has it (or not); a look a second
    looks      what a look costs the database with all stories in it, counted by MariaDB itself for the user that reads,
               beside what polls for changed rows cost, and one request for WordPress' own feed
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager

from benchmarks import newsroom
from benchmarks.databases import available
from benchmarks.options import Options
from benchmarks.sources import acts, following, looks
from benchmarks.sources.cms import Cms
from benchmarks.sources.ghost import ghost
from benchmarks.sources.missing import mariadb_is_here, wordpress_is_here
from benchmarks.sources.own_tables import own_tables
from benchmarks.sources.wordpress import wordpress
from benchmarks.table import show

SECTIONS = 10


class _Tables:
    """The rows of the three tables."""

    def __init__(self, stories: int) -> None:
        self._stories = stories
        self.acts: list[list[str]] = []
        self.followed: list[list[str]] = []
        self.looked: list[list[str]] = []

    def show(self) -> None:
        """Prints the tables that have rows."""
        followed = f"from the CMS to the feeds, {SECTIONS} sections, a look each second"
        looked = f"what it costs the CMS' database, {self._stories:,} stories"
        if self.acts:
            show("acts that change what the public sees", acts.COLUMNS, self.acts)
        if self.followed:
            show(followed, following.COLUMNS, self.followed)
        if self.looked:
            show(looked, looks.COLUMNS, self.looked, looks.NOTES)


def run(options: Options) -> None:
    """Measures each system that can be run here, one after the other."""
    stories, imported = options.size(400, 20_000, 200_000), options.size(60, 1_000, 10_000)
    tables = _Tables(stories)
    try:
        for opened in _systems(options):
            with opened as cms:
                _measure(cms, stories, imported, options, tables)
    finally:
        tables.show()  # What was measured before a failure took many minutes too.


def _measure(cms: Cms, stories: int, imported: int, options: Options, tables: _Tables) -> None:
    with cms.acts() as done:
        if done is not None:
            tables.acts.append(acts.measure(cms.name, done))
    cms.fill(0, imported)
    if not options.quick or not tables.followed:  # One system shows that it works.
        tables.followed += following.measure(cms, imported, options, SECTIONS)
    cms.fill(imported, stories)
    tables.looked += looks.measure(cms, newsroom.sections(SECTIONS), options)


def _systems(options: Options) -> Iterator[AbstractContextManager[Cms]]:
    if wordpress_is_here():
        yield wordpress(options)
    if mariadb_is_here():
        yield ghost(options)
    for dialect in ["sqlite"] if options.quick else available():
        yield own_tables(dialect, options)
