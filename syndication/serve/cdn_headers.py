"""What caches in front are told beside Cache-Control: under which keys to purge an answer, and how long to keep it.

A CDN reads one of the two key headers: Surrogate-Key has spaces between the keys, Cache-Tag commas.
"""

from syndication.model.values import CachePolicy

Headers = list[tuple[str, str]]

FEEDS = "feeds"
"""The key of every answer below /feeds/ that may be kept."""


def section_key(slug: str) -> str:
    """The key of a section's feeds, in all formats and codings."""
    return f"feed-{slug}"


def key_headers(slug: str | None = None) -> Headers:
    """The keys of an answer: those of a section, or without one the key of everything alone."""
    keys = [section_key(slug), FEEDS] if slug else [FEEDS]
    return [("Surrogate-Key", " ".join(keys)), ("Cache-Tag", ",".join(keys))]


def lifetime_header(policy: CachePolicy) -> tuple[str, str]:
    """What a CDN that knows the targeted field obeys instead of Cache-Control (RFC 9213): max-age is its own time."""
    return (
        "CDN-Cache-Control",
        f"max-age={policy.cdn}, stale-while-revalidate={policy.stale_while_revalidate},"
        f" stale-if-error={policy.stale_if_error}",
    )
