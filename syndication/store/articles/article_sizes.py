"""Finds stored articles over a limit without reading them: a program of the newsroom may write any row."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    LargeBinary,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from syndication.model.field_limits import (
    MAX_AUTHOR_ID,
    MAX_AUTHORS,
    MAX_CAPTION,
    MAX_ENCLOSURES,
    MAX_FEED_HTML,
    MAX_LANGUAGE,
    MAX_MEDIA_TYPE,
    MAX_NAME,
    MAX_SECTIONS,
    MAX_SLUG,
    MAX_SUMMARY,
    MAX_TAG,
    MAX_TAGS,
    MAX_TITLE,
    MAX_URL,
)
from syndication.store.db.batches import batched
from syndication.store.db.id_lists import is_any_of
from syndication.store.tables.articles import (
    ArticleRow,
    ArticleSectionRow,
    AuthorRow,
    Base,
    EnclosureRow,
    ImageRow,
    TagRow,
)

BYTES_A_CHARACTER = 4
"""Of UTF-8, at most (RFC 3629 section 3): bytes can be measured without reading a text, characters cannot."""

TEXTS = {
    "title": MAX_TITLE,
    "url": MAX_URL,
    "slug": MAX_SLUG,
    "summary": MAX_SUMMARY,
    "language": MAX_LANGUAGE,
    "correction": MAX_CAPTION,
    "guid": MAX_URL,
}
"""The maximum characters of an article's own texts, except its body."""

PARTS: tuple[tuple[str, type[Base], int, dict[str, int]], ...] = (
    ("sections", ArticleSectionRow, MAX_SECTIONS, {}),
    ("tags", TagRow, MAX_TAGS, {"tag": MAX_TAG}),
    (
        "authors",
        AuthorRow,
        MAX_AUTHORS,
        {"name": MAX_NAME, "email": MAX_NAME, "uri": MAX_URL, "id": MAX_AUTHOR_ID},
    ),
    (
        "image",
        ImageRow,
        1,
        {"url": MAX_URL, "caption": MAX_CAPTION, "credit": MAX_CAPTION, "alt": MAX_CAPTION},
    ),
    ("enclosures", EnclosureRow, MAX_ENCLOSURES, {"url": MAX_URL, "media_type": MAX_MEDIA_TYPE, "title": MAX_TITLE}),
)
"""The other parts of an article: field, table, maximum rows, maximum characters of their texts."""

NOTHING_KNOWN: Mapping[str, int] = {}


def measure(conn: Connection, ids: Sequence[str]) -> tuple[dict[str, int], dict[str, str]]:
    """Returns the bytes of each existing article's body, and the reason for each article over a limit."""
    bodies: dict[str, int] = {}
    found: dict[str, str] = {}
    for some in batched(ids):
        for row in conn.execute(_MEASURE[conn.dialect.name], {"ids": list(some)}):
            if row.part == OWN:
                bodies[row.id] = row.number
            words = _words(row.part, row.number, row.long)
            if words is not None:
                found.setdefault(row.id, words)
    return bodies, found


def _words(part: int, number: int, long: str | None) -> str | None:
    """Returns why an article cannot be read; None: one of its parts is within its limits."""
    if part != OWN:
        name, _, most, _ = PARTS[part]
        return f"it has {number:,} {name} (maximum {most:,})" if number > most else f"a text in its {name} is too long"
    if long is not None:
        return f"its {long} is too long (maximum {TEXTS[long]:,} characters)"
    return f"its html has {number:,} bytes (maximum {MAX_FEED_HTML:,})" if number > MAX_FEED_HTML else None


def over_limit(
    conn: Connection, ids: Sequence[str], taken: int = 0, known: Mapping[str, int] = NOTHING_KNOWN
) -> dict[str, str]:
    """Returns the reason for each of these articles that cannot be read for a feed.

    In the order of ``ids``: once the bodies before it fill a feed, an article is also over the limit. ``taken`` is the
    number of bytes that other bodies already use. ``known`` are the bytes of the bodies that are within their limits,
    and need not be measured.
    """
    bodies, found = measure(conn, [id for id in ids if id not in known])
    total = taken
    for id in ids:
        if id in found:
            continue
        size = known[id] if id in known else bodies.get(id, 0)
        if total + size > MAX_FEED_HTML:
            found[id] = f"with it, the bodies in this feed exceed {MAX_FEED_HTML // 2**20} MiB: shorten it"
        else:
            total += size
    return found


OWN = -1
"""Stands for an article's own row where the place in ``PARTS`` stands for its parts."""


def select_sizes(dialect: str) -> CompoundSelect[Any]:
    """Selects each article's row, and those of its parts that are over a limit, in this order."""
    columns = ArticleRow.__table__.c
    long = case(
        *((_octets(dialect, columns[name]) > most * BYTES_A_CHARACTER, name) for name, most in TEXTS.items()),
        else_=None,
    )
    selects = [
        select(
            literal(OWN).label("part"), columns.id.label("id"), _octets(dialect, columns.html).label("number"),
            cast(long, Text).label("long"),
        ).where(is_any_of(dialect, columns.id))
    ]  # fmt: skip
    for part, (_, table, most, texts) in enumerate(PARTS):
        columns, number = table.__table__.c, func.count()
        over = [func.max(_octets(dialect, columns[text])) > size * BYTES_A_CHARACTER for text, size in texts.items()]
        counted = select(literal(part), columns.article_id, number, cast(null(), Text)).where(
            is_any_of(dialect, columns.article_id)
        )
        selects.append(counted.group_by(columns.article_id).having(or_(number > most, *over)))
    return union_all(*selects).order_by("part")


def _octets(dialect: str, column: ColumnElement[str]) -> ColumnElement[int]:
    """Returns the bytes of a text; PostgreSQL knows them without reading values stored outside the row."""
    if dialect == "postgresql":
        return func.octet_length(column)
    return func.length(cast(column, LargeBinary))


_MEASURE = {dialect: select_sizes(dialect) for dialect in ("sqlite", "postgresql")}
