"""Builds the requests that purge a section, from the templates in the configuration."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from syndication import __version__
from syndication.config.schema import PurgeSettings
from syndication.model.values import FORMATS
from syndication.serve.cdn_headers import section_key

PLACEHOLDERS = {"User-Agent": f"newsroom-syndication/{__version__}", "Accept": "*/*", "Connection": "close"}

_PLACE = re.compile(r"\{(key|section|format)\}")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a cache. Its headers are secret."""

    url: str
    method: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None


def requests(settings: PurgeSettings, section: str) -> list[Request]:
    """Returns all requests that purge a section: one for each address, or one for each address and format."""
    templates = (settings.url, settings.body, *settings.headers.values())
    formats = FORMATS if any("{format}" in template for template in templates) else ("",)
    return [
        _request(settings, url, {"key": section_key(section), "section": section, "format": format})
        for url in settings.url.split()
        for format in formats
    ]


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
