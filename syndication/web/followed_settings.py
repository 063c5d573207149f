"""A catalogue for changed settings: keeps the documents that they do not concern."""

from syndication.config.loading import Settings
from syndication.serve.catalogue import Catalogue


def follow(catalogue: Catalogue, settings: Settings) -> Catalogue:
    """Returns the catalogue of these settings' feeds."""
    return catalogue.with_feeds(
        settings.site, settings.sections, settings.redirects, settings.retired, settings.old_feeds
    )
