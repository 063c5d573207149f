"""Column types for both databases, and the checks that belong to them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator, TypeEngine

# SQLite's text of a time has a fixed width, so that texts sort like times.
_UTC_GLOB = (
    "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z"
)

BigInt = BigInteger().with_variant(Integer, "sqlite")
"""Only an INTEGER numbers itself on SQLite; it has 64 bits there."""


class UtcTime(TypeDecorator[datetime]):
    """A point in time: ``timestamptz`` on PostgreSQL, a canonical UTC text on SQLite.

    Takes and returns only timezone-aware values: a naive one raises ValueError.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Returns text on SQLite, timestamptz on PostgreSQL."""
        return dialect.type_descriptor(String(27) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Returns the stored form; raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value.isoformat()} has no time zone: add one, for example +00:00")
        value = value.astimezone(UTC)
        return utc_text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Returns the time in UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return datetime.fromisoformat(value)
        result: datetime = value.astimezone(UTC)
        return result


def utc_text(value: datetime) -> str:
    """Returns ``value`` in the canonical form of 27 characters."""
    # strftime does not pad the year to four digits on every platform; isoformat does.
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def utc_check(column: str) -> CheckConstraint:
    """Rejects, on SQLite, a hand-typed time that is not in the canonical form or not in the calendar.

    Adding zero days makes SQLite calculate: without, it returns the 30th of February unchanged. It rounds to
    milliseconds, so the fraction is left out: .999500 would become the next second.
    """
    return CheckConstraint(
        f"{column} IS NULL OR ({column} GLOB '{_UTC_GLOB}'"
        f" AND strftime('%Y-%m-%dT%H:%M:%S', substr({column}, 1, 19), '+0 days') = substr({column}, 1, 19))",
        name=f"{column}_is_utc_like_2026_01_31T08_00_00_000000Z",
    ).ddl_if(dialect="sqlite")


def years_check(column: str) -> CheckConstraint:
    """Rejects, on PostgreSQL, a time that no program of ours can read: infinite, or outside of the years 1 to 9999.

    A trigger does this on SQLite, where changing a CHECK means recreating the table.
    """
    return CheckConstraint(
        f"{column} >= '0001-01-01 00:00:00+00' AND {column} < '10000-01-01 00:00:00+00'",
        name=f"{column}_is_in_the_years_1_to_9999",
    ).ddl_if(dialect="postgresql")


def slug_check(column: str) -> CheckConstraint:
    """Rejects a section that is not ``[a-z0-9]+(-[a-z0-9]+)*``."""
    return CheckConstraint(
        f"{column} = lower({column}) AND {column} <> '' AND {column} NOT LIKE '-%' AND {column} NOT LIKE '%-'"
        f" AND {column} NOT LIKE '%--%' AND trim({column}, 'abcdefghijklmnopqrstuvwxyz0123456789-') = ''",
        name=f"{column}_is_a_slug",
    )
