"""The namespaces of feeds, each with the prefix that the readers use for it: ``media:content``, ``dc:creator``.

Real feeds write them with another case or scheme, without the slash, or with spaces; some declare no prefix at all.
"""

from collections.abc import Mapping
from functools import lru_cache

XML = "{http://www.w3.org/XML/1998/namespace}"

PREFIXES: Mapping[str, str] = {
    "http://www.w3.org/2005/atom": "atom",
    "http://purl.org/atom/ns#": "atom",  # Atom 0.3
    "http://purl.org/rss/1.0/modules/content": "content",
    "http://purl.org/dc/elements/1.0": "dc",
    "http://purl.org/dc/elements/1.1": "dc",
    "http://purl.org/dc/terms": "dcterms",
    "http://search.yahoo.com/mrss": "media",
    "http://tools.search.yahoo.com/mrss": "media",
    "http://video.search.yahoo.com/mrss": "media",
    "http://www.rssboard.org/media-rss": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    **dict.fromkeys((f"http://wordpress.org/export/1.{minor}" for minor in range(3)), "wp"),
    **dict.fromkeys((f"http://wordpress.org/export/1.{minor}/excerpt" for minor in range(3)), "excerpt"),
    "http://www.w3.org/2007/app": "app",
    "http://purl.org/atom/app#": "app",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/2000/svg": "svg",
    "http://www.w3.org/1998/math/mathml": "math",
}

RSS = frozenset(
    {
        "",
        "http://my.netscape.com/rdf/simple/0.9",
        "http://channel.netscape.com/rdf/simple/0.9",
        "http://purl.org/rss/1.0",
        "http://purl.org/net/rss1.1#",
        "http://backend.userland.com/rss",
        "http://backend.userland.com/rss2",
        "http://backend.userland.com/rss091",
        "http://backend.userland.com/rss092",
        "http://blogs.law.harvard.edu/tech/rss",
        "http://purl.org/rss/1.0/modules/rss091#",
    }
)
"""The namespaces of RSS's own elements: RSS 2.0 has none, but many feeds declare one."""

_WRITTEN = frozenset(PREFIXES.values())


def canonical(uri: str) -> str:
    """Returns a namespace as it is compared: without the case, the final slash, or the s of https."""
    known = uri.strip().lower().removesuffix("/")
    return f"http://{known[8:]}" if known.startswith("https://") else known


def split(tag: str) -> tuple[str, str]:
    """Returns the canonical namespace and the local name of an element or attribute."""
    if tag.startswith("{"):
        uri, _, local = tag[1:].rpartition("}")
        return canonical(uri), local
    return "", tag


@lru_cache(4096)
def name(tag: str, own: frozenset[str]) -> str:
    """Returns an element's name with its prefix; without one, in lower case, if its namespace is in ``own``.

    An element of an unknown namespace is ``?:name``, and matches nothing.
    """
    uri, local = split(tag)
    if not uri and ":" in local:  # Its prefix is declared nowhere.
        prefix, _, local = local.partition(":")
        return f"{prefix.lower()}:{local.lower()}" if prefix.lower() in _WRITTEN else f"?:{local}"
    if uri in own:
        return local.lower()
    return f"{PREFIXES.get(uri, '?')}:{local.lower()}"
