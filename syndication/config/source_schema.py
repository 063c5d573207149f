"""What every [[source]] has in common; the settings of each kind are in ``source_schemas``."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from syndication.config.value_types import SLUG, Secret, Switch, TomlTable

SHORTEST, LONGEST = 0.2, 86_400.0
"""Seconds between two looks, at least and at most."""

_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


def _duration(value: Any) -> Any:
    """Returns a duration such as "1 s", "5 min" or 30 in seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError('should be seconds, or a text like "1 s", "5 min" or "1 h"')  # noqa: TRY004  # pydantic's
    if not isinstance(value, str):
        return _bounded(float(value))
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)?\s*", value)
    if found is None:
        raise ValueError('should be seconds, or a text like "1 s", "5 min" or "1 h"')
    return _bounded(float(found[1]) * _UNITS[found[2] or "s"])


def _bounded(seconds: float) -> float:
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError("should be between 0.2 s and 24 h")
    return seconds


def _name(value: str) -> str:
    if not SLUG.fullmatch(value):
        raise ValueError("should be lower-case letters and digits separated by single hyphens, like cms")
    return value


def _section(value: str) -> str:
    if value and not SLUG.fullmatch(value):
        raise ValueError("should be the slug of a section, or empty")
    return value


def _database(value: str) -> str:
    if value and not re.match(r"(mysql|mariadb|postgresql|postgres|sqlite)://", value):
        raise ValueError("should be an address like mysql://reader:password@host/name, postgresql://… or sqlite:///…")
    return value


Interval = Annotated[float, BeforeValidator(_duration)]
SourceName = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_name)]
ForeignDatabaseUrl = Annotated[str, AfterValidator(_database)]


class SourceTable(TomlTable):
    """[[source]]: another system that is read. Each kind adds ``kind``, and what it needs to know.

    A key that ends in ``_FILE`` names a file with the value: ``database_FILE``, ``ping_secret_FILE``.
    """

    name: SourceName
    every: Interval = 1.0
    section: Annotated[str, AfterValidator(_section)] = ""
    allow_private: Switch = False
    url: str = ""
    database: ForeignDatabaseUrl = ""
    ping_secret: Secret = ""

    @property
    def label(self) -> str:
        """The kind, which every subclass has."""
        return str(getattr(self, "kind", ""))

    @property
    def asked_url(self) -> str:
        """The address that is asked over HTTP; empty if none is."""
        return ""
