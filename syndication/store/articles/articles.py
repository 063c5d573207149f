"""Articles written and read as the frozen values of ``model.values``."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, inspect, select, text, update

from syndication.errors import ArticleError
from syndication.model.json_types import MAX_ID, MAX_SECTION_NAME
from syndication.model.values import Article, Author, Enclosure, Image
from syndication.store.access.audit_log import Act, Actor, record, record_repeated
from syndication.store.articles.shown_articles import content_digest, digests
from syndication.store.db.batches import batched
from syndication.store.db.database import Database
from syndication.store.tables.articles import (
    ArticleRow,
    ArticleSectionRow,
    AuthorRow,
    Base,
    EnclosureRow,
    ImageRow,
    TagRow,
    WithdrawalRow,
)

STATUSES = ("draft", "published", "withdrawn")

MAX_LENGTHS = {"id": MAX_ID, "sections": MAX_SECTION_NAME}

MAX_NUMBERS = 2**63 - 1
"""The largest number that a column takes, on both databases."""

MANY = 10_000
"""Rows after which PostgreSQL's planner should look at the tables again at once, and not when it comes to it."""

_COLUMNS = tuple(column.name for column in ArticleRow.__table__.c)
_AUTHOR = ("name", "email", "uri")
_IMAGE = ("url", "caption", "credit", "alt", "width", "height")
_ENCLOSURE = ("url", "media_type", "length", "title", "duration")
_CHILDREN: tuple[type[Base], ...] = (ArticleSectionRow, AuthorRow, TagRow, ImageRow, EnclosureRow)


@dataclass(frozen=True, slots=True)
class PutOutcome:
    """What came of writing one article; ``kept_out`` says that it was withdrawn or deleted before and stays out.

    ``digest_before`` is of the content that it had, if there was any and nothing changed.
    """

    article_id: str
    outcome: Literal["created", "updated", "unchanged", "kept_out"]
    digest_before: str | None = None


def put_articles(
    database: Database, articles: Iterable[Article], *, batch: int = 500, by: Actor | None = None, blind: bool = False
) -> Iterator[PutOutcome]:
    """Create or replace articles, a transaction a batch; what is there already, the same, is not touched.

    With ``by`` each one is in the audit log; ``blind`` is as for ``change_article``. Raises ArticleError for one that
    cannot be stored, before anything of its batch is written.
    """
    waiting: dict[str, Article] = {}
    for article in articles:
        validate(article)
        waiting.pop(article.id, None)  # The last one of several with the same id counts.
        waiting[article.id] = article
        if len(waiting) >= batch:
            yield from _put_batch(database, waiting, by, blind)
            waiting = {}
    if waiting:
        yield from _put_batch(database, waiting, by, blind)


def validate(article: Article) -> None:
    """Raise ArticleError for what no feed could ever show, naming the field, the value and what would be right."""
    for name in ("id", "title", "url"):
        if not getattr(article, name):
            raise ArticleError(f"{name} is empty: every article needs one")
    for name in ("published_at", "updated_at", "expires_at"):
        value = getattr(article, name)
        if value is not None and value.utcoffset() is None:
            raise ArticleError(f"{name} is {value.isoformat()}, without a time zone: write {value.isoformat()}+00:00")
    _check_sizes(article)
    if article.status not in STATUSES:
        raise ArticleError(f"status is {article.status!r}: it should be draft, published or withdrawn")
    if article.status == "published" and article.published_at is None:
        raise ArticleError("published_at is missing: a published article needs the time of its publication")


def _check_sizes(article: Article) -> None:
    names = [("id", article.id), *(("sections", slug) for slug in article.sections)]
    for name, value in names:
        size, most = len(value), MAX_LENGTHS[name]
        if size > most:
            raise ArticleError(f"{name} has {value[:20]!r}…, of {size:,} characters: it should have at most {most:,}")
    image, files = article.image, article.enclosures
    numbers = [("image.width", image.width), ("image.height", image.height)] if image else []
    for n, file in enumerate(files):
        numbers += [(f"enclosures.{n}.length", file.length), (f"enclosures.{n}.duration", file.duration)]
    for name, number in numbers:
        if number is not None and not 0 <= number <= MAX_NUMBERS:
            raise ArticleError(f"{name} is {number}: it should be between 0 and {MAX_NUMBERS}")


Decide = Callable[[Article | None], Article]
"""Given the article as it is (None: there is none) gives the one that it should become; may raise."""


