"""Sections that have published nothing for unusually long, as sentences; cached for all viewers."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app

from syndication.api.operations import context
from syndication.dashboard.filters import span
from syndication.dashboard.ttl_cache import TTLCache
from syndication.diagnostics.silence import HISTORY, unusual_silence
from syndication.store.articles import hourly_counts

CACHE_SECONDS = 60.0
"""Seconds between two queries; an unusual silence lasts half an hour longer than usual anyway."""


def find_silences() -> dict[str, str]:
    """Returns by slug: "nothing published for 9 h (usually at most 2 h at this time of day)"."""
    cache: TTLCache = current_app.extensions["ttl_cache"]
    return cache.get("silences", CACHE_SECONDS, _read_silences)


def _read_silences() -> dict[str, str]:
    database, settings = context().database, context().settings
    with database.read() as conn:
        now = database.now(conn)
        hours = hourly_counts.count_hourly(conn, settings.selections.wanting(settings.sections), now - HISTORY, now)
    zone = ZoneInfo(settings.editors.timezone)
    described = {slug: _words(found, now, zone) for slug, found in hours.items()}
    return {slug: words for slug, words in described.items() if words}


def _words(hours: tuple[hourly_counts.HourlyCount, ...], now: datetime, zone: ZoneInfo) -> str:
    silence = unusual_silence(hours, now, zone)
    if silence is None:
        return ""
    lasted, usual = span(now - silence.since), span(silence.usual)
    return f"nothing published for {lasted} (usually at most {usual} at this time of day)"
