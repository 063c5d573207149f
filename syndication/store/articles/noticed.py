"""What noticing changes needs to know, of the articles and beside them, in one statement.

All of it is read after the changes were taken from the queue, so each change is seen with everything that was committed
before it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    literal_column,
    or_,
    select,
    union_all,
)

from syndication.model.sitemaps import ARCHIVE, NEWS, bounds, month_in
from syndication.store.articles.change_kinds import Fact, added_at, fact_conditions, kind_of
from syndication.store.articles.stored_terms import (
    IDS,
    NO_TEXT,
    NOW,
    TERM_PARTS,
    StoredTerms,
    collect,
    is_public,
    part,
    term_parts,
)
from syndication.store.articles.term_registry import PUBLISHED, UNREGISTERED
from syndication.store.db.batches import batched
from syndication.store.db.types import BigInt, UtcTime
from syndication.store.publishing.deliveries import MAX_NAMED, ChangeKind
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow, WithdrawalRow
from syndication.store.tables.feeds import FeedRevisionRow
from syndication.store.tables.publishing import EntryRow, PublicationRow, SectionStateRow
from syndication.store.tables.sitemaps import SitemapEntryRow, SitemapStateRow
from syndication.store.tables.terms import ArticleTermRow


@dataclass
class Noticed:
    """What was read. ``terms``, ``filed`` and ``shown_in`` are by article: its terms, sections, and feeds showing it.

    ``disobeyed`` are articles with a withdrawal and another status, ``stale`` those whose links differ from them.
    ``kinds`` are the kinds of changes, if there were few; None: they were not read. ``due`` are the feeds with a due
    moment. ``registered`` are the sections registered since a number, with their fingerprints. ``sitemap_parts`` are
    those to be written again.
    """

    terms: dict[str, StoredTerms] = field(default_factory=dict)
    filed: dict[str, set[str]] = field(default_factory=dict)
    shown_in: dict[str, set[str]] = field(default_factory=dict)
    disobeyed: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    kinds: dict[str, ChangeKind] | None = None
    due: dict[str, datetime] = field(default_factory=dict)
    registered: dict[str, str] = field(default_factory=dict)
    sitemap_parts: set[str] = field(default_factory=set)
    has_sitemaps: bool = False
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The number of the last registration or publication; 0: there is none."""
        return self.numbers.get("number", 0)

    @property
    def revision(self) -> int:
        """The number of the last change of any feed of editors; 0: there was none."""
        return self.numbers.get("revision", 0)

    @property
    def is_unregistered(self) -> bool:
        """Whether terms of a public article had no address yet."""
        return "unregistered" in self.numbers


NEWS_SINCE = bindparam("news_since", type_=UtcTime())
MONTH = bindparam("month", type_=Text())
NUMBER = bindparam("number", type_=BigInt)

# What a number says of an article, one bit each.
_DISOBEYED, _STALE, _NEWS, _LISTED = 1, 2, 4, 8
_FACTS: Mapping[Fact, int] = {"withdrawn": 16, "embargoed": 32, "was_out": 64, "shown": 128}


def _bits(conditions: Mapping[int, ColumnElement[bool]]) -> ColumnElement[int]:
    """Returns the sum of the numbers whose conditions hold."""
    found: ColumnElement[int] = literal_column("0")
    for number, condition in conditions.items():
        found = found + case((condition, literal_column(str(number))), else_=literal_column("0"))
    return found


def _article_part(*, kinds: bool) -> Select[Any]:
    out = exists().where(WithdrawalRow.article_id == ArticleRow.id)
    published = ArticleRow.status == "published"
    link = ArticleSectionRow
    differs = or_(
        link.status != ArticleRow.status,
        link.published_at.is_distinct_from(ArticleRow.published_at),
        link.expires_at.is_distinct_from(ArticleRow.expires_at),
    )
    conditions = {
        _DISOBEYED: and_(ArticleRow.status != "withdrawn", out),
        _STALE: exists().where(link.article_id == ArticleRow.id, differs),
        _NEWS: ArticleRow.published_at >= NEWS_SINCE,
        _LISTED: published,
    }
    if kinds:
        conditions |= {_FACTS[fact]: condition for fact, condition in fact_conditions(NOW).items()}
    # The time as text: one that no program of ours can read must not stop the reader of the queue.
    time = cast(ArticleRow.published_at, Text)
    moment = {"at": added_at()} if kinds else {}
    return part("article", ArticleRow.id, ArticleRow.status, time, _bits(conditions), **moment).where(
        ArticleRow.id.in_(IDS)
    )


