"""Editors' feeds: written with validation and an audit entry, and noticed by every process through one number.

Each write raises the feed revision in its own transaction, which also puts writers in a queue: a check of slugs against
the other feeds is still true when it commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, func, insert, literal, select, update

from syndication.config.feeds import check
from syndication.config.loading import Settings
from syndication.errors import FeedError
from syndication.model.feed_definition import FeedDefinition, from_json, to_json
from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.db.database import DOCUMENTS, WORK, Database
from syndication.store.db.types import UtcTime
from syndication.store.db.upsert import insert as upsert
from syndication.store.publishing.renamed_feed import move_feed
from syndication.store.tables.articles import ArticleSectionRow
from syndication.store.tables.feeds import FeedDefinitionRow, FeedRevisionRow
from syndication.store.tables.publishing import ChangeRow, EntryRow


class Revision(NamedTuple):
    """Two numbers that only rise: changes of definitions, and requests to read the files again."""

    definitions: int
    reloads: int


@dataclass(frozen=True, slots=True)
class StoredFeed:
    """A definition with its past; ``number`` is the feed revision of its last change, for optimistic writers."""

    definition: FeedDefinition
    retired_at: datetime | None
    created_at: datetime
    changed_at: datetime
    changed_by: str
    number: int


class UnknownFeedError(FeedError):
    """There is no editors' feed with this slug."""


class ChangedMeanwhileError(FeedError):
    """Somebody else has changed the feed since it was read."""


def read_revision(conn: Connection) -> int:
    """Returns the number of the last change of any definition; 0: there was none. Reads one row."""
    return read_revisions(conn).definitions


def read_revisions(conn: Connection) -> Revision:
    """Returns both numbers. Reads one row."""
    row = conn.execute(select(FeedRevisionRow.revision, FeedRevisionRow.reloads)).one_or_none()
    return Revision(0, 0) if row is None else Revision(row.revision, row.reloads)


def read_definitions(conn: Connection) -> list[FeedDefinition]:
    """Returns every definition, retired ones too, by slug; without rows that this program cannot read."""
    return [stored.definition for stored in list_stored(conn)]


def list_stored(conn: Connection) -> list[StoredFeed]:
    """Returns the same with the past of each."""
    rows = conn.execute(select(FeedDefinitionRow.__table__).order_by(FeedDefinitionRow.slug)).mappings()
    return [stored for row in rows if (stored := _stored(row)) is not None]


def _stored(row: RowMapping) -> StoredFeed | None:
    values = dict(row)
    slug, text = values.pop("slug"), values.pop("definition")
    try:
        definition = from_json(slug, text, retired=values["retired_at"] is not None)
    except ValueError:  # Of a newer program, or damaged: one row must not stop every process.
        return None
    return StoredFeed(definition, **values)


def list_retired(conn: Connection) -> list[StoredFeed]:
    """Returns the retired feeds, by slug: those that no process serves."""
    query = select(FeedDefinitionRow.__table__).where(FeedDefinitionRow.retired_at.is_not(None))
    rows = conn.execute(query.order_by(FeedDefinitionRow.slug)).mappings()
    return [stored for row in rows if (stored := _stored(row)) is not None]


def list_unreadable(conn: Connection) -> list[str]:
    """Returns the slugs of rows that this program cannot read."""
    readable = {stored.definition.slug for stored in list_stored(conn)}
    return [slug for slug in conn.scalars(select(FeedDefinitionRow.slug)) if slug not in readable]


def find(conn: Connection, slug: str) -> StoredFeed | None:
    """Returns the feed with this slug, or None."""
    query = select(FeedDefinitionRow.__table__).where(FeedDefinitionRow.slug == slug)
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else _stored(row)


def create(
    database: Database, conn: Connection, settings: Settings, definition: FeedDefinition, by: Actor
) -> StoredFeed:
    """Stores a new feed; raises FeedError with each problem of it. ``conn`` is a write transaction."""
    number, now = _begin(conn), database.now(conn)
    new = replace(definition, retired=False)
    check(settings, new, read_definitions(conn))
    if conn.scalar(select(FeedDefinitionRow.slug).where(FeedDefinitionRow.slug == new.slug)) is not None:
        raise FeedError(f"the feed {new.slug!r} cannot be stored", ["a newer program has stored a feed of this slug"])
    stored = StoredFeed(new, None, now, now, by.name, number)
    conn.execute(
        insert(FeedDefinitionRow).values(
            slug=new.slug, definition=to_json(new), created_at=now, changed_at=now, changed_by=by.name, number=number
        )
    )
    _end(database, conn, Act("feed-create", new.slug, "created"), by, now, new)
    return stored


def change(
    database: Database,
    conn: Connection,
    settings: Settings,
    definition: FeedDefinition,
    by: Actor,
    number: int | None = None,
) -> StoredFeed:
    """Replaces the definition of its slug; keeps ``formerly`` and whether it is retired.

    Raises UnknownFeedError, FeedError with each problem, or ChangedMeanwhileError if ``number`` is given and is no
    longer that of the last change. One that changes nothing writes nothing.
    """
    before = _wanted(conn, definition.slug, number)
    new = replace(definition, formerly=before.definition.formerly, retired=before.definition.retired)
    if new == before.definition:
        return before
    revision = _begin(conn)
    before = _wanted(conn, definition.slug, number)
    check(settings, new, _others(conn, new.slug))
    kept = _is_category(before.definition) == _is_category(new) and before.definition.title == new.title
    return _write(database, conn, before, new, Act("feed-change", new.slug, "changed"), by, revision, refile=not kept)


