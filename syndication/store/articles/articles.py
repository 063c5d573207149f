"""Writes and reads articles as the frozen values of ``model.values``."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Connection,
    Executable,
    Select,
    Text,
    cast,
    delete,
    func,
    insert,
    inspect,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
    update,
)

from syndication.errors import ArticleError
from syndication.model.json_types import MAX_ID, MAX_SECTION_NAME
from syndication.model.values import ACCESS_LEVELS, Article, Author, Enclosure, Image
from syndication.store.access.audit_log import Act, Actor, is_person, record, record_repeated
from syndication.store.articles.automatic import of_another_system
from syndication.store.articles.deletions import deletions
from syndication.store.articles.field_locks import forget_locks, keep_locked
from syndication.store.articles.shown_articles import content_digest
from syndication.store.db.batches import batched
from syndication.store.db.database import Database
from syndication.store.db.id_lists import is_any_of
from syndication.store.tables.articles import (
    ARTICLE_ROWS,
    CHILD_ROWS,
    ArticleCorrectionRow,
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

DateChange = Literal["correction", "date", "same-date"]
"""What moved the date of an article: a correction, its writer, or nothing; as in ``versions.DATES``."""

MAX_LENGTHS = {"id": MAX_ID, "sections": MAX_SECTION_NAME}

MAX_NUMBERS = 2**63 - 1
"""The largest number that a column can hold, on both databases."""

MANY = 10_000
"""After this many rows, PostgreSQL should analyze the tables at once, not at its next opportunity."""

_COLUMNS = tuple(column.name for column in ArticleRow.__table__.c)
_AUTHOR = ("name", "email", "uri", "id")
_IMAGE = ("url", "caption", "credit", "alt", "width", "height")
_ENCLOSURE = ("url", "media_type", "length", "title", "duration")


@dataclass(frozen=True, slots=True)
class PutOutcome:
    """The outcome of writing one article; ``kept_out``: it was stored, but is withdrawn and stays out.

    ``digest_before`` is of its previous content, if it had any and nothing changed. ``date`` is what the update of a
    published article does to its date. ``deleted_at`` is when its row was deleted, if it had none. ``kept`` are locked
    fields that were sent with another value, and keep theirs. ``state`` is the digest of the content that was written.
    """

    article_id: str
    outcome: Literal["created", "updated", "unchanged", "kept_out"]
    digest_before: str | None = None
    date: DateChange | None = None
    deleted_at: datetime | None = None
    kept: tuple[str, ...] = ()
    state: str | None = None


def put_articles(
    database: Database, articles: Iterable[Article], *, batch: int = 500, by: Actor | None = None
) -> Iterator[PutOutcome]:
    """Creates or replaces articles, one transaction for each batch; an identical article is not touched.

    With ``by``, each one is in the audit log. Raises ArticleError for one that cannot be stored, before anything of its
    batch is written.
    """
    waiting: dict[str, Article] = {}
    for article in articles:
        validate(article)
        waiting.pop(article.id, None)  # The last of several with the same id wins.
        waiting[article.id] = article
        if len(waiting) >= batch:
            yield from _put_batch(database, waiting, by)
            waiting = {}
    if waiting:
        yield from _put_batch(database, waiting, by)


def validate(article: Article) -> None:
    """Raises ArticleError for an article that no feed could show, naming the field, its value and the rule."""
    for name in ("id", "title", "url"):
        if not getattr(article, name):
            raise ArticleError(f"{name} is empty: every article needs one")
    for name in ("published_at", "updated_at", "expires_at"):
        value = getattr(article, name)
        if value is not None and value.utcoffset() is None:
            raise ArticleError(f"{name} is {value.isoformat()}, without a time zone: write {value.isoformat()}+00:00")
    _check_sizes(article)
    if article.status not in STATUSES:
        raise ArticleError(f"status is {article.status!r}: it must be draft, published or withdrawn")
    if article.access not in ACCESS_LEVELS:
        raise ArticleError(f"access is {article.access!r}: it must be public or members")
    if article.status == "published" and article.published_at is None:
        raise ArticleError("published_at is missing: a published article needs its time of publication")


def _check_sizes(article: Article) -> None:
    names = [("id", article.id), *(("sections", slug) for slug in article.sections)]
    for name, value in names:
        size, most = len(value), MAX_LENGTHS[name]
        if size > most:
            raise ArticleError(f"{name} is {value[:20]!r}…, with {size:,} characters: it must have at most {most:,}")
    image, files = article.image, article.enclosures
    numbers = [("image.width", image.width), ("image.height", image.height)] if image else []
    for n, file in enumerate(files):
        numbers += [(f"enclosures.{n}.length", file.length), (f"enclosures.{n}.duration", file.duration)]
    for name, number in numbers:
        if number is not None and not 0 <= number <= MAX_NUMBERS:
            raise ArticleError(f"{name} is {number}: it must be between 0 and {MAX_NUMBERS}")


Decide = Callable[[Article | None], Article]
"""Receives the stored article (None: there is none) and returns the one to store; may raise."""


def change_article(
    database: Database,
    article_id: str,
    decide: Decide,
    by: Actor,
    *,
    act: str = "put",
    first: Callable[[Connection], None] | None = None,
) -> tuple[PutOutcome, Article]:
    """Reads, decides and writes one article under a lock; returns the outcome and the stored article.

    ``act`` is the action's name in the audit log. ``first`` runs before, in the same transaction. An exception of
    ``first`` or ``decide`` is passed on, with nothing written.
    """
    with database.write() as conn:
        if first is not None:
            first(conn)
        lock(conn, [article_id])
        outcome = put_locked(conn, decide(get_article(conn, article_id)), by, act, database.now(conn))
        return outcome, load_articles(conn, [article_id])[article_id]


def put_locked(conn: Connection, article: Article, by: Actor, act: str, now: datetime) -> PutOutcome:
    """Creates or replaces an article whose id the transaction has locked; raises ArticleError for an invalid one."""
    validate(article)
    (outcome,) = _write(conn, {article.id: article}, by)
    _name_withdrawals(conn, [article], by)
    _record_writes(conn, by, act, [outcome], now)
    return outcome


def _put_batch(database: Database, wanted: dict[str, Article], by: Actor | None) -> list[PutOutcome]:
    with database.write() as conn:
        return put_in_transaction(conn, wanted, by, database.now(conn))


def put_in_transaction(
    conn: Connection, wanted: dict[str, Article], by: Actor | None, now: datetime
) -> list[PutOutcome]:
    """Creates or replaces validated articles, by id, in the caller's transaction, as ``put_articles`` does."""
    lock(conn, list(wanted))
    outcomes = _write(conn, wanted, by)
    if by is not None:
        _name_withdrawals(conn, wanted.values(), by)
        _record_writes(conn, by, "put", outcomes, now)
    return outcomes


