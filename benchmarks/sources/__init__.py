"""What a source costs the newsroom's own system, how soon readers see what happens there, and what is seen at all.

Real programs: Debian's WordPress on MariaDB, and Ghost's own tables in MariaDB, which are filled by SQL. Without them,
and beside them, tables of the newsroom's own in SQLite and PostgreSQL (kind sql).

    acts       each act of the tests, done on an empty site: is it in the articles after one look? Beside that, whether
               the change time of any story moved, which is all that a poll for changed rows can know
    import     a worker's first import of the newest tenth, or twentieth, of the stories
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


def run(options: Options) -> None:
    """Measures each system that can be run here, one after the other."""
    stories, imported = options.size(400, 20_000, 200_000), options.size(60, 1_000, 10_000)
    seen: list[list[str]] = []
    followed: list[list[str]] = []
    looked: list[list[str]] = []
    for opened in _systems(options):
        with opened as cms:
            with cms.acts() as done:
                if done is not None:
                    seen.append(acts.measure(cms.name, done))
            cms.fill(0, imported)
            followed += following.measure(cms, imported, options, SECTIONS)
            cms.fill(imported, stories)
            looked += looks.measure(cms, newsroom.sections(SECTIONS), options)
    if seen:
        show("acts that change what the public sees", acts.COLUMNS, seen)
    show(f"from the CMS to the feeds, {SECTIONS} sections, a look each second", following.COLUMNS, followed)
    show(f"what it costs the CMS' database, {stories:,} stories", looks.COLUMNS, looked, looks.NOTES)


def _systems(options: Options) -> Iterator[AbstractContextManager[Cms]]:
    if wordpress_is_here():
        yield wordpress(options)
    if mariadb_is_here():
        yield ghost(options)
    for dialect in ["sqlite"] if options.quick else available():
        yield own_tables(dialect, options)
