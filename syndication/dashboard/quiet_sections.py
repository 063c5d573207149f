"""Sections that have published nothing for unusually long, as sentences; cached for all viewers."""

from flask import current_app

from syndication.api.operations import context
from syndication.dashboard.ttl_cache import TTLCache
from syndication.diagnostics.read_silences import read_silences

CACHE_SECONDS = 60.0
"""Seconds between two queries; an unusual silence lasts half an hour longer than usual anyway."""


def find_silences() -> dict[str, str]:
    """Returns by slug: "nothing published for 9 h (usually at most 2 h at this time of day)"."""
    cache: TTLCache = current_app.extensions["ttl_cache"]
    return cache.get("silences", CACHE_SECONDS, _read_silences)


def _read_silences() -> dict[str, str]:
    database = context().database
    with database.read() as conn:
        return read_silences(conn, context().settings, database.now(conn))