def _record_writes(conn: Connection, by: Actor, act: str, outcomes: Sequence[PutOutcome], now: datetime) -> None:
    """Records an audit entry for each article written; a push without changes is counted together with similar ones."""
    acts = [Act(act, outcome.article_id, outcome.outcome, state=outcome.state) for outcome in outcomes]
    record(conn, by, [done for done in acts if done.outcome in ("created", "updated")], now)
    for idle in acts:
        if idle.outcome not in ("created", "updated"):
            record_repeated(conn, by, idle, now)


def _name_withdrawals(conn: Connection, written: Iterable[Article], by: Actor) -> None:
    """Records who withdrew the articles written as withdrawn: the trigger that recorded the withdrawal cannot know.

    What a source withdrew becomes the writer's decision, so that the source does not restore it.
    """
    unnamed = or_(WithdrawalRow.by.is_(None), of_another_system())
    for some in batched([article.id for article in written if article.status == "withdrawn"]):
        conn.execute(update(WithdrawalRow).where(WithdrawalRow.article_id.in_(some), unnamed).values(by=by.name))


def lock(conn: Connection, ids: Sequence[str]) -> None:
    """Locks ids, so that writers of the same article take turns, also if it does not exist yet.

    Always in the same order, to avoid deadlocks. SQLite has only one writer anyway.
    """
    if conn.dialect.name == "postgresql":
        for some in batched(sorted(ids)):
            conn.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(id, 0)) FROM unnest(CAST(:ids AS text[])) AS id"),
                {"ids": list(some)},
            )


