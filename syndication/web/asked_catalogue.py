"""Keeps a web process's catalogue in step with the feeds that readers asked for, by the number of their last change."""

from syndication.config.asked_sections import asked_addresses, asked_section
from syndication.config.loading import Settings
from syndication.model.values import Section
from syndication.serve.catalogue import Catalogue
from syndication.store import Connection
from syndication.store.publishing import asked_feeds
from syndication.store.publishing.asked_feeds import AskedFeed


class AskedCatalogue:
    """Owned by the document loader's thread."""

    def __init__(self, settings: Settings) -> None:
        self._feeds: dict[str, AskedFeed] = {}
        self._number = 0
        self.adopt(settings)

    def adopt(self, settings: Settings) -> None:
        """Continues with other settings."""
        self._settings = settings
        self.addresses = asked_addresses(settings)
        """What may be asked for."""

    @property
    def sections(self) -> dict[str, Section]:
        """The feeds that were asked for, and may be still, by slug."""
        made = {slug: self._section(feed) for slug, feed in self._feeds.items()}
        return {slug: section for slug, section in made.items() if section is not None}

    def follow(self, conn: Connection, catalogue: Catalogue) -> Catalogue:
        """Returns the catalogue with what was asked for and without what was forgotten since the last call."""
        if asked_feeds.last_number(conn) == self._number:
            return catalogue
        added, gone = {}, set()
        for feed in asked_feeds.changed_since(conn, self._number):
            self._number = max(self._number, feed.number)
            if feed.forgotten:
                self._feeds.pop(feed.slug, None)
            else:
                self._feeds[feed.slug] = feed
            section = None if feed.forgotten else self._section(feed)
            if section is None:
                gone.add(feed.slug)
            elif feed.slug not in catalogue.sections:
                added[feed.slug] = section
        gone &= catalogue.sections.keys()
        return catalogue.with_sections(added, gone) if added or gone else catalogue

    def _section(self, feed: AskedFeed) -> Section | None:
        return asked_section(self._settings, self.addresses, feed.slug, feed.key, feed.name)
