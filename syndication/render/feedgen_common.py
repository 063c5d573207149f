"""The parts that Atom and RSS share in feedgen: a generator with our extensions, every date set."""

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from syndication.model.feed_addresses import feed_url
from syndication.model.values import Feed
from syndication.render.clean_entry import CleanEntry
from syndication.render.feedgen_extensions import NewsEntryExtension, NewsExtension
from syndication.render.text import visible_line

GENERATOR = "Syndication"
"""Without a version, so that a new release alone changes no feed."""


def title(feed: Feed) -> str:
    """Returns the feed's title in every format."""
    section = feed.section
    return visible_line(section.feed_title) or visible_line(section.title) or section.slug


def generator(feed: Feed, format: str, media_type: str) -> FeedGenerator:
    """Returns a generator with the head of the feed."""
    head = FeedGenerator()
    head.register_extension("news", NewsExtension, NewsEntryExtension)
    head.news.feed = feed
    head.news.format = format
    head.id(feed.id)
    head.title(title(feed))
    head.subtitle(visible_line(feed.section.description) or head.title())
    head.updated(feed.updated)
    head.language(feed.section.language)
    head.generator(GENERATOR)
    hubs = [{"href": hub, "rel": "hub"} for hub in feed.site.hubs]
    # The alternate link comes last: feedgen uses the last link for the channel, which must be the newsroom's page.
    head.link([{"href": feed_url(feed.site, feed.section.slug, format), "rel": "self", "type": media_type}, *hubs])
    head.link([{"href": f"{feed.site.home_url}/", "rel": "alternate", "type": "text/html"}])
    if feed.site.rights:
        head.rights(visible_line(feed.site.rights))
    if feed.site.icon:
        head.icon(feed.site.icon)
    if feed.site.logo:
        head.logo(feed.site.logo)
    return head


def add_entry(head: FeedGenerator, cleaned: CleanEntry, id: str) -> FeedEntry:
    """Adds an entry with the parts that both formats share; ``append``, because feedgen prepends by default."""
    entry = head.add_entry(order="append")
    entry.news.cleaned = cleaned
    entry.id(id)
    entry.title(cleaned.title)
    # feedgen sets an unset date to the current time.
    entry.updated(cleaned.entry.updated)
    entry.published(cleaned.entry.published)
    categories = [{"term": term, "scheme": scheme, "label": label} for term, scheme, label in cleaned.categories]
    if categories:
        entry.category(categories)
    return entry
