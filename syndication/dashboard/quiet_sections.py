"""Which sections are silent for unusually long, in words: looked up once in a while for everybody who watches."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app

from syndication.api.operations import context
from syndication.dashboard.filters import span
from syndication.dashboard.ttl_cache import TTLCache
from syndication.diagnostics.silence import HISTORY, unusual_silence
from syndication.store.articles import hourly_counts

CACHE_SECONDS = 60.0
"""Seconds between two looks: what is unusual is so by half an hour at least."""


def find_silences() -> dict[str, str]:
    """By slug what is unusual about a section: "silent for 9 h, at this hour 2 h at most"."""
    cache: TTLCache = current_app.extensions["ttl_cache"]
    return cache.get("silences", CACHE_SECONDS, _read_silences)


def _read_silences() -> dict[str, str]:
    database, settings = context().database, context().settings
    with database.read() as conn:
        now = database.now(conn)
        hours = hourly_counts.count_hourly(conn, settings.sections.values(), now - HISTORY, now)
    zone = ZoneInfo(settings.editors.timezone)
    told = {slug: _words(found, now, zone) for slug, found in hours.items()}
    return {slug: words for slug, words in told.items() if words}


def _words(hours: tuple[hourly_counts.HourlyCount, ...], now: datetime, zone: ZoneInfo) -> str:
    silence = unusual_silence(hours, now, zone)
    if silence is None:
        return ""
    return f"nothing published for {span(now - silence.since)} (usually at most {span(silence.usual)} at this time of day)"
