"""Sitemaps: their addresses, which articles belong to which of them, and which addresses they may list. Pure.

A sitemap has parts: ``news`` and one for each month in UTC (``2026-11``). Each part has files, numbered from 1.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from syndication.model.addresses import web_address
from syndication.model.values import Site

ARCHIVE, NEWS = "archive", "news"
"""The part whose one file is the index of all months, and the part of the newest articles."""

INDEX_PATH, NEWS_PATH = "/sitemap.xml", "/sitemap-news.xml"

ANNOUNCED = (INDEX_PATH, NEWS_PATH)
"""The paths in robots.txt; the other files are found from these."""

NEWS_AGE = timedelta(days=2)
"""How long an article is news, from its publication (Google: "articles published in the last 2 days")."""

MAX_ADDRESS = 2047
"""The longest address in characters (sitemaps.org: "less than 2,048 characters")."""

_MONTH = re.compile(r"([0-9]{4}-[0-9]{2})-[0-9]{2}[ T]", re.ASCII)

_PATH = re.compile(r"/sitemap(-[0-9a-z-]+)?\.xml", re.ASCII)


def is_for_sitemaps(path: str) -> bool:
    """Returns whether ``path`` is one that a sitemap may have."""
    return path.startswith("/sitemap") and _PATH.fullmatch(path) is not None


def file_path(part: str, number: int) -> str:
    """Returns the path of a part's file. Number 0 is the archive's index, and the one file or the index of the news.

    All are at the root: a sitemap may list only what is below its own folder (sitemaps.org, "Sitemap file location").
    """
    if number == 0:
        return INDEX_PATH if part == ARCHIVE else NEWS_PATH
    return f"/sitemap-{part}.xml" if number == 1 and part != NEWS else f"/sitemap-{part}-{number}.xml"


def month_in(text: str | None) -> str | None:
    """Returns the month of a time as the databases write it, in UTC; None if it is not in the years 1 to 9999."""
    found = _MONTH.match(text or "")
    return found[1] if found and found[1] >= "0001-01" and "01" <= found[1][5:] <= "12" else None


def bounds(part: str, now: datetime) -> tuple[datetime, datetime | None]:
    """Returns the publication times of a part's articles: the first one, and the one before which they all are."""
    if part == NEWS:
        return now - NEWS_AGE + timedelta(microseconds=1), None
    year, month = int(part[:4]), int(part[5:])
    first = datetime(year, month, 1, tzinfo=UTC)
    if (year, month) == (9999, 12):
        return first, None
    return first, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def own_address(site: Site, url: str) -> str | None:
    """Returns the absolute address of an article; None if a sitemap may not list it.

    All addresses of a sitemap are of one site, by scheme, host and port (sitemaps.org, "Sitemap file location"): that
    of the home page. They have no fragment, which names no page of its own.
    """
    found = web_address(url, f"{site.home_url}/")
    if found is None:
        return None
    address = found.partition("#")[0]
    return address if len(address) <= MAX_ADDRESS and _origin(address) == _origin(site.home_url) else None


@lru_cache(maxsize=64)
def _origin_of(start: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(start)
    try:
        hostname = None if "@" in parts.netloc else parts.hostname  # A user's name belongs to no public address.
        return parts.scheme, hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:  # A port that is no number.
        return parts.scheme, None, None


def _origin(address: str) -> tuple[str, str | None, int | None]:
    # Nearly all articles begin alike, and there may be millions.
    return _origin_of("/".join(address.replace("?", "/").split("/", 3)[:3]))
