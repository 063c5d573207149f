"""Builds the requests that purge a section, from the templates in the configuration."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from syndication import __version__
from syndication.config.schema import PurgeSettings
from syndication.model.feed_addresses import feed_path
from syndication.model.old_feeds import NO_OLD_FEEDS, OldFeeds
from syndication.model.sitemaps import is_for_sitemaps
from syndication.model.values import FORMATS
from syndication.serve.cdn_headers import SITEMAPS, section_key, sitemap_key
from syndication.serve.people import page_path

PLACEHOLDERS = {"User-Agent": f"newsroom-syndication/{__version__}", "Accept": "*/*", "Connection": "close"}

_PLACE = re.compile(r"\{(key|section|format|path)\}")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a cache. Its headers are secret."""

    url: str
    method: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None


def requests(settings: PurgeSettings, section: str, old_feeds: OldFeeds = NO_OLD_FEEDS) -> list[Request]:
    """Returns all requests that purge a section: for each address one, or one for each format, or for each path.

    The paths are those of the feeds, of their page, and of the old addresses that lead to them. ``section`` may also be
    the path of a sitemap.
    """
    templates = (settings.url, settings.body, *settings.headers.values())
    if is_for_sitemaps(section):
        return _sitemap_requests(settings, templates, section)
    return [
        _request(settings, url, {"key": section_key(section), "section": section, "format": format, "path": path})
        for url in settings.url.split()
        for format, path in _places(templates, section, old_feeds)
    ]


def _sitemap_requests(settings: PurgeSettings, templates: Sequence[str], path: str) -> list[Request]:
    """Returns the requests that purge one sitemap; none if the templates name only sections and formats of feeds."""
    whole = " ".join(templates)
    if ("{section}" in whole or "{format}" in whole) and not ("{key}" in whole or "{path}" in whole):
        return []
    places = {"key": sitemap_key(path), "section": SITEMAPS, "format": "xml", "path": path}
    return [_request(settings, url, places) for url in settings.url.split()]


def _places(templates: Sequence[str], section: str, old_feeds: OldFeeds) -> Sequence[tuple[str, str]]:
    """Returns the formats and paths to fill in."""
    own = [(format, feed_path(section, format)) for format in FORMATS]
    if any("{path}" in template for template in templates):
        return [*own, ("", page_path(section))] + [(old.format, old.address) for old in old_feeds.of_section(section)]
    return own if any("{format}" in template for template in templates) else [("", "")]


def _request(settings: PurgeSettings, url: str, places: Mapping[str, str]) -> Request:
    def filled(template: str) -> str:
        # Not str.format, because a JSON body is full of braces.
        return _PLACE.sub(lambda place: places[place[1]], template)

    body = filled(settings.body).encode() if settings.body else None
    ours = PLACEHOLDERS | ({"Content-Type": "application/json"} if body else {})
    theirs = {name: filled(value) for name, value in settings.headers.items()}
    named = {name.lower() for name in theirs}
    kept = {name: value for name, value in ours.items() if name.lower() not in named}
    return Request(filled(url), settings.method, kept | theirs, body)
