"""What the templates show of the catalogue: sections, addresses, times. No HTML here."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from syndication.model.feed_addresses import feed_path
from syndication.model.values import ALL, FORMATS, MEDIA_TYPES, Section, Site
from syndication.serve.catalogue import Catalogue
from syndication.serve.people import page_path

LABELS = {"atom": "Atom", "rss": "RSS", "json": "JSON Feed"}


@dataclass(frozen=True, slots=True)
class Address:
    """A feed's address in one format, with the format's name for people and its media type without parameters."""

    format: str
    label: str
    media_type: str
    url: str


def public_url(site: Site, path: str) -> str:
    """Returns the public URL of a path; letters of other scripts are percent-encoded."""
    return site.base_url + quote(path, safe="/:+~!$&'()*,;=@%")


def addresses(site: Site, slug: str) -> list[Address]:
    """Returns the addresses of a feed, in the order in which readers should try them."""
    return [
        Address(name, LABELS[name], MEDIA_TYPES[name].split(";")[0], public_url(site, feed_path(slug, name)))
        for name in FORMATS
    ]


def page_url(site: Site, slug: str) -> str:
    """Returns the URL of a feed's page."""
    return public_url(site, page_path(slug))


def name_of(section: Section) -> str:
    """Returns a feed's name on a page that names the newsroom already."""
    return "All stories" if section.slug == ALL else section.title


def listed(catalogue: Catalogue) -> list[Section]:
    """Returns the feeds of the public lists, in the order of the configuration."""
    return [section for section in catalogue.sections.values() if section.listed]


def moment(seconds: float | None) -> datetime | None:
    """Returns the time of seconds since 1970, in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def local(time: datetime | None, zone: ZoneInfo) -> str:
    """Returns a time in words, in the newsroom's zone: ``14 March 2026, 20:00``; "" for None."""
    if time is None:
        return ""
    there = time.astimezone(zone)
    return f"{there.day} {there:%B %Y, %H:%M}"
