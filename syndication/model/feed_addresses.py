"""Where feeds are: the path and the URL of a section's feed in a format."""

from urllib.parse import quote

from syndication.model.values import Site

AS_IT_IS = "/+~"
"""Characters of a slug that a path may have as they are (RFC 3986 section 3.3)."""


def encoded_slug(slug: str) -> str:
    """Returns a slug as it is in addresses and headers: percent-encoded UTF-8 where it is not ASCII."""
    return slug if slug.isascii() else quote(slug, safe=AS_IT_IS)


def feed_path(slug: str, format: str) -> str:
    """Returns the path of a feed on this service, such as ``/feeds/taiwan.atom``."""
    return f"/feeds/{encoded_slug(slug)}.{format}"


def wsgi_path(slug: str, format: str) -> str:
    """Returns the path of a feed as WSGI has it: decoded, each byte of its UTF-8 as one character (PEP 3333)."""
    return as_wsgi(f"/feeds/{slug}.{format}")


def as_wsgi(path: str) -> str:
    """Returns a decoded path as WSGI has it."""
    return path if path.isascii() else path.encode().decode("latin-1")


def feed_url(site: Site, slug: str, format: str) -> str:
    """Returns the public URL of a feed."""
    return site.base_url + feed_path(slug, format)