def _of_articles(*, kinds: bool) -> list[Select[Any]]:
    return [
        *term_parts(),
        _article_part(kinds=kinds),
        *(
            part(what, row.article_id, column).where(row.article_id.in_(IDS))
            for what, row, column in (
                ("filed", ArticleSectionRow, ArticleSectionRow.section),
                ("shown", EntryRow, EntryRow.section),
                ("listed", SitemapEntryRow, SitemapEntryRow.part),
            )
        ),
    ]


def _of_everything() -> list[Select[Any]]:
    """Returns the parts that do not depend on the articles."""
    # A part that waits and that nobody writes yet is read after this statement: it needs no other request.
    waits = and_(
        SitemapStateRow.requested_generation > SitemapStateRow.completed_generation,
        SitemapStateRow.lease_owner.is_(None),
    )
    fingerprint = case((SitemapStateRow.part == ARCHIVE, SitemapStateRow.fingerprint), else_=NO_TEXT)
    waiting = (
        select(literal_column("1"))
        .select_from(ArticleTermRow)
        .join(ArticleRow, ArticleRow.id == ArticleTermRow.article_id)
        .where(
            ArticleTermRow.status == PUBLISHED,
            ArticleTermRow.registered == UNREGISTERED,
            ArticleTermRow.published_at <= NOW,
            is_public(),
        )
        .exists()
    )
    state = SectionStateRow
    return [
        part("due", first=state.section, at=state.next_due).where(state.next_due <= NOW),
        part("registered", first=state.section, second=state.fingerprint).where(state.registration > NUMBER),
        part("number", number=PublicationRow.number),
        part("revision", number=FeedRevisionRow.revision),
        part("sitemap", first=SitemapStateRow.part, second=fingerprint, number=case((waits, 1), else_=0)).where(
            SitemapStateRow.part.in_([ARCHIVE, NEWS, MONTH])
        ),
        part("unregistered").where(waiting),
    ]


_WHOLE = {few: union_all(*_of_articles(kinds=few), *_of_everything()) for few in (True, False)}
_MORE = union_all(*_of_articles(kinds=False))


def read(conn: Connection, written: Mapping[str, datetime], now: datetime, number: int) -> Noticed:
    """Returns what is to be known of these changed articles, by the times at which they were written.

    ``number`` is that of the last registration which the caller knows.
    """
    few = len(written) <= MAX_NAMED
    found = Noticed(kinds=dict.fromkeys(written, "deleted") if few else None)
    news_since, _ = bounds(NEWS, now)
    values = {"now": now, "news_since": news_since, "month": f"{now:%Y-%m}", "number": number}
    batches: Iterable[Sequence[str]] = batched(sorted(written)) if written else [()]
    statement: CompoundSelect[Any] = _WHOLE[few]
    waiting: set[str] = set()
    for some in batches:
        rows = conn.execute(statement, {**values, "ids": list(some)}).all()
        found.terms |= collect(row for row in rows if row[0] in TERM_PARTS)
        for row in rows:
            if row[0] not in TERM_PARTS:
                _take(found, row, written, waiting)
        statement = _MORE
    found.sitemap_parts = found.sitemap_parts - waiting if found.has_sitemaps else set()
    return found


def _take(found: Noticed, row: Any, written: Mapping[str, datetime], waiting: set[str]) -> None:
    what, id, first, second, number, at = row
    match what:
        case "article":
            _take_article(found, row, written)
        case "filed":
            found.filed.setdefault(id, set()).add(first)
        case "shown":
            found.shown_in.setdefault(id, set()).add(first)
        case "listed":
            found.sitemap_parts.add(first)
        case "sitemap":
            found.has_sitemaps |= bool(second)
            waiting.update([first] if number else [])
        case "due":
            found.due[first] = at
        case "registered":
            found.registered[first] = second
        case _:
            found.numbers[what] = number


def _take_article(found: Noticed, row: Any, written: Mapping[str, datetime]) -> None:
    _, id, status, published_at, bits, added = row
    if bits & _DISOBEYED:
        found.disobeyed.append(id)
    if bits & _STALE:
        found.stale.append(id)
    if bits & _LISTED:
        month = month_in(published_at)
        found.sitemap_parts.update([] if month is None else [month])
        found.sitemap_parts.update([NEWS] if bits & _NEWS else [])
    if found.kinds is not None:
        facts: Collection[Fact] = {fact for fact, bit in _FACTS.items() if bits & bit}
        is_published = status == "published" and published_at is not None
        found.kinds[id] = kind_of(facts, added, written[id], is_published=is_published)
