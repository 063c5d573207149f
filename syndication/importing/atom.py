"""Reads Atom 1.0 (RFC 4287) and Atom 0.3."""

from functools import partial

from lxml import etree

from syndication.importing import categories, constructs, drafts
from syndication.importing.channel import Channel, first_language, is_own, link, relation
from syndication.importing.dates import date_of
from syndication.importing.fields import Fields, Items
from syndication.importing.media import Values, enclosure
from syndication.importing.namespaces import split
from syndication.importing.node import Node, resolve
from syndication.importing.parts import Parts, article_fields
from syndication.importing.people import Person, distinct, person

NAMESPACES = frozenset({"http://www.w3.org/2005/atom", "http://purl.org/atom/ns#"})

_PAGES = ("", "text/html", "application/xhtml+xml")
"""Media types of links that lead to a page."""


def entries(root: etree._Element) -> Items:
    """Yields the entries of a feed, or the one of an entry document (RFC 4287 section 2)."""
    feed = Node(root, NAMESPACES | {split(str(root.tag))[0]})
    if feed.name == "entry":
        yield 1, partial(_entry, feed, Channel())
        return
    channel = _channel(feed)
    for number, entry in enumerate(feed.all("entry"), 1):
        yield number, partial(_entry, entry, channel)


def _channel(feed: Node) -> Channel:
    url, home = link(feed, "self"), link(feed, "alternate")
    channel = Channel(url=url, home=resolve(home, feed.base, url) if home else "", own=is_own(feed.text("generator")))
    return Channel(channel.url, channel.home, feed.text("dc:language"), _people(feed, channel), channel.own)


def _people(node: Node, channel: Channel) -> tuple[Person, ...]:
    return distinct(person(author, *channel.bases) for author in node.all("author", "dc:creator", "dcterms:creator"))


def _entry(entry: Node, channel: Channel) -> Fields:
    drafts.check_published(entry)
    content, brief, title = _content(entry), entry.first("summary"), entry.first("title")
    body = constructs.html(content, *channel.bases) if content is not None else ""
    files = _files(entry, url := _address(entry, channel), channel)
    told = content if content is not None and body else brief
    return article_fields(
        entry,
        channel,
        Parts(
            guid=entry.text("id"),
            url=url or (files[0]["url"] if files else ""),  # An episode without a page is its recording.
            title=constructs.line(title) if title is not None else entry.text("dc:title"),
            html=body or (constructs.html(brief, *channel.bases) if brief is not None else ""),
            full=bool(body),
            summary=constructs.summary(brief, *channel.bases) if brief is not None else "",
            authors=_authors(entry, channel),
            files=files,
            categories=_categories(entry),
            language=first_language(
                entry.text("dc:language") or None,
                (told if told is not None else entry).language,
                channel.language,
            ),
            published=date_of(entry, "published", "issued", "created", "dc:date", "dcterms:issued"),
            updated=date_of(entry, "updated", "modified", "dcterms:modified"),
        ),
    )


def _content(entry: Node) -> Node | None:
    return constructs.richest(entry.all("content"))


def _categories(entry: Node) -> list[categories.Category]:
    found = [categories.atom_category(node) for node in entry.all("category") if not drafts.is_kind(node)]
    found += [categories.rss_category(node) for node in entry.all("dc:subject", "dcterms:subject")]
    return categories.distinct(found)


def _authors(entry: Node, channel: Channel) -> tuple[Person, ...]:
    """Returns the authors of an entry, or of the feed that it was copied from (RFC 4287 section 4.2.1)."""
    source = entry.first("source")
    return _people(entry, channel) or (_people(source, channel) if source is not None else ())


def _address(entry: Node, channel: Channel) -> str:
    """Returns the address of the article's page.

    It is the alternate link, content elsewhere, an ID that is an address, or the page that a link blog is about.
    """
    links = [node for node in entry.all("link") if relation(node) == "alternate" and _href(node)]
    pages = [node for node in links if _is_page(node)] or links
    content = _content(entry)
    if pages:
        return resolve(_href(pages[0]), pages[0].base, *channel.bases)
    if content is not None and content.attribute("src") and _is_page(content):
        return resolve(content.attribute("src"), content.base, *channel.bases)
    if (guid := entry.text("id")).startswith(("http://", "https://")):
        return guid
    related = next((node for node in entry.all("link") if relation(node) == "related" and _href(node)), None)
    return resolve(_href(related), related.base, *channel.bases) if related else ""


def _href(node: Node) -> str:
    return node.attribute("href") or node.value


def _is_page(node: Node) -> bool:
    return node.attribute("type").lower() in _PAGES


def _files(entry: Node, url: str, channel: Channel) -> list[Values]:
    """Returns the enclosures, and content elsewhere that is no page (RFC 4287 section 4.1.3.2)."""
    bases = (url, *channel.bases)
    content = _content(entry)
    found = []
    if content is not None and content.attribute("src") and not _is_page(content):
        found.append(enclosure(content, content.attribute("src"), "", *bases))
    for node in entry.all("link"):
        if relation(node) == "enclosure":
            found.append(enclosure(node, node.attribute("href"), node.attribute("title"), *bases))
    return [file for file in found if file]
