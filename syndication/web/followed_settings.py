"""A catalogue for changed settings: keeps the documents that they do not concern."""

from syndication.config.asked_sections import asked_addresses
from syndication.config.loading import Settings
from syndication.serve.catalogue import Catalogue
from syndication.web.asked_catalogue import AskedCatalogue


def follow(catalogue: Catalogue, settings: Settings, asked: AskedCatalogue | None) -> Catalogue:
    """Returns the catalogue of these settings' feeds, with those that readers asked for."""
    return catalogue.with_feeds(
        settings.site,
        {**settings.sections, **(asked.sections if asked else {})},
        settings.redirects,
        settings.retired,
        settings.old_feeds,
        asked.addresses if asked else asked_addresses(settings),
    )