def change_article(
    database: Database,
    article_id: str,
    decide: Decide,
    by: Actor,
    *,
    act: str = "put",
    first: Callable[[Connection], None] | None = None,
    blind: bool = False,
) -> tuple[PutOutcome, Article | None]:
    """Read, decide and write one article while no other writer of ours does; gives the outcome and what is there now.

    Nothing is there if its row was deleted: it is kept out until it is restored, and written only then. ``act`` is
    its name in the audit log. ``first`` is done before, in the same transaction. ``blind`` says that the writer may
    not know of hidden articles: of one that was deleted before it was ever shown the text is stored, as of a new one,
    and it stays out all the same. What it or ``decide`` raises goes
    through, with nothing written.
    """
    with database.write() as conn:
        if first is not None:
            first(conn)
        _lock(conn, [article_id])
        article = decide(get_article(conn, article_id))
        validate(article)
        (outcome,) = _write(conn, {article_id: article}, blind)
        _name_withdrawals(conn, [article], by)
        _record_writes(conn, by, act, [outcome], database.now(conn))
        return outcome, get_article(conn, article_id)


def _put_batch(database: Database, wanted: dict[str, Article], by: Actor | None, blind: bool) -> list[PutOutcome]:
    with database.write() as conn:
        _lock(conn, list(wanted))
        outcomes = _write(conn, wanted, blind)
        if by is not None:
            _name_withdrawals(conn, wanted.values(), by)
            _record_writes(conn, by, "put", outcomes, database.now(conn))
    return outcomes


def _record_writes(conn: Connection, by: Actor, act: str, outcomes: Sequence[PutOutcome], now: datetime) -> None:
    """A line for each article that was written; a push that changes nothing is counted with others like it."""
    acts = [Act(act, outcome.article_id, outcome.outcome) for outcome in outcomes]
    record(conn, by, [done for done in acts if done.outcome in ("created", "updated")], now)
    for idle in acts:
        if idle.outcome not in ("created", "updated"):
            record_repeated(conn, by, idle, now)


def _name_withdrawals(conn: Connection, written: Iterable[Article], by: Actor) -> None:
    """Say who withdrew what was written as withdrawn: the trigger that recorded it cannot know."""
    for some in batched([article.id for article in written if article.status == "withdrawn"]):
        unnamed = update(WithdrawalRow).where(WithdrawalRow.article_id.in_(some), WithdrawalRow.by.is_(None))
        conn.execute(unnamed.values(by=by.name))


def _lock(conn: Connection, ids: Sequence[str]) -> None:
    """Two that write the same article at once do it one after the other, also if it is not there yet.

    In one order, so that two never wait for each other. On SQLite there is one writer anyway.
    """
    if conn.dialect.name == "postgresql":
        for some in batched(sorted(ids)):
            conn.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(id, 0)) FROM unnest(CAST(:ids AS text[])) AS id"),
                {"ids": list(some)},
            )


def _write(conn: Connection, wanted: dict[str, Article], blind: bool) -> list[PutOutcome]:
    ids = list(wanted)
    known = load_articles(conn, ids)
    out = _withdrawn_ids(conn, ids)
    deleted = out.keys() - known.keys()
    unseen = deleted - digests(conn, deleted).keys() if blind and deleted else set()
    new = [_with_status(a, id in out) for id, a in wanted.items() if id not in known and id not in deleted - unseen]
    _record_wanted_status(conn, wanted, out)
    stale = [article for id, article in wanted.items() if id in known and _with_status(article, id in out) != known[id]]
    _insert(conn, new)
    _replace(conn, [_with_status(article, article.id in out) for article in stale])
    outcomes: dict[str, Literal["created", "updated"]] = dict.fromkeys((a.id for a in new), "created")
    outcomes |= dict.fromkeys((a.id for a in stale), "updated")
    return [
        PutOutcome(
            id,
            "kept_out" if id in out and wanted[id].status != "withdrawn" else outcomes.get(id, "unchanged"),
            content_digest(known[id]) if id in known and id not in outcomes else None,
        )
        for id in ids
    ]


def _with_status(article: Article, out: bool) -> Article:
    """What is out stays out; its text may be replaced all the same."""
    return replace(article, status="withdrawn") if out else article


def _withdrawn_ids(conn: Connection, ids: Sequence[str]) -> dict[str, str | None]:
    """Those of ``ids`` that are out, and the status that each goes back to."""
    found: dict[str, str | None] = {}
    for some in batched(ids):
        query = select(WithdrawalRow.article_id, WithdrawalRow.former_status).where(WithdrawalRow.article_id.in_(some))
        found.update((row.article_id, row.former_status) for row in conn.execute(query))
    return found


def _record_wanted_status(conn: Connection, wanted: dict[str, Article], out: dict[str, str | None]) -> None:
    """What is out goes back to what was wanted of it last."""
    for id, former in out.items():
        status = wanted[id].status
        if status not in ("withdrawn", former):
            conn.execute(update(WithdrawalRow).where(WithdrawalRow.article_id == id).values(former_status=status))


