"""Reads the hits of a question from the search index, newest first, without reading all of a common word.

SQLite's full-text table has its rows in the order of their places: it is read until there are enough. PostgreSQL's
index has no order, and neither have all words with one beginning. There, some of the newest places are looked at first
(on SQLite, those of the whole words of the question). If many of them are hits, the next ones are looked at too, and
they are enough. If few are, few are among all, and the index of words gives those.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Text,
    bindparam,
    cast,
    column,
    func,
    not_,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from syndication.model.search_words import MEMBERS, WantedWord
from syndication.store.articles.found_articles import (
    MOST_COUNTED,
    ArticleFilter,
    conditions_of,
    is_changed,
    visible,
)
from syndication.store.articles.search_index import place_of
from syndication.store.articles.search_question import Group, Question
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.publishing import EntryRow, LeftOutRow
from syndication.store.tables.search import ArticleSearchRow

Hit = tuple[int, str]
"""The place and the id of an article."""

FIRST_LOOKED_AT = 2_000
"""The newest places that are looked at to learn whether a question has many hits."""

TIMES_LOOKED_AT = 10
"""How many times as many places are looked at after them, if it has many: some ten milliseconds."""

MOST_SORTED = 4_000
"""Hits that are read and sorted rather than looked for among the newest places."""

RARE = 100
"""Hits among all places that are looked at, of a question whose hits can all be read."""

ROWS_OF_A_HIT = 10
"""Rows that are read for one hit rather than all words with one beginning."""

MOST = MOST_COUNTED + 1


class IndexedHits:
    """The hits of a question; ``changed`` are articles whose rows in the index do not count."""

    def __init__(
        self, conn: Connection, wanted: ArticleFilter, question: Question, changed: Collection[str], now: datetime
    ) -> None:
        self.conn, self.wanted, self.question, self.changed, self.now = conn, wanted, question, changed, now
        self._sqlite = conn.dialect.name == "sqlite"
        self._counted: int | None = None
        self._checks_beginnings = False

    def newest(self, before: int | None, number: int) -> list[Hit]:
        """Returns the newest hits, up to and with the place ``before``; at least ``number`` if there are so many."""
        if self._is_ordered:
            return self._read(self._by_words(before, in_order=True).limit(number))
        with _PatientPlanner(self.conn):
            return self._look(before, number)

    def count(self) -> int:
        """Returns the number of hits, at most ``MOST``."""
        if self._counted is None and self._is_ordered:
            counted = self._by_words(None, numbers_only=not self._is_filtered)
            self._counted = self.conn.scalar(select(func.count()).select_from(counted.limit(MOST).subquery())) or 0
        if self._counted is None:
            with _PatientPlanner(self.conn):
                self._look(None, 0)
        return self._counted or 0

    @property
    def _is_ordered(self) -> bool:
        return self._sqlite and not self.question.begun

    @property
    def _is_filtered(self) -> bool:
        return bool(self.changed or self.wanted.feeds or not self.wanted.hidden)

    def _look(self, before: int | None, number: int) -> list[Hit]:
        """Returns the newest hits; without ``before``, it also counts all."""
        most = max(MOST, number) if before is None else number
        if self.wanted.feeds == "left-out":
            found = self._read(self._by_words(before, in_order=True).limit(most))
            return self._counts(before, len(found), found)
        found, rest = self._walk(before, FIRST_LOOKED_AT, most)
        if rest is None or len(found) >= most:
            return self._counts(before, len(found), found)
        expected = TIMES_LOOKED_AT * (self._having(before, self.question) if self._is_filtered else len(found))
        enough = most if expected >= most else number
        if len(found) < enough <= expected:
            more, rest = self._walk(rest, self._further(), enough - len(found))
            found += more
            if rest is None or len(found) >= most:
                return self._counts(before, len(found), found)
        limit = MOST if len(found) >= number else MOST_SORTED + 1
        self._checks_beginnings = self._is_cheaply_checked(before, expected if limit == MOST else 0)
        some = self._read(self._by_words(before, in_order=self._sqlite).limit(limit))
        if len(some) < limit or self._sqlite:
            return self._counts(before, len(some), sorted(some, reverse=True))
        if found and len(found) < number:  # Many, but few among the newest.
            more, rest = self._walk(rest, self._further(), number - len(found))
            found += more
        if len(found) < number and rest is not None:
            found += self._read(self._by_words(rest, in_order=True).limit(number - len(found)))
        return self._counts(before, MOST, found)

    def _counts(self, before: int | None, number: int, found: list[Hit]) -> list[Hit]:
        if before is None:
            self._counted = min(number, MOST)
        return found

    def _further(self) -> int:
        """Returns how many places are looked at if there are many hits: those that feeds show may be the newest."""
        shown = select(func.count()).select_from(EntryRow)
        return TIMES_LOOKED_AT * FIRST_LOOKED_AT + (self.conn.scalar(shown) or 0 if self.wanted.feeds == "none" else 0)

    def _walk(self, before: int | None, places: int, number: int) -> tuple[list[Hit], int | None]:
        """Returns the newest hits among so many places, and where the rest begins; None: there is none."""
        border = self._border(before, places)
        statement, id = self._newest(before, border, places, self.question)
        hits = self._read(self._filtered(statement, id).limit(number))
        return hits, hits[-1][0] - 1 if len(hits) == number else border

    def _having(self, before: int | None, question: Question) -> int:
        """Returns how many of the first places have the words of a question, whatever else is asked of them."""
        statement, _ = self._newest(before, self._border(before, FIRST_LOOKED_AT), FIRST_LOOKED_AT, question)
        return self.conn.scalar(select(func.count()).select_from(statement.subquery())) or 0

    def _border(self, before: int | None, places: int) -> int | None:
        """Returns the first place after so many."""
        place, query = self._source()
        query = self._within(query.add_columns(place), place, before).order_by(place.desc())
        border: int | None = self.conn.scalar(query.offset(places).limit(1))
        return border

    def _newest(self, before: int | None, border: int | None, places: int, question: Question) -> tuple[Any, Any]:
        """Returns a statement of the places up to ``border`` that have the words, newest first, and their ids."""
        place, query = self._source()
        query = self._within(query, place, before).order_by(place.desc())
        if border is not None:
            query = query.where(place > border)
        if self._sqlite:
            asked = [_has_any(group) for group in question.begun]
            if question.whole:
                query = query.join(ArticleSearchRow, ArticleSearchRow.place == place)
            elif question.none:
                asked.append(not_(_has_any(question.none)))
            return query.add_columns(place.label("place"), _ID).where(*asked), _ID
        # A limit within: otherwise, PostgreSQL might read all hits by the index of words.
        some = query.add_columns(place, _ID, ArticleSearchRow.words).limit(places).subquery()
        hits = select(some.c.place, some.c.article_id).where(_has_words(some.c.words, question))
        return hits.order_by(some.c.place.desc()), some.c.article_id

    def _source(self) -> tuple[Any, Any]:
        """Returns the places that are looked at, and a statement without columns that reads them."""
        if self._sqlite and (whole := self.question.whole) is not None:
            return _ROWID, select().select_from(_FTS).where(_MATCH.bindparams(question=whole.fts5()))
        return ArticleSearchRow.place, select()

    def _by_words(self, before: int | None, *, in_order: bool = False, numbers_only: bool = False) -> Any:
        """Returns a statement of the hits that the index of words gives, in no order unless it is asked for."""
        if self._sqlite:
            found = select(_ROWID.label("place")).select_from(_FTS)
            if not numbers_only:
                found = found.add_columns(ArticleSearchRow.article_id)
                found = found.join(ArticleSearchRow, ArticleSearchRow.place == _ROWID)
            found = self._within(found.where(_MATCH.bindparams(question=self.question.fts5())), _ROWID, before)
            if self.wanted.feeds == "left-out":  # Few, so they are looked up, and not each hit of a common word.
                found = found.where(_ROWID.in_(_LEFT_OUT))
            if in_order:
                found = found.order_by(_ROWID.desc())
            return found if numbers_only else self._filtered(found, ArticleSearchRow.article_id)
        words = self._having_words(before)
        if self.wanted.feeds == "left-out":
            words = words.where(words.selected_columns.article_id.in_(select(LeftOutRow.article_id)))
        # The offset keeps apart what else is asked: the index gives all hits, and each is looked up as far as needed.
        if in_order and self._is_filtered:
            words = words.order_by(words.selected_columns.place.desc())
        hits = words.offset(0).subquery()
        found = self._filtered(select(hits.c.place, hits.c.article_id), hits.c.article_id)
        return found.order_by(hits.c.place.desc()) if in_order else found

    def _having_words(self, before: int | None) -> Any:
        """Returns a statement of the rows with the words, on PostgreSQL."""
        row, whole = ArticleSearchRow, self.question.whole
        if whole and self._checks_beginnings:
            # The offset keeps the conditions apart.
            some = select(row.place, row.article_id, row.words).where(_has_words(row.words, whole))
            checked = self._within(some, row.place, before).offset(0).subquery()
            return select(checked.c.place, checked.c.article_id).where(_has_words(checked.c.words, self.question))
        words = select(row.place, row.article_id).where(_has_words(row.words, self.question))
        return self._within(words, row.place, before)

    def _is_cheaply_checked(self, before: int | None, hits: int) -> bool:
        """Returns whether to look for beginnings in the rows with the whole words: GIN reads all words that begin so.

        ``hits``: how many are expected among all places that are looked at, if some of them are enough.
        """
        whole = self.question.whole
        if self._sqlite or not self.question.begun or whole is None:
            return False
        return TIMES_LOOKED_AT * self._having(before, whole) < max(RARE, ROWS_OF_A_HIT * hits)

    def _read(self, query: Any) -> list[Hit]:
        return [(row.place, row.article_id) for row in self.conn.execute(query)]

    def _within(self, query: Any, place: Any, before: int | None) -> Any:
        if before is not None:
            query = query.where(place <= before)
        if self.wanted.since is not None:
            query = query.where(place >= place_of(self.wanted.since))
        if self.wanted.until is not None:
            query = query.where(place < place_of(self.wanted.until))
        return query

    def _filtered(self, query: Any, id: Any) -> Any:
        if self.changed:
            query = query.where(id.not_in(self.changed))
        conditions = conditions_of(replace(self.wanted, since=None, until=None), self.now)
        if not self.wanted.hidden:
            conditions += [visible(self.now), not_(is_changed(ArticleRow.id))]
        return query.join(ArticleRow, ArticleRow.id == id).where(*conditions) if conditions else query


_FTS = table("article_words", column("rowid", BigInteger()))
_ROWID = _FTS.c.rowid
_ID = ArticleSearchRow.article_id
_MATCH = text("article_words MATCH :question")
_LEFT_OUT = select(ArticleSearchRow.place).where(ArticleSearchRow.article_id.in_(select(LeftOutRow.article_id)))


def _has_words(column: Any, question: Question) -> ColumnElement[bool]:
    asked = cast(bindparam("question", question.tsquery(), Text(), unique=True), TSQUERY)
    found: ColumnElement[bool] = column.op("@@", is_comparison=True)(asked)
    return found


def _has_any(group: Group) -> ColumnElement[bool]:
    """Returns the condition that a row has one of these words, on SQLite."""
    words = " " + ArticleSearchRow.words + " "
    return or_(*(words.op("GLOB", is_comparison=True)(_pattern(one)) for one in group))


def _pattern(one: WantedWord) -> str:
    # The mark is nowhere else in a row, and so found faster than a space.
    begin = "" if one.word.startswith(MEMBERS) else " "
    return f"*{begin}{one.word}{'*' if one.beginning else ' *'}"


class _PatientPlanner:
    """Within it, PostgreSQL reads hits by the index of words and looks up each: it cannot know how rare a word is.

    It compiles nothing, and remembers each row: with less memory, it remembers pages, and reads all their rows.
    """

    SETTINGS: ClassVar = dict.fromkeys(("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"), "off") | {
        "work_mem": "32MB"
    }

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.former: dict[str, str] = {}

    def __enter__(self) -> None:
        if self.conn.dialect.name == "postgresql":
            asked = ", ".join(f"current_setting('{name}')" for name in self.SETTINGS)
            values = self.conn.execute(text(f"SELECT {asked}")).one()
            self.former = dict(zip(self.SETTINGS, values, strict=True))
            self._set(self.SETTINGS)

    def __exit__(self, kind: object, *_: object) -> None:
        if self.former and kind is None:  # A failed transaction can do no more.
            self._set(self.former)

    def _set(self, values: Mapping[str, str]) -> None:
        """Applies settings until the transaction ends."""
        calls = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in values.items())
        self.conn.execute(text(f"SELECT {calls}"))
