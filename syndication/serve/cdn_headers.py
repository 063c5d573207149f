"""Headers for CDNs, in addition to Cache-Control: purge keys and lifetime.

A CDN reads one of the two key headers. Surrogate-Key separates keys by spaces, Cache-Tag by commas.
"""

from syndication.model.feed_addresses import encoded_slug
from syndication.model.values import CachePolicy

Headers = list[tuple[str, str]]

FEEDS = "feeds"
"""The key of every cacheable response below /feeds/."""

SITEMAPS = "sitemaps"
"""The key of every sitemap."""


def section_key(slug: str) -> str:
    """Returns the key of a section's feeds, in all formats and encodings."""
    return f"feed-{encoded_slug(slug)}"


def key_headers(slug: str | None = None) -> Headers:
    """Returns the key headers of a response: a section's key and the key of all feeds, or only the latter."""
    keys = [section_key(slug), FEEDS] if slug else [FEEDS]
    return _headers(keys)


def sitemap_key(path: str) -> str:
    """Returns the key of a sitemap: its path without slash and extension."""
    return path.removeprefix("/").removesuffix(".xml")


def sitemap_key_headers(path: str) -> Headers:
    """Returns the key headers of a sitemap: its own key and that of all sitemaps."""
    return _headers([sitemap_key(path), SITEMAPS])


def lifetime_header(policy: CachePolicy) -> tuple[str, str]:
    """Returns the header that CDNs obey instead of Cache-Control (RFC 9213); its max-age applies to the CDN only."""
    return (
        "CDN-Cache-Control",
        f"max-age={policy.cdn}, stale-while-revalidate={policy.stale_while_revalidate},"
        f" stale-if-error={policy.stale_if_error}",
    )


def _headers(keys: list[str]) -> Headers:
    return [("Surrogate-Key", " ".join(keys)), ("Cache-Tag", ",".join(keys))]