def _insert(conn: Connection, articles: Sequence[Article]) -> None:
    if articles:
        conn.execute(insert(ArticleRow), [_article_values(article) for article in articles])
        _insert_children(conn, articles)


def _replace(conn: Connection, articles: Sequence[Article]) -> None:
    for article in articles:
        values = _article_values(article)
        conn.execute(update(ArticleRow).where(ArticleRow.id == values.pop("id")).values(values))
    for some in batched([article.id for article in articles]):
        for table in _CHILDREN:
            conn.execute(delete(table).where(table.__table__.c.article_id.in_(some)))
    _insert_children(conn, articles)


def _article_values(article: Article) -> dict[str, Any]:
    return {name: getattr(article, name) for name in _COLUMNS}


def _insert_children(conn: Connection, articles: Sequence[Article]) -> None:
    parts: dict[type[Base], list[dict[str, Any]]] = {table: [] for table in _CHILDREN}
    for article in articles:
        for table, rows in _children(article).items():
            parts[table] += [{"article_id": article.id, **row} for row in rows]
    for table, rows in parts.items():
        if rows:
            conn.execute(insert(table), rows)


def _children(article: Article) -> dict[type[Base], list[dict[str, Any]]]:
    def numbered(values: Sequence[Any], names: Sequence[str]) -> list[dict[str, Any]]:
        return [{"position": n, **{name: getattr(v, name) for name in names}} for n, v in enumerate(values)]

    image = article.image
    return {
        ArticleSectionRow: [{"section": slug, "position": n} for n, slug in enumerate(dict.fromkeys(article.sections))],
        AuthorRow: numbered(article.authors, _AUTHOR),
        TagRow: [{"tag": tag, "position": n} for n, tag in enumerate(article.tags)],
        ImageRow: [{name: getattr(image, name) for name in _IMAGE}] if image else [],
        EnclosureRow: numbered(article.enclosures, _ENCLOSURE),
    }


def _with_ids(table: type[Base]) -> Select[Any]:
    """The rows of some articles, in order; made once, because making a statement costs as much as asking it."""
    columns = table.__table__.c
    column = columns.id if table is ArticleRow else columns.article_id
    query = select(table.__table__).where(column.in_(bindparam("ids", expanding=True)))
    return query.order_by(column, columns.position) if "position" in columns else query


_TABLES: tuple[type[Base], ...] = (ArticleRow, *_CHILDREN)
_WITH_IDS = {table: _with_ids(table) for table in _TABLES}


def load_articles(conn: Connection, ids: Sequence[str]) -> dict[str, Article]:
    """The articles with these ids, whatever their status; one query a table for each 500 ids."""
    found: dict[str, Article] = {}
    for some in batched(ids):
        sections = _by_article(conn, ArticleSectionRow, some, lambda row: row.section)
        authors = _by_article(conn, AuthorRow, some, lambda row: Author(*(getattr(row, n) for n in _AUTHOR)))
        tags = _by_article(conn, TagRow, some, lambda row: row.tag)
        images = _by_article(conn, ImageRow, some, lambda row: Image(*(getattr(row, n) for n in _IMAGE)))
        files = _by_article(conn, EnclosureRow, some, lambda row: Enclosure(*(getattr(row, n) for n in _ENCLOSURE)))
        for row in conn.execute(_WITH_IDS[ArticleRow], {"ids": list(some)}):
            found[row.id] = Article(
                **{name: getattr(row, name) for name in _COLUMNS},
                sections=tuple(sections.get(row.id, ())),
                authors=tuple(authors.get(row.id, ())),
                tags=tuple(tags.get(row.id, ())),
                image=next(iter(images.get(row.id, ())), None),
                enclosures=tuple(files.get(row.id, ())),
            )
    return found


def _by_article(
    conn: Connection, table: type[Base], ids: Sequence[str], make: Callable[[Any], Any]
) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in conn.execute(_WITH_IDS[table], {"ids": list(ids)}):
        found.setdefault(row.article_id, []).append(make(row))
    return found


def get_article(conn: Connection, article_id: str) -> Article | None:
    """One article, whatever its status."""
    return load_articles(conn, [article_id]).get(article_id)


def count_articles(conn: Connection) -> int:
    """How many articles there are, of any status."""
    return conn.scalar(select(func.count()).select_from(ArticleRow)) or 0


def analyze(database: Database) -> None:
    """Let PostgreSQL's planner know what a large import brought; SQLite plans without."""
    if database.dialect == "postgresql":
        with database.write() as conn:
            for table in (ArticleRow, *_CHILDREN):
                conn.exec_driver_sql(f"ANALYZE {inspect(table).local_table}")
