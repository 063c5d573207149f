"""The command ``source takeover``, and the check of old addresses that ``config --check`` runs."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syndication.cli.common import open_database, settings_of
from syndication.cli.output import json_document, line
from syndication.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from syndication.config.loading import Settings
    from syndication.sources.http import Response
    from syndication.sources.takeover.comparison import ComparedFeed, FeedEntries
    from syndication.store.db.database import Database

SHOWN_MISSING = 5
"""How many missing entries of a feed are listed; --json has all."""

CHECK_PAUSE = 0.1
"""Seconds between two requests for old addresses."""


@click.command()
@click.argument("site", required=False)
@click.option("--pages", type=click.IntRange(1, 500), default=20, show_default=True, help="How many pages to read.")
@click.option("--pause", type=click.FloatRange(0), default=0.5, show_default=True, help="Seconds between two requests.")
@click.option("--allow-private", is_flag=True, help="Allow private and loopback addresses, for a CMS next door.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def takeover(
    ctx: click.Context, site: str | None, pages: int, pause: float, allow_private: bool, as_json: bool
) -> None:
    """Show where each feed of an existing site goes, and how many of its ids agree.

    SITE is the site's address or the name of a source; the default is site.home_url. Reads its home page and the pages
    that it links to, finds their feeds, and compares each with the feed that its address leads to here. Changes
    nothing. The exit code is 1 if a feed would lose entries or is not in the table of old addresses.
    """
    from syndication.sources.takeover.comparison import FeedEntries, Ours, compare
    from syndication.sources.takeover.crawl import crawl

    settings = settings_of(ctx)
    home, private = _home(settings, site)
    fetch = _fetch(allow_private or private)
    found = crawl(home, fetch, pages, pause)
    entries = FeedEntries()
    try:
        with open_database(settings) as database:
            ids = OurIds(database, entries)
            ours = Ours(settings.old_feeds, ids, ids.paths(settings), settings.site.base_url)
            compared = [compare(feed, fetch, entries, ours) for feed in found.feeds]
    finally:
        entries.close()
    if as_json:
        json_document(
            {"site": home, "pages": found.pages, "unread": found.unread, "feeds": [_values(one) for one in compared]}
        )
    else:
        _print(home, found.pages, found.unread, compared)
    sys.exit(0 if compared and all(_is_well(one) for one in compared) else 1)


class OurIds:
    """The ids in our published feeds, by path; each document is read once."""

    def __init__(self, database: "Database", entries: "FeedEntries") -> None:
        self._database = database
        self._entries = entries
        self._known: dict[str, frozenset[str]] = {}

    def paths(self, settings: "Settings") -> Mapping[str, str]:
        """Returns for each section the path of its RSS feed."""
        from syndication.model.feed_addresses import feed_path

        return {slug: feed_path(slug, "rss") for slug in settings.sections}

    def __call__(self, path: str) -> frozenset[str]:
        """Returns the ids in the feed at this path."""
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def _read(self, path: str) -> frozenset[str]:
        from syndication.serve.catalogue import parse
        from syndication.store.publishing.documents import load_documents

        slug, format = parse(path) or ("", "")
        with self._database.read() as conn:
            bodies = [one.identity for one in load_documents(conn, [slug]) if one.format == format]
        return frozenset(entry.id for body in bodies for entry in self._entries.read(body))


def check_old_feeds(settings: "Settings") -> int:
    """Requests each old address at home_url, prints what readers get, and returns how many do not get the feed."""
    from syndication.sources.takeover.arrival import check_arrivals

    wrong = 0
    # The newsroom's own site, which may be on this machine or in this network.
    for arrival in check_arrivals(settings.site, settings.old_feeds.usual(), _fetch(True), CHECK_PAUSE):
        wrong += not arrival.ok
        line(f"{'ok   ' if arrival.ok else 'wrong'}  {arrival.address}: {arrival.words}.", err=not arrival.ok)
    return wrong


def _home(settings: "Settings", site: str | None) -> tuple[str, bool]:
    """Returns the address to start from, and whether the configuration allows private addresses there."""
    if site is None:
        return settings.site.home_url, False
    if "://" in site:
        return site, False
    for source in settings.sources:
        if source.name == site and source.url:
            return source.url, source.allow_private
    named = ", ".join(source.name for source in settings.sources if source.url) or "none has an address"
    raise ConfigError(
        f"{site!r} is neither an address nor a source with one (sources: {named}): write https://www.daily.example"
    )


def _fetch(allow_private: bool) -> "Callable[[str], Response]":
    from syndication.sources.http import request

    return lambda url: request(url, allow_private=allow_private)


def _is_well(feed: "ComparedFeed") -> bool:
    return feed.error is None and feed.goes_to is not None and not feed.missing


def _values(feed: "ComparedFeed") -> dict[str, object]:
    return asdict(feed) | {"missing": [entry._asdict() for entry in feed.missing]}


def _print(home: str, pages: int, unread: "Sequence[str]", compared: "Sequence[ComparedFeed]") -> None:
    feeds = "1 feed" if len(compared) == 1 else f"{len(compared)} feeds"
    line(f"{home}: {feeds} on {pages} {'page' if pages == 1 else 'pages'}")
    for feed in compared:
        line()
        line(f"{feed.url}{f'  ({feed.title})' if feed.title else ''}")
        line(f"  {_place(feed)}")
        if feed.error:
            line(f"  not compared: {feed.error}")
            continue
        if feed.goes_to:
            line(f"  {feed.agree} of {feed.entries} ids agree{', already served from here' if feed.switched else ''}")
        for entry in feed.missing[:SHOWN_MISSING]:
            line(f"  missing: {entry.id}{f'  ({entry.title})' if entry.title else ''}")
        if len(feed.missing) > SHOWN_MISSING:
            line(f"  missing: {len(feed.missing) - SHOWN_MISSING} more")
    for words in unread:
        line(f"Not read: {words}", err=True)
    if not compared:
        line("No page names a feed. Check the address, or read more pages with --pages.", err=True)


def _place(feed: "ComparedFeed") -> str:
    if feed.goes_to:
        return f"{'redirects' if feed.redirect else 'goes'} to {feed.goes_to}"
    hint = f"; section {feed.best} has most of its stories" if feed.best else ""
    if feed.other_host:
        return f"on another host, {feed.other_host}: have it read a feed of ours there{hint}"
    return f"not in the table: will not be found here{hint}"
