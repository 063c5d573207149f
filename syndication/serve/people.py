"""Which requests below /feeds/ want the page for people: its address, and a feed that a browser opens.

A browser says what it will do with an answer (Fetch Metadata, W3C): ``Sec-Fetch-Dest: document`` is a page in a tab.
No feed reader sends that, and no cache may store the answer to it, so ``web`` sends it with ``no-store``.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from syndication.model.asked_addresses import AskedAddress
from syndication.model.feed_addresses import as_wsgi
from syndication.model.old_feeds import OldFeed
from syndication.serve.catalogue import Catalogue, parse, text_of

FETCH_DEST = "HTTP_SEC_FETCH_DEST"
"""The WSGI name of the header that says what a browser will do with the answer."""

_PREFIX = "/feeds/"
_ENDINGS = (".atom", ".rss", ".json")


class PageRequest(NamedTuple):
    """A page that was asked for: of which feed, and the format if its feed itself was opened in a browser."""

    slug: str
    format: str | None = None


def page_request(
    catalogue: Catalogue, method: str, feed: str | OldFeed, headers: Mapping[str, Any]
) -> PageRequest | None:
    """Returns the page that a request wants, or None if it is a poll.

    ``headers`` has WSGI names; ``feed`` is a path below /feeds/, or an old address that answers as its feed's path.
    """
    opened = headers.get(FETCH_DEST) == "document"
    path = feed if isinstance(feed, str) else feed.path
    if not opened and path.endswith(_ENDINGS):
        return None
    if method not in ("GET", "HEAD") or (not isinstance(feed, str) and feed.redirect):
        return None
    if (found := parse(path)) is not None:
        slug, format = found
        # A renamed feed redirects, and the page follows at its new address.
        known = slug in catalogue.sections or slug in catalogue.retired or _may_be_asked(catalogue, slug)
        return PageRequest(slug, format) if opened and known and catalogue.browser_pages else None
    slug = text_of(path.removeprefix(_PREFIX))
    known = slug in catalogue.sections or slug in catalogue.retired or slug in catalogue.renamed
    return PageRequest(slug) if known or catalogue.asked.resolve(slug) is not None else None


def _may_be_asked(catalogue: Catalogue, slug: str) -> bool:
    asked = catalogue.asked.resolve(slug)
    return isinstance(asked, AskedAddress) and asked.slug == slug


def page_path(slug: str) -> str:
    """Returns the path of a feed's page, percent-decoded."""
    return f"{_PREFIX}{slug}"


def wsgi_path(slug: str) -> str:
    """Returns the path of a feed's page as WSGI has it: each byte of UTF-8 as one character (PEP 3333)."""
    return as_wsgi(page_path(slug))