def rename(
    database: Database,
    conn: Connection,
    settings: Settings,
    slug: str,
    new_slug: str,
    by: Actor,
    number: int | None = None,
) -> StoredFeed:
    """Gives a feed another slug: ids stay, the old addresses redirect, and its state and documents move along.

    It may get a former slug of its own back. Raises like ``change``.
    """
    revision = _begin(conn)
    before = _wanted(conn, slug, number)
    if slug == new_slug:
        return before
    new = before.definition.renamed(new_slug)
    check(settings, new, _others(conn, slug))
    move_feed(conn, slug, new_slug)
    return _write(
        database, conn, before, new, Act("feed-rename", slug, "renamed", f"to {new_slug}"), by, revision, refile=True
    )


def retire(database: Database, conn: Connection, slug: str, by: Actor, number: int | None = None) -> StoredFeed:
    """Ends a feed: its addresses answer 410 (RFC 9110 section 15.5.11). Its documents stay, for ``reinstate``."""
    revision = _begin(conn)
    before = _wanted(conn, slug, number)
    if before.definition.retired:
        return before
    new = replace(before.definition, retired=True)
    return _write(database, conn, before, new, Act("feed-retire", slug, "retired"), by, revision, refile=True)


def reinstate(
    database: Database, conn: Connection, settings: Settings, slug: str, by: Actor, number: int | None = None
) -> StoredFeed:
    """Serves a retired feed again, with the ids that it had. Raises like ``change``: the file may have its slug now."""
    revision = _begin(conn)
    before = _wanted(conn, slug, number)
    if not before.definition.retired:
        return before
    new = replace(before.definition, retired=False)
    check(settings, new, _others(conn, slug))
    return _write(database, conn, before, new, Act("feed-reinstate", slug, "reinstated"), by, revision, refile=True)


def request_reload(database: Database, conn: Connection, by: Actor) -> int:
    """Makes every process read its files again; returns the number of the request."""
    _begin(conn, definitions=0, reloads=1)
    number = read_revisions(conn).reloads
    record(conn, by, [Act("reload", "configuration", "requested")], database.now(conn))
    _notify(database, conn)
    return number


def _wanted(conn: Connection, slug: str, number: int | None) -> StoredFeed:
    found = find(conn, slug)
    if found is None:
        raise UnknownFeedError(f"there is no feed of editors with the slug {slug!r}")
    if number is not None and found.number != number:
        raise ChangedMeanwhileError(f"{found.changed_by} has changed the feed {slug!r} meanwhile: read it again")
    return found


def _others(conn: Connection, slug: str) -> Sequence[FeedDefinition]:
    return [definition for definition in read_definitions(conn) if definition.slug != slug]


def _is_category(definition: FeedDefinition) -> bool:
    """Whether the articles filed under it show it as a category."""
    return definition.selection is None and not definition.retired


def _begin(conn: Connection, definitions: int = 1, reloads: int = 0) -> int:
    """Raises the numbers first: the row's lock puts writers in a queue. Returns the feed revision."""
    statement = upsert(conn, FeedRevisionRow).values(id=1, revision=definitions, reloads=reloads)
    raised = {
        "revision": FeedRevisionRow.revision + definitions,
        "reloads": FeedRevisionRow.reloads + reloads,
    }
    done = conn.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_=raised).returning(FeedRevisionRow.revision)
    )
    return int(done.scalar_one())


def _write(
    database: Database,
    conn: Connection,
    before: StoredFeed,
    new: FeedDefinition,
    act: Act,
    by: Actor,
    number: int,
    *,
    refile: bool,
) -> StoredFeed:
    now = database.now(conn)
    retired_at = None if not new.retired else before.retired_at or now
    conn.execute(
        update(FeedDefinitionRow)
        .where(FeedDefinitionRow.slug == before.definition.slug)
        .values(
            slug=new.slug,
            definition=to_json(new),
            retired_at=retired_at,
            changed_at=now,
            changed_by=by.name,
            number=number,
        )
    )
    _end(database, conn, act, by, now, new if refile else None)
    return StoredFeed(new, retired_at, before.created_at, now, by.name, number)


def _end(
    database: Database, conn: Connection, act: Act, by: Actor, now: datetime, refiled: FeedDefinition | None
) -> None:
    record(conn, by, [act], now)
    if refiled is not None and refiled.selection is None:
        _request_articles(conn, refiled.slugs, now)
    _notify(database, conn)


def _request_articles(conn: Connection, slugs: Sequence[str], now: datetime) -> None:
    """Makes every feed that shows articles of these slugs current: the feeds name the section as a category.

    The fingerprints of the other feeds do not cover editors' sections, so that a new one costs what it changes.
    """
    shown = (
        select(ArticleSectionRow.article_id, literal(now, UtcTime()))
        .where(ArticleSectionRow.section.in_(slugs), ArticleSectionRow.article_id.in_(select(EntryRow.article_id)))
        .distinct()
    )
    conn.execute(insert(ChangeRow).from_select(["article_id", "noticed_at"], shown))


def _notify(database: Database, conn: Connection) -> None:
    database.notify(conn, DOCUMENTS)
    database.notify(conn, WORK)


def count(conn: Connection) -> int:
    """Returns the number of definitions, retired ones too."""
    return conn.scalar(select(func.count()).select_from(FeedDefinitionRow)) or 0
