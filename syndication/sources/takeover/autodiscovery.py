"""What a page links to: its feeds (``<link rel="alternate">``) and the pages of its site."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ada_url import URL
from selectolax.lexbor import LexborHTMLParser

FEED_TYPES = frozenset(
    ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "text/xml")
)
"""The media types by which browsers and readers know a feed."""

NO_PAGE = re.compile(
    r"\.(jpe?g|png|gif|webp|avif|svg|ico|pdf|zip|mp[34]|css|js|xml|json|txt|rss|atom)$|/(feed|rss|wp-[a-z-]+(\.php)?|ghost|user)(/|$)",
    re.IGNORECASE,
)
"""Paths that are no page of a section: files, feeds, and pages to log in."""


class FeedLink(NamedTuple):
    """A feed that a page names, by its address."""

    url: str
    title: str


def feed_links(html: bytes, url: str) -> list[FeedLink]:
    """Returns the feeds that a page names, in its order."""
    tree = LexborHTMLParser(html)
    base, found = _base(tree, url), []
    for link in tree.css("link[rel][href]"):
        rel = (link.attributes["rel"] or "").lower().split()
        type = (link.attributes.get("type") or "").partition(";")[0].strip().lower()
        if "feed" in rel or ("alternate" in rel and type in FEED_TYPES):
            at = _resolve(link.attributes["href"], base)
            if at is not None:
                found.append(FeedLink(at.href, (link.attributes.get("title") or "").strip()))
    return found


def page_links(html: bytes, url: str) -> list[str]:
    """Returns the pages of the same origin that a page links to, those of its navigation first, each once."""
    tree = LexborHTMLParser(html)
    base = _base(tree, url)
    return list(
        dict.fromkeys(at for css in ("nav a[href], header a[href]", "a[href]") for at in _pages(tree, css, base))
    )


def _pages(tree: LexborHTMLParser, css: str, base: URL) -> Iterator[str]:
    for link in tree.css(css):
        at = _resolve(link.attributes["href"], base)
        if at is not None and at.origin == base.origin and not NO_PAGE.search(at.pathname):
            at.search = ""
            yield at.href


def _base(tree: LexborHTMLParser, url: str) -> URL:
    """Returns what relative addresses of a page begin from; a base of another origin is not believed."""
    page, element = URL(url), tree.css_first("base[href]")
    base = _resolve(element.attributes["href"], page) if element is not None else None
    return base if base is not None and base.origin == page.origin else page


def _resolve(href: str | None, base: URL) -> URL | None:
    try:
        at = URL((href or "").strip(), base.href)
    except ValueError:
        return None
    if at.protocol not in ("http:", "https:"):
        return None
    at.hash = ""
    return at
