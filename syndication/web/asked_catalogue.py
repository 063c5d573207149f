"""Keeps a web process's catalogue in step with the feeds that readers asked for, by the number of their last change."""

from syndication.config.asked_sections import asked_addresses, asked_section
from syndication.config.loading import Settings
from syndication.serve.catalogue import Catalogue
from syndication.store import Connection
from syndication.store.publishing import asked_feeds


class AskedCatalogue:
    """Owned by the document loader's thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._addresses = asked_addresses(settings)
        self._number = 0

    def follow(self, conn: Connection, catalogue: Catalogue) -> Catalogue:
        """Returns the catalogue with what was asked for and without what was forgotten since the last call."""
        if asked_feeds.last_number(conn) == self._number:
            return catalogue
        added, gone = {}, set()
        for feed in asked_feeds.changed_since(conn, self._number):
            self._number = max(self._number, feed.number)
            section = (
                None
                if feed.forgotten
                else asked_section(self._settings, self._addresses, feed.slug, feed.key, feed.name)
            )
            if section is None:
                gone.add(feed.slug)
            elif feed.slug not in catalogue.sections:
                added[feed.slug] = section
        gone &= catalogue.sections.keys()
        return catalogue.with_sections(added, gone) if added or gone else catalogue
