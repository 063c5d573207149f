"""The metadata with all tables: whoever needs each of them imports ``Base`` from here."""

from syndication.store.tables import (  # noqa: F401  # registers their tables in the metadata
    access,
    asked_feeds,
    deliveries,
    feeds,
    hub,
    notifications,
    publishing,
    revisions,
    search,
    sitemaps,
    sources,
    terms,
)
from syndication.store.tables.articles import Base

__all__ = ["Base"]