def _write(conn: Connection, asked: dict[str, Article], by: Actor | None) -> list[PutOutcome]:
    """Writes articles; a person's write replaces locked fields, that of a program does not."""
    ids = list(asked)
    known = load_articles(conn, ids)
    wanted, kept = (asked, {}) if by is not None and is_person(by.name) else keep_locked(conn, asked, known)
    forget_locks(conn, wanted.keys() - known.keys())
    deleted = deletions(conn, wanted.keys() - known.keys())
    out = _withdrawn_ids(conn, ids)
    new = [_with_status(article, id in out) for id, article in wanted.items() if id not in known]
    _record_wanted_status(conn, wanted, out)
    stale = [article for id, article in wanted.items() if id in known and _with_status(article, id in out) != known[id]]
    _insert(conn, new)
    _replace(conn, [_with_status(article, article.id in out) for article in stale])
    dates = _dates(conn, [(known[article.id], article) for article in stale])
    outcomes: dict[str, Literal["created", "updated"]] = dict.fromkeys((a.id for a in new), "created")
    outcomes |= dict.fromkeys((a.id for a in stale), "updated")
    return [
        PutOutcome(
            id,
            "kept_out" if id in out and wanted[id].status != "withdrawn" else outcomes.get(id, "unchanged"),
            content_digest(known[id]) if id in known and id not in outcomes else None,
            dates.get(id),
            deleted.get(id),
            kept.get(id, ()),
            content_digest(_as_stored(wanted[id])) if by is not None and id in outcomes else None,
        )
        for id in ids
    ]


def _dates(conn: Connection, updates: Sequence[tuple[Article, Article]]) -> dict[str, DateChange]:
    """Returns, by id, what each update of a published article, before and after, did to its date."""
    known = {before.id: (before, after) for before, after in updates if before.status == after.status == "published"}
    corrected: dict[str, datetime | None] = {}
    for some in batched(list(known)):
        query = select(ArticleCorrectionRow.article_id, ArticleCorrectionRow.corrected_at)
        found = conn.execute(query.where(ArticleCorrectionRow.article_id.in_(some)))
        corrected.update((row.article_id, row.corrected_at) for row in found)
    return {id: _date(before, after, corrected.get(id)) for id, (before, after) in known.items()}


def _date(before: Article, after: Article, corrected_at: datetime | None) -> DateChange:
    if corrected_at is not None and corrected_at != before.corrected_at:
        return "correction"
    same = (before.published_at, before.updated_at) == (after.published_at, after.updated_at)
    return "same-date" if same else "date"


def _as_stored(article: Article) -> Article:
    """Returns an article that was written as it is read back."""
    return replace(article, sections=tuple(dict.fromkeys(article.sections)))


def _with_status(article: Article, out: bool) -> Article:
    """An article that is out stays out; its text may still be replaced."""
    return replace(article, status="withdrawn") if out else article


def _withdrawn_ids(conn: Connection, ids: Sequence[str]) -> dict[str, str | None]:
    """Returns those of ``ids`` that are out, each with the status that a restore gives it."""
    found: dict[str, str | None] = {}
    for some in batched(ids):
        query = select(WithdrawalRow.article_id, WithdrawalRow.former_status).where(WithdrawalRow.article_id.in_(some))
        found.update((row.article_id, row.former_status) for row in conn.execute(query))
    return found


def _record_wanted_status(conn: Connection, wanted: dict[str, Article], out: dict[str, str | None]) -> None:
    """Records the last requested status of articles that are out, for a restore."""
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
        for table in CHILD_ROWS:
            conn.execute(delete(table).where(table.__table__.c.article_id.in_(some)))
    _insert_children(conn, articles)


def _article_values(article: Article) -> dict[str, Any]:
    return {name: getattr(article, name) for name in _COLUMNS}


def _insert_children(conn: Connection, articles: Sequence[Article]) -> None:
    parts: dict[type[Base], list[dict[str, Any]]] = {table: [] for table in CHILD_ROWS}
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


def _own(dialect: str) -> Executable:
    return (
        select(ArticleRow.__table__, ArticleCorrectionRow.corrected_at)
        .outerjoin(ArticleCorrectionRow, ArticleCorrectionRow.article_id == ArticleRow.id)
        .where(is_any_of(dialect, ArticleRow.id))
    )


