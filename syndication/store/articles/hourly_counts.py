"""Counts publications by hour and section. Only articles that are public now are counted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy import Text as SqlText

from syndication.model.values import ALL, Section
from syndication.store.articles.feed_query import public_articles
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow

HOUR_TEXT = len("2026-03-14T08")
"""The length of the hour in SQLite's text of a time."""


@dataclass(frozen=True, slots=True)
class HourlyCount:
    """An hour, in UTC: how many articles appeared, and the times of the first and the last one."""

    count: int
    first: datetime
    last: datetime


def count_hourly(
    conn: Connection, sections: Collection[Section], since: datetime, now: datetime
) -> dict[str, tuple[HourlyCount, ...]]:
    """Returns, by section, the hours with publications since then, earliest first; "all" counts every article."""
    return {section.slug: _hours(conn, section.filed_under, since, now) for section in sections}


def _hours(conn: Connection, slugs: Sequence[str], since: datetime, now: datetime) -> tuple[HourlyCount, ...]:
    # A renamed section may hold an article under two names: a union counts it once.
    first, *others = (_shown(slug, since, now) for slug in slugs)
    moment = (first.union(*others) if others else first).subquery().c.published_at
    earliest: Any = func.min(moment)
    rows = conn.execute(
        select(func.count(), earliest, func.max(moment)).group_by(_hour(conn, moment)).order_by(earliest)
    )
    return tuple(HourlyCount(count, first, last) for count, first, last in rows)


def _shown(slug: str, since: datetime, now: datetime) -> Any:
    moment = ArticleRow.published_at if slug == ALL else ArticleSectionRow.published_at
    return public_articles(slug, now).where(moment >= since).order_by(None)


def _hour(conn: Connection, moment: ColumnElement[Any]) -> ColumnElement[Any]:
    if conn.dialect.name == "sqlite":
        return func.substr(moment, 1, HOUR_TEXT, type_=SqlText)
    return func.date_trunc("hour", moment, "UTC")
