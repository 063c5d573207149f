"""What Atom and RSS have in common in feedgen: a generator with our extensions, every date set."""

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from syndication.model.values import Feed
from syndication.render.clean_entry import CleanEntry
from syndication.render.feedgen_extensions import NewsEntryExtension, NewsExtension
from syndication.render.text import one_line

GENERATOR = "Syndication"
"""Without a version: a new release alone changes no feed."""


def address(feed: Feed, format: str) -> str:
    """Where the feed is served in ``format``."""
    return f"{feed.site.base_url}/feeds/{feed.section.slug}.{format}"


def generator(feed: Feed, format: str, media_type: str) -> FeedGenerator:
    """The head of the feed."""
    head = FeedGenerator()
    head.register_extension("news", NewsExtension, NewsEntryExtension)
    head.news.feed = feed
    head.news.format = format
    head.id(feed.id)
    head.title(one_line(feed.section.title) or feed.section.slug)
    head.subtitle(one_line(feed.section.description) or head.title())
    head.updated(feed.updated)
    head.language(feed.section.language)
    head.generator(GENERATOR)
    # The alternate comes last: feedgen makes the last link the channel's, and that is the newsroom's page.
    head.link([{"href": address(feed, format), "rel": "self", "type": media_type}])
    head.link([{"href": f"{feed.site.home_url}/", "rel": "alternate", "type": "text/html"}])
    if feed.site.rights:
        head.rights(one_line(feed.site.rights))
    if feed.site.icon:
        head.icon(feed.site.icon)
    if feed.site.logo:
        head.logo(feed.site.logo)
    return head


def add_entry(head: FeedGenerator, cleaned: CleanEntry, id: str) -> FeedEntry:
    """One entry with what is the same in both formats; ``append``, because feedgen prepends unless told."""
    entry = head.add_entry(order="append")
    entry.news.cleaned = cleaned
    entry.id(id)
    entry.title(cleaned.title)
    # feedgen makes an unset date "now".
    entry.updated(cleaned.entry.updated)
    entry.published(cleaned.entry.published)
    categories = [{"term": term, "scheme": scheme, "label": label} for term, scheme, label in cleaned.categories]
    if categories:
        entry.category(categories)
    return entry
