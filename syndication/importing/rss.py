"""Reads RSS 0.9x and 2.0 (RSS Advisory Board), and RSS 0.90 and 1.0, which are RDF."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count

from lxml import etree

from syndication.importing import categories, constructs, wordpress
from syndication.importing.channel import Channel, first_language, is_own, link, relation
from syndication.importing.dates import date_of
from syndication.importing.fields import Fields, Items
from syndication.importing.html_addresses import resolve_html
from syndication.importing.media import Values, enclosure
from syndication.importing.namespaces import RSS, split
from syndication.importing.node import Node, resolve
from syndication.importing.parts import Parts, article_fields
from syndication.importing.people import Person, distinct, people
from syndication.importing.text_or_html import text_or_html
from syndication.importing.xhtml import inner_html
from syndication.render.text import one_line

_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"

_BODIES = ("content:encoded", "xhtml:body", "body", "atom:content", "fullitem")
"""The elements of the full text, which is preferred to the description wherever it stands."""

_SUMMARIES = (
    "description", "atom:summary", "dc:description", "dcterms:description", "dcterms:abstract", "excerpt:encoded",
    "itunes:summary",
)  # fmt: skip
"""The elements of a summary; without a full text, the first is the story."""


def items(root: etree._Element) -> Items:
    """Yields the items of a channel, which in RDF are beside it."""
    top = Node(root, _namespaces(root))
    channels = [top] if top.name == "channel" else top.all("channel") or [top]
    numbers = count(1)
    for channel_node in channels:
        channel = _channel(channel_node)
        holders = [channel_node] if channel_node is not channels[-1] or channel_node is top else [channel_node, top]
        for within in (inner for holder in holders for inner in (holder, *holder.all("items"))):
            for item in within.all("item"):
                yield next(numbers), partial(_item, item, channel)


def _namespaces(root: etree._Element) -> frozenset[str]:
    """Returns the namespaces of the feed's own elements: the usual ones, and whatever it declares for them."""
    found = [split(str(element.tag)) for element in (root, *root.iterchildren(etree.Element))]
    return RSS | {namespace for namespace, local in found if local.lower() in ("rss", "channel")}


def _channel(channel: Node) -> Channel:
    home = channel.text("link") or link(channel, "alternate")
    language = channel.text("language", "dc:language", "dcterms:language")
    own = is_own(channel.text("generator"))
    head = Channel(
        url=link(channel, "self"),
        home=resolve(home, channel.base) if home else "",
        language=language,
        own=own,
        names=wordpress.names(channel),
        pictures=wordpress.pictures(channel),
    )
    # Not managingEditor and webMaster: they answer for the feed, and wrote none of its stories.
    return replace(head, authors=_authors(channel, head))


def _plain(own: bool) -> Callable[[str], str]:
    """Returns what makes plain text of titles, names and categories: ours are, in other feeds many are HTML."""
    return one_line if own else text_or_html


def _authors(node: Node, channel: Channel) -> tuple[Person, ...]:
    """Returns the authors; that of a podcast, which is often the station, only if nobody else is named."""
    written = node.all("author", "dc:creator", "dc:author", "dcterms:creator", "atom:author")
    written = written or node.all("itunes:author")

    def plain(text: str) -> str:
        line = _plain(channel.own)(text)
        return channel.names.get(line, line)

    return distinct(one for author in written for one in people(author, *channel.bases, plain=plain))


def _item(item: Node, channel: Channel) -> Fields:
    wordpress.check_published(item)
    body, brief = wordpress.html(item, _first_html(item, _BODIES, channel)), _first_html(item, _SUMMARIES, channel)
    told = item.first(*(_BODIES if body else _SUMMARIES))
    files = _files(item, url := _address(item, channel), channel)
    title = item.text("title", "atom:title", "dc:title", "dcterms:title", "itunes:title", "media:title")
    return article_fields(
        item,
        channel,
        Parts(
            guid=item.text("guid", "atom:id") or str(item.element.get(_RDF_ABOUT) or "").strip(),
            url=url or (files[0]["url"] if files else ""),  # An episode without a page is its recording.
            title=_plain(channel.own)(title),
            html=body or brief,
            full=bool(body),
            summary=brief,
            authors=_authors(item, channel),
            files=files,
            picture=wordpress.picture(item, channel.pictures),
            categories=_categories(item, own=channel.own),
            language=first_language(
                item.text("dc:language", "dcterms:language", "language") or None,
                _language(told if told is not None else item, item),
                channel.language or item.language,
            ),
            published=date_of(
                item,
                "pubdate",
                "dc:date",
                "dcterms:issued",
                "dcterms:date",
                "dcterms:created",
                "atom:published",
                "atom:issued",
            ),
            updated=date_of(item, "atom:updated", "atom:modified", "dcterms:modified"),
        ),
    )


def _language(told: Node, item: Node) -> str | None:
    """Returns the ``xml:lang`` of the text or the item; that of the feed comes after the channel's ``language``."""
    parent = item.element.getparent()
    above = Node(parent, item.own).language if parent is not None else None
    return told.language if told.language != above else None


def _first_html(item: Node, names: tuple[str, ...], channel: Channel) -> str:
    for node in item.all(*names):
        if html := _html(node, channel):
            return html
    return ""


def _html(node: Node, channel: Channel) -> str:
    if node.name.startswith("atom:"):
        return constructs.html(node, *channel.bases)
    base = resolve(node.base, *channel.bases) if node.base else ""
    return inner_html(node.element, base) if len(node.element) else resolve_html(node.value, base)


def _address(item: Node, channel: Channel) -> str:
    """Returns the address of the article's page: the link, the guid if it is one, or what the item is about."""
    guid = item.first("guid")
    links = [(node.value or node.attribute("href"), node) for node in item.all("feedburner:origlink", "link")]
    links += [(node.attribute("href"), node) for node in item.all("atom:link") if relation(node) == "alternate"]
    if guid is not None and guid.attribute("ispermalink").lower() != "false":
        links.append((guid.value if guid.value.startswith(("http://", "https://", "/")) else "", guid))
    about = str(item.element.get(_RDF_ABOUT) or "").strip()
    links.append((about if about.startswith(("http://", "https://")) else "", item))
    return next((resolve(address, node.base, *channel.bases) for address, node in links if address), "")


def _files(item: Node, url: str, channel: Channel) -> list[Values]:
    bases = (url, *channel.bases)
    found = [
        enclosure(node, node.attribute("url") or node.attribute("href"), node.text("media:title"), *bases)
        for node in item.all("enclosure")
    ]
    found += [
        enclosure(node, node.attribute("href"), node.attribute("title"), *bases)
        for node in item.all("atom:link")
        if relation(node) == "enclosure"
    ]
    return [file for file in found if file]


def _categories(item: Node, *, own: bool) -> list[categories.Category]:
    written = item.all("category", "dc:subject", "dcterms:subject")
    # WordPress says how a post looks ("Standard", "Aside") among its categories.
    found = [categories.rss_category(node) for node in written if node.attribute("domain") != "post_format"]
    found += [categories.atom_category(node) for node in item.all("atom:category")]
    return categories.distinct(found + categories.of_podcast(item), _plain(own))