_PARTS: tuple[tuple[type[Base], Sequence[str], Sequence[str]], ...] = (
    (ArticleSectionRow, ("section",), ()),
    (AuthorRow, _AUTHOR, ()),
    (TagRow, ("tag",), ()),
    (ImageRow, ("url", "caption", "credit", "alt"), ("width", "height")),
    (EnclosureRow, ("url", "media_type", "title"), ("length", "duration")),
)
"""The other rows of an article: their table, texts and numbers."""


def part_selects(dialect: str) -> list[Select[Any]]:
    """Selects the parts of articles, each with the place of its table in ``_PARTS``, four texts and two numbers."""
    selects = []
    for part, (table, texts, numbers) in enumerate(_PARTS):
        columns = table.__table__.c
        position = columns.position if "position" in columns else literal(0)
        values = [*(columns[name] for name in texts), *(cast(null(), Text) for _ in range(4 - len(texts)))]
        values += [*(columns[name] for name in numbers), *(cast(null(), BigInteger) for _ in range(2 - len(numbers)))]
        named = [value.label(f"value_{place}") for place, value in enumerate(values)]
        found = select(literal(part).label("part"), columns.article_id, position.label("position"), *named)
        selects.append(found.where(is_any_of(dialect, columns.article_id)))
    return selects


def _parts(dialect: str) -> CompoundSelect[Any]:
    """Selects all of them in one statement."""
    return union_all(*part_selects(dialect)).order_by("part", "article_id", "position")


_OWN = {dialect: _own(dialect) for dialect in ("sqlite", "postgresql")}
_OTHERS = {dialect: _parts(dialect) for dialect in ("sqlite", "postgresql")}


def load_articles(conn: Connection, ids: Sequence[str]) -> dict[str, Article]:
    """Returns the articles with these ids, whatever their status; two queries for each 500 ids."""
    found: dict[str, Article] = {}
    for some in batched(ids):
        parts = conn.execute(_OTHERS[conn.dialect.name], {"ids": list(some)}).all()
        found |= assemble(conn.execute(_OWN[conn.dialect.name], {"ids": list(some)}), parts)
    return found


def assemble(rows: Iterable[Any], parts: Iterable[Sequence[Any]]) -> dict[str, Article]:
    """Returns the articles with these rows and the rows of their parts, as ``part_selects`` has them."""
    of: dict[str, tuple[list[Any], ...]] = {}
    for part, article_id, _, *values in parts:
        of.setdefault(article_id, ([], [], [], [], []))[part].append(_part(part, values))
    found: dict[str, Article] = {}
    for row in rows:
        sections, authors, tags, images, files = of.get(row.id, ([], [], [], [], []))
        found[row.id] = Article(
            **{name: getattr(row, name) for name in _COLUMNS},
            corrected_at=row.corrected_at,
            sections=tuple(sections),
            authors=tuple(authors),
            tags=tuple(tags),
            image=next(iter(images), None),
            enclosures=tuple(files),
        )
    return found


def _part(part: int, values: Sequence[Any]) -> Any:
    """Returns the value of a row of ``_OTHERS``."""
    table, texts, numbers = _PARTS[part]
    if table is ArticleSectionRow or table is TagRow:
        return values[0]
    named = dict(zip(texts, values, strict=False)) | dict(zip(numbers, values[4:], strict=False))
    return _VALUES[table](**named)


_VALUES: Mapping[type[Base], Callable[..., Any]] = {AuthorRow: Author, ImageRow: Image, EnclosureRow: Enclosure}


def get_article(conn: Connection, article_id: str) -> Article | None:
    """Returns one article, whatever its status."""
    return load_articles(conn, [article_id]).get(article_id)


def any_stored(conn: Connection) -> bool:
    """Returns whether there is any article, whatever its status."""
    return conn.scalar(select(ArticleRow.id).limit(1)) is not None


def count_articles(conn: Connection) -> int:
    """Returns the number of articles of any status."""
    return conn.scalar(select(func.count()).select_from(ArticleRow)) or 0


def analyze(database: Database) -> None:
    """Updates the statistics of PostgreSQL's planner after a large import; SQLite plans without."""
    if database.dialect == "postgresql":
        with database.write() as conn:
            for table in ARTICLE_ROWS:
                conn.exec_driver_sql(f"ANALYZE {inspect(table).local_table}")
