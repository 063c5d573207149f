"""A newsroom's own tables as a source: the operator's two SELECTs, in one snapshot for each look."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from syndication.config.source_schemas.sql import SqlSource
from syndication.errors import ArticleError
from syndication.sources.foreign_database import ForeignDatabase, Snapshot
from syndication.sources.reader import Found, Row, SourceError
from syndication.sources.sql import plan, statements
from syndication.sources.sql.columns import access_of, to_article, unknown_columns
from syndication.store.db.batches import batched

UNSELECTED = "-"
"""The digest of a story that ``ids`` selects and ``articles`` does not: it is read, and found missing, once."""


class SqlLook:
    """One snapshot of the tables."""

    def __init__(self, table: SqlSource, snapshot: Snapshot, columns: Sequence[str], slugs: Mapping[str, str]) -> None:
        self._table = table
        self._snapshot = snapshot
        self._digests = statements.digests(table.articles, columns, snapshot.dialect)
        self._whole = statements.whole(table.articles)
        self._zone = ZoneInfo(table.timezone)
        self._slugs = slugs
        self._keys: dict[str, Any] = {}

    def fingerprint(self) -> str:
        """Returns a digest of all that is public, by id and date."""
        (row,) = self._snapshot.all(statements.fingerprint(self._table.ids, self._snapshot.dialect))
        return hashlib.blake2b(f"{row['stories']} {row['digest']}".encode(), digest_size=16).hexdigest()

    def window(self) -> Sequence[Row]:
        """Returns the newest stories with their digests; those that ``articles`` does not select too."""
        newest = self._snapshot.all(statements.newest(self._table.ids, self._table.window))
        return self._with_digests([self._key(row) for row in newest])

    def public_ids(self) -> Iterable[str]:
        """Returns the ids of all that is public."""
        return map(_as_key, self._snapshot.column(statements.listed(self._table.ids)))

    def page(self, after: str | None, count: int) -> Sequence[Row]:
        """Returns stories with their digests, in the order of their ids."""
        statement = statements.page(self._table.ids, count, first=after is None)
        found = self._snapshot.all(statement, None if after is None else {"after": self._value(after)})
        return self._with_digests([self._key(row) for row in found])

    def read(self, rows: Sequence[Row]) -> Iterator[Found]:
        """Reads stories whole; a column that is no article's refuses its story, and no other."""
        for some in batched(rows):
            asked = {row.id: row for row in some}
            for found in self._snapshot.rows(self._whole, {"ids": [self._value(row.id) for row in some]}):
                row = asked.pop(self._key(found), None)
                if row is not None:
                    yield self._found(row, found)

    def removed(self) -> Sequence[str]:
        """Returns nothing: what is gone is missing from the ids."""
        return ()

    def bookmark(self) -> str:
        """Returns nothing: a look needs none."""
        return ""

    def is_public(self, id: str) -> bool:
        """Returns whether the story is public now."""
        return bool(self._snapshot.all(statements.one(self._table.ids), {"id": self._value(id)}))

    def _found(self, row: Row, values: Mapping[str, Any]) -> Found:
        try:
            return Found(row, to_article(values, self._zone, self._slugs))
        except (ArticleError, OverflowError, OSError) as error:
            return Found(row, None, str(error), access=access_of(values))

    def _with_digests(self, ids: Sequence[str]) -> list[Row]:
        found: dict[str, str] = {}
        for some in batched(ids):
            for row in self._snapshot.rows(self._digests, {"ids": [self._value(id) for id in some]}):
                found.setdefault(self._key(row), str(row["digest"]))
        return [Row(id, found.get(id, UNSELECTED)) for id in dict.fromkeys(ids)]

    def _key(self, row: Mapping[str, Any]) -> str:
        value = row["id"]
        key = _as_key(value)
        self._keys[key] = value
        return key

    def _value(self, id: str) -> Any:
        """Returns the id as the database writes it: with a text instead of a number it would use no index."""
        if id in self._keys:
            return self._keys[id]
        if not self._keys:
            for row in self._snapshot.all(statements.newest(self._table.ids, 1)):
                self._key(row)
        kind = type(next(iter(self._keys.values()), id))
        try:
            return kind(id) if kind in (int, UUID) else id
        except ValueError:
            return id


def _as_key(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class SqlReader:
    """A source of kind sql as configured. ``slugs``: sections by title in lower case."""

    def __init__(self, table: SqlSource, slugs: Mapping[str, str]) -> None:
        self._table = table
        self._slugs = slugs
        self._database = ForeignDatabase(table.database)
        self._columns: Sequence[str] | None = None

    @contextmanager
    def look(self, bookmark: str = "", *, asked: bool = False) -> Iterator[SqlLook]:
        """Opens one look. Raises SourceError if the database does not answer or a SELECT is wrong."""
        del bookmark, asked
        with self._database.snapshot() as snapshot:
            if self._columns is None:
                self._columns = self._checked_columns(snapshot)
            yield SqlLook(self._table, snapshot, self._columns, self._slugs)

    def check(self) -> Sequence[str]:
        """Returns what the operator should mend: rights, columns, duplicate ids, and statements that scan a table."""
        try:
            with self._database.snapshot() as snapshot:
                self._checked_columns(snapshot)
                return [*self._unmatched(snapshot), *plan.full_scans(snapshot, self._table)]
        except SourceError as error:
            return [str(error)]

    def trace(self, article_id: str) -> str | None:
        """Returns whether the story is public there; None if there is none."""
        with self.look() as look:
            if look.is_public(article_id):
                return "public"
            return "not public" if list(look.read([Row(article_id, "")])) else None

    def close(self) -> None:
        """Closes the connection."""
        self._database.close()

    def _checked_columns(self, snapshot: Snapshot) -> list[str]:
        wrong = {"id", "published_at"} - set(snapshot.columns(statements.no_rows(self._table.ids)))
        if wrong:
            raise SourceError(f"ids should select id and published_at: it lacks {', '.join(sorted(wrong))}")
        columns = snapshot.columns(statements.no_rows(self._table.articles))
        unknown = unknown_columns(columns)
        if unknown:
            raise SourceError(unknown[0], unknown[1:])
        return columns

    def _unmatched(self, snapshot: Snapshot) -> Iterator[str]:
        found = [str(row["id"]) for row in snapshot.all(statements.newest(self._table.ids, 1000))]
        if len(set(found)) < len(found):
            yield "ids selects some stories more than once: add DISTINCT, or leave out the join that repeats them"
        look = SqlLook(self._table, snapshot, self._checked_columns(snapshot), self._slugs)
        rows = [row for row in look.window() if row.digest != UNSELECTED]
        if len(rows) < min(len(set(found)), self._table.window):
            yield "articles finds fewer stories than ids: what its joins and conditions leave out never appears"
