"""Where feeds are: the path and the URL of a section's feed in a format."""

from syndication.model.values import Site


def feed_path(slug: str, format: str) -> str:
    """Returns the path of a feed on this service, such as ``/feeds/taiwan.atom``."""
    return f"/feeds/{slug}.{format}"


def feed_url(site: Site, slug: str, format: str) -> str:
    """Returns the public URL of a feed."""
    return site.base_url + feed_path(slug, format)
