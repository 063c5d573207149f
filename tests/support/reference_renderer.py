"""Renders a feed with plain feedgen, without any reuse, as the reference for the renderer's bytes."""

from syndication.errors import UnrenderableArticleError
from syndication.model.values import Feed
from syndication.render.atom import atom
from syndication.render.clean_entry import CleanEntry, clean
from syndication.render.json_feed import item, jsonfeed
from syndication.render.rss import rss


def plain_feedgen(feed: Feed) -> dict[str, bytes]:
    """Returns the document in each format."""
    entries: list[CleanEntry] = []
    for entry in feed.entries:
        try:
            entries.append(clean(entry, feed.site, feed.section))
        except UnrenderableArticleError:
            continue
    return {
        "atom": atom(feed, entries),
        "rss": rss(feed, entries),
        "json": jsonfeed(feed, [item(cleaned) for cleaned in entries]),
    }
