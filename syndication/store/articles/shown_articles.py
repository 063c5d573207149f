"""The articles that readers have been shown, and their content then: recorded by id, and never pruned.

A regeneration records the contents of its documents. Callers without permission to preview can see a non-public article
only as far as recorded here. A row without a digest means: the article was shown, with unknown content.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, Subquery, bindparam, select, union

from syndication.model.values import Article
from syndication.store.db.batches import batched
from syndication.store.db.together import Together
from syndication.store.db.upsert import for_each_dialect
from syndication.store.tables.articles import ArticleRow, DeletedArticleRow, WithdrawalRow
from syndication.store.tables.publishing import EntryRow, ShownArticleRow

DIGEST_LENGTH = 32
"""Hexadecimal digits: 128 bits, enough to rule out chance collisions."""

NOT_CONTENT = {"id", "status", "sections", "authors", "tags", "image", "enclosures", "corrected_at"}
"""Shown content remains shown after the status changes. The other fields are spelled out below."""

_PLAIN = tuple(sorted(name for name in Article.__dataclass_fields__ if name not in NOT_CONTENT))

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


def _exposure_of(ids: Subquery) -> Select[Any]:
    return (
        select(
            ids.c.id,
            ArticleRow.id.is_not(None).label("stored"),
            ArticleRow.status,
            ArticleRow.published_at,
            ArticleRow.expires_at,
            WithdrawalRow.article_id.is_not(None).label("withdrawn"),
            DeletedArticleRow.article_id.is_not(None).label("deleted"),
            ShownArticleRow.article_id.is_not(None).label("shown"),
            ShownArticleRow.digest,
        )
        .select_from(ids)
        .outerjoin(ArticleRow, ArticleRow.id == ids.c.id)
        .outerjoin(WithdrawalRow, WithdrawalRow.article_id == ids.c.id)
        .outerjoin(DeletedArticleRow, DeletedArticleRow.article_id == ids.c.id)
        .outerjoin(ShownArticleRow, ShownArticleRow.article_id == ids.c.id)
    )


_EXPOSURE = _exposure_of(select(bindparam("id", type_=ShownArticleRow.article_id.type).label("id")).subquery())
"""The same statement for every id, so that its time does not depend on whether the article exists."""

_EXPOSURES = _exposure_of(
    union(
        select(ArticleRow.id.label("id")).where(ArticleRow.id.in_(_IDS)),
        select(WithdrawalRow.article_id).where(WithdrawalRow.article_id.in_(_IDS)),
        select(DeletedArticleRow.article_id).where(DeletedArticleRow.article_id.in_(_IDS)),
        select(ShownArticleRow.article_id).where(ShownArticleRow.article_id.in_(_IDS)),
    ).subquery()
)
"""For many ids at once: unknown ids are missing from the result."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """The state of an article and how far readers know it; ``digest`` is of the content that they saw last.

    ``deleted``: it has no row, but had one.
    """

    stored: bool
    withdrawn: bool
    deleted: bool
    public: bool
    shown: bool
    digest: str | None


NOTHING = Exposure(stored=False, withdrawn=False, deleted=False, public=False, shown=False, digest=None)


def exposure(conn: Connection, article_id: str, now: datetime) -> Exposure:
    """Returns the exposure of an article, at the same cost for any id."""
    return _exposure(conn.execute(_EXPOSURE, {"id": article_id}).one(), now)


def exposures(conn: Connection, article_ids: Collection[str], now: datetime) -> dict[str, Exposure]:
    """Returns the exposure of each of many articles, with one query for each 500."""
    found = dict.fromkeys(article_ids, NOTHING)
    for some in batched(list(found)):
        found.update((row.id, _exposure(row, now)) for row in conn.execute(_EXPOSURES, {"ids": list(some)}))
    return found


def _exposure(row: Row[Any], now: datetime) -> Exposure:
    return Exposure(
        stored=row.stored,
        withdrawn=row.withdrawn,
        deleted=row.deleted and not row.stored,
        public=row.stored and is_public(row, now),
        shown=row.shown,
        digest=row.digest,
    )


def is_public(found: Any, now: datetime) -> bool:
    """Returns whether the public may read an article (or a row with its status and times) now."""
    return bool(
        found.status == "published"
        and found.published_at is not None
        and found.published_at <= now
        and (found.expires_at is None or found.expires_at > now)
    )


def content_digest(article: Article) -> str:
    """Returns a digest of an article's whole content; another program's version computes the same."""
    values = [_plain(getattr(article, name)) for name in _PLAIN]
    image = article.image
    parts = [
        values,
        list(article.sections),
        # An author without an id is written as before there were ids: stored digests stay valid.
        [[one.name, one.email, one.uri, *([one.id] if one.id else [])] for one in article.authors],
        list(article.tags),
        image and [image.url, image.caption, image.credit, image.alt, image.width, image.height],
        [[one.url, one.media_type, one.length, one.title, one.duration] for one in article.enclosures],
    ]
    # Escaped to ASCII, because a text may hold half a surrogate pair.
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:DIGEST_LENGTH]


def _plain(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else value


_DIGESTS = select(ShownArticleRow.article_id, ShownArticleRow.digest).where(ShownArticleRow.article_id.in_(_IDS))


def digests(conn: Connection, article_ids: Collection[str]) -> dict[str, str | None]:
    """Returns the recorded digests of these articles; one that was never shown is missing."""
    found: dict[str, str | None] = {}
    for some in batched(sorted(article_ids)):
        found.update((row.article_id, row.digest) for row in conn.execute(_DIGESTS, {"ids": list(some)}))
    return found


def record_shown(writes: Together, shown: Mapping[str, str]) -> None:
    """Records the digests of articles by id, in the transaction that publishes them.

    Always in the same order, so that two workers never deadlock.
    """
    rows = [{"article_id": id, "digest": shown[id]} for id in sorted(shown)]
    writes.execute_in_order(_RECORDED[writes.dialect.name], rows)


def _recorded(insert: Any) -> Any:
    statement = insert(ShownArticleRow)
    return statement.on_conflict_do_update(index_elements=["article_id"], set_={"digest": statement.excluded.digest})


_RECORDED = for_each_dialect(_recorded)


def unrecorded_sections(conn: Connection) -> list[str]:
    """Returns the sections with an entry whose content is not recorded because an older program published it."""
    known = (ShownArticleRow.article_id == EntryRow.article_id) & ShownArticleRow.digest.is_not(None)
    query = select(EntryRow.section).outerjoin(ShownArticleRow, known).where(ShownArticleRow.article_id.is_(None))
    return sorted(conn.scalars(query.distinct()))
