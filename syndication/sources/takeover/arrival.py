"""Requests old addresses where readers have them, and says whether each comes to this service."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from syndication.model.feed_addresses import feed_url
from syndication.model.old_feeds import OldFeed
from syndication.model.values import Site
from syndication.sources.http import Response
from syndication.sources.reader import SourceError

Fetch = Callable[[str], Response]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a request for an old address met; ``ok`` if a reader gets the feed."""

    address: str
    ok: bool
    words: str


def check_arrivals(site: Site, feeds: Iterable[OldFeed], fetch: Fetch, pause: float) -> Iterator[Arrival]:
    """Yields for each old address what a reader of ``site.home_url`` gets; ``pause`` in seconds is between two."""
    for number, old in enumerate(feeds):
        if number:
            time.sleep(pause)
        yield Arrival(old.address, *_ask(site, old, fetch))


def _ask(site: Site, old: OldFeed, fetch: Fetch) -> tuple[bool, str]:
    ours = feed_url(site, old.section, old.format)
    try:
        response = fetch(site.home_url + old.address)
    except SourceError as error:
        if "redirects more than" in error.message:
            return False, (
                "redirects in a circle: the site in front sends readers back from where this service sends them to."
                " Remove its redirect, or set redirect = false here"
            )
        return False, error.message
    if response.status != 200:
        return False, f"answered {response.status} at {response.url}"
    if f'<{ours}>; rel="self"' not in response.headers.get("link", ""):
        return False, f"is answered by something else at {response.url}: the site in front does not send it here"
    return True, f"serves {ours}" if response.url != ours else f"redirects to {ours}"
