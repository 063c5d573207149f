"""Counts publications by hour and feed. Only articles that are public now are counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy import Text as SqlText

from syndication.model.wanted_terms import WantedTerms
from syndication.store.articles.selected_articles import Walk, moment_of, walk_newest, walks

HOUR_TEXT = len("2026-03-14T08")
"""The length of the hour in SQLite's text of a time."""


@dataclass(frozen=True, slots=True)
class HourlyCount:
    """An hour, in UTC: how many articles appeared, and the times of the first and the last one."""

    count: int
    first: datetime
    last: datetime


def count_hourly(
    conn: Connection, feeds: Mapping[str, WantedTerms], since: datetime, now: datetime
) -> dict[str, tuple[HourlyCount, ...]]:
    """Returns, by feed, the hours with publications since then, earliest first."""
    return {slug: _hours(conn, wanted, since, now) for slug, wanted in feeds.items()}


def _hours(conn: Connection, wanted: WantedTerms, since: datetime, now: datetime) -> tuple[HourlyCount, ...]:
    # An article may have two of the terms of which one suffices: a union counts it once.
    first, *others = (_shown(walk, since, now) for walk in walks(conn, wanted))
    moment = (first.union(*others) if others else first).subquery().c.published_at
    earliest: Any = func.min(moment)
    rows = conn.execute(
        select(func.count(), earliest, func.max(moment)).group_by(_hour(conn, moment)).order_by(earliest)
    )
    return tuple(HourlyCount(count, first, last) for count, first, last in rows)


def _shown(walk: Walk, since: datetime, now: datetime) -> Any:
    moment, _ = moment_of(walk)
    return walk_newest(walk, now).where(moment >= since).order_by(None)


def _hour(conn: Connection, moment: ColumnElement[Any]) -> ColumnElement[Any]:
    if conn.dialect.name == "sqlite":
        return func.substr(moment, 1, HOUR_TEXT, type_=SqlText)
    return func.date_trunc("hour", moment, "UTC")
