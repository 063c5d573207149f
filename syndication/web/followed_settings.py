"""A catalogue for changed settings: keeps the documents that they do not concern."""

from dataclasses import replace

from syndication.config.loading import Settings
from syndication.serve.catalogue import Catalogue


def follow(catalogue: Catalogue, settings: Settings) -> Catalogue:
    """Returns the catalogue with other sections; documents of changed ones are left out, to be loaded again."""
    before, after = catalogue.sections, settings.sections
    same_site = catalogue.site == settings.site
    kept = {slug for slug in before.keys() & after.keys() if same_site and before[slug] == after[slug]}
    return replace(
        catalogue,
        site=settings.site,
        sections=after,
        documents={path: document for path, document in catalogue.documents.items() if document.section in kept},
        renamed=settings.redirects,
        retired=settings.retired,
        old_feeds=settings.old_feeds,
        responses={},
    )
