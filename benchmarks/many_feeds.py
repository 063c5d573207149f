"""A newsroom of fifteen sections with any number of tags' and authors' feeds beside them, as readers ask for them.

The feeds are written into the database as a worker leaves them: one is rendered, and the others have its documents.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, text

from benchmarks import filling, newsroom
from syndication.config.asked_sections import asked_addresses, asked_section
from syndication.config.loading import Settings, load_settings
from syndication.model.values import Article, Author, Section
from syndication.pipeline.gather import Newsroom
from syndication.pipeline.regenerate import Regenerator
from syndication.store.db.batches import batched
from syndication.store.db.database import Database
from syndication.store.tables.asked_feeds import AskedFeedRow, AskedNumberRow

SECTIONS = 15
STORIES = 2
"""Stories of a tag: most tags of a newspaper have few."""

AUTHORS = 4
"""Every fourth feed is that of an author."""

HOUR = timedelta(hours=1)

_STATE = (
    "requested_generation", "completed_generation", "attempted_generation", "revision", "version", "requested_at",
    "updated_at", "last_modified", "regenerated_at", "publication",
)  # fmt: skip
_COPIED = {
    "document": ("format", "version", "digest", "last_modified", "size", "gzip"),
    "entry": (
        "article_id", "entry_id", "position", "digest", "version", "since_version", "published_at", "updated_at",
        "article_updated_at", "expires_at",
    ),
}  # fmt: skip


def name_of(number: int) -> str:
    """Returns the name of a tag or an author."""
    return f"Writer {number}" if number % AUTHORS == 0 else f"Topic {number}"


def slug_of(number: int) -> str:
    """Returns the slug of its feed."""
    return f"author/writer-{number}" if number % AUTHORS == 0 else f"tag/topic-{number}"


def story(article: Article, number: int) -> Article:
    """Returns the article with the ten tags and three authors of thirteen feeds, from ``number`` on."""
    numbers = range(number, number + 20)
    tags = [name_of(n) for n in numbers if n % AUTHORS][:10]
    authors = [Author(name_of(n)) for n in numbers if n % AUTHORS == 0][:3]
    return replace(article, tags=tuple(tags), authors=tuple(authors))


def fill(database: Database, config: Path, feeds: int, coming: Iterator[Article]) -> list[str]:
    """Publishes the sections, and ``feeds`` in all; returns all slugs, the sections' first."""
    settings = load_settings(config)
    filling.put(database, [next(coming) for _ in range(SECTIONS * newsroom.ENTRIES)])
    filling.put(database, [story(next(coming), 0) for _ in range(STORIES)])
    worker = Regenerator(database, Newsroom(settings.site, settings.sections), filling.PACE, "benchmark")
    worker.register()
    filling.publish(worker)
    sections = dict(_section(settings, n) for n in range(feeds - SECTIONS))
    if sections:
        first = slug_of(1)
        worker.follow(Newsroom(settings.site, {**settings.sections, first: sections[first]}), None, awake={first})
        filling.publish(worker)
        prints = Newsroom(settings.site, {**settings.sections, **sections}).fingerprints()
        _copy(database, first, {slug: prints[slug] for slug in sections})
    return [*newsroom.slugs(SECTIONS), *sections]


def _section(settings: Settings, number: int) -> tuple[str, Section]:
    name = name_of(number)
    section = asked_section(settings, asked_addresses(settings), slug_of(number), name.casefold(), name)
    if section is None:
        raise RuntimeError(f"{slug_of(number)} may not be asked for")
    return section.slug, section


def _copy(database: Database, first: str, prints: Mapping[str, str]) -> None:
    """Writes the state, the documents and the entries of ``first`` for all slugs of ``prints``."""
    others = [{"slug": slug, "print": digest} for slug, digest in prints.items() if slug != first]
    with database.write() as conn:
        now = database.now(conn)
        for some in batched([_asked(slug, now) for slug in prints], 1_000):
            conn.execute(insert(AskedFeedRow), some)
        conn.execute(insert(AskedNumberRow), {"id": 1, "number": 1})
        conn.execute(text("CREATE TEMPORARY TABLE feed_copy (slug TEXT, print TEXT)"))
        for rows in batched(others, 1_000):
            conn.execute(text("INSERT INTO feed_copy VALUES (:slug, :print)"), rows)
        conn.execute(
            text(_copying("section_state", _STATE, fingerprint="print", priority="1", coded_version="version")),
            {"first": first},
        )
        for table, columns in _COPIED.items():
            conn.execute(text(_copying(table, columns)), {"first": first})
        conn.execute(text("DROP TABLE feed_copy"))
    if database.dialect == "postgresql":
        with database.write() as conn:
            conn.execute(text("ANALYZE"))  # As autovacuum does when a table has grown.


def _copying(table: str, columns: Sequence[str], **given: str) -> str:
    named, read = ", ".join([*given, *columns]), ", ".join([*given.values(), *columns])
    return f"INSERT INTO {table} (section, {named}) SELECT slug, {read} FROM {table}, feed_copy WHERE section = :first"


def _asked(slug: str, now: datetime) -> dict[str, object]:
    kind, _, words = slug.partition("/")
    name = words.replace("-", " ")
    return {
        "slug": slug,
        "kind": kind,
        "key": name,
        "name": name.title(),
        "asked_at": now - HOUR,
        "polled_at": now,
        "number": 1,
    }
