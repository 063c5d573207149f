"""Sections that have published nothing for unusually long, as sentences: for the dashboard and for notifications."""

from datetime import datetime, tzinfo
from itertools import islice

from syndication.config.loading import Settings
from syndication.diagnostics.silence import HISTORY, unusual_silence
from syndication.diagnostics.words import span
from syndication.store import Connection
from syndication.store.articles import hourly_counts

MOST_WATCHED = 500
"""The most sections that are watched, in the order of the configuration: each costs queries."""


def read_silences(conn: Connection, settings: Settings, now: datetime) -> dict[str, str]:
    """Returns by slug: "nothing published for 9 h (usually at most 2 h at this time of day)"."""
    watched = settings.selections.wanting(islice(settings.sections, MOST_WATCHED))
    hours = hourly_counts.count_hourly(conn, watched, now - HISTORY, now)
    described = {slug: _words(found, now, settings.timezone) for slug, found in hours.items()}
    return {slug: words for slug, words in described.items() if words}


def _words(hours: tuple[hourly_counts.HourlyCount, ...], now: datetime, zone: tzinfo) -> str:
    silence = unusual_silence(hours, now, zone)
    if silence is None:
        return ""
    lasted, usual = span(now - silence.since), span(silence.usual)
    return f"nothing published for {lasted} (usually at most {usual} at this time of day)"
