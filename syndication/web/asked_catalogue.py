"""Keeps a web process's catalogue in step with the feeds that readers asked for, by the number of their last change."""

from collections.abc import Mapping

from syndication.config.asked_sections import asked_addresses, asked_section
from syndication.config.loading import Settings
from syndication.model.feed_addresses import wsgi_path
from syndication.model.values import FORMATS, Section
from syndication.serve.catalogue import Catalogue
from syndication.store import Connection
from syndication.store.publishing import asked_feeds
from syndication.store.publishing.asked_feeds import AskedFeed


class AskedCatalogue:
    """Owned by the document loader's thread; others read ``asleep``, which is replaced as a whole."""

    def __init__(self, settings: Settings) -> None:
        self._feeds: dict[str, AskedFeed] = {}
        self.number = 0
        """The number of the last change that is followed."""
        self.asleep: Mapping[str, str] = {}
        """The slugs of the sleeping feeds, by the paths of their documents."""
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
        last = asked_feeds.last_number(conn)
        if last == self.number:
            return catalogue
        # An earlier number is that of another database, such as a restored one.
        before = {} if last > self.number else self._feeds
        self._feeds = dict(self._feeds) if last > self.number else {}
        added, gone = {}, set(before)
        for feed in asked_feeds.changed_since(conn, self.number if last > self.number else 0):
            if feed.forgotten:
                self._feeds.pop(feed.slug, None)
            else:
                self._feeds[feed.slug] = feed
            section = None if feed.forgotten else self._section(feed)
            if section is None:
                gone.add(feed.slug)
            else:
                gone.discard(feed.slug)
                if catalogue.sections.get(feed.slug) != section:
                    added[feed.slug] = section
        self.number = last
        sleeping = [slug for slug, feed in self._feeds.items() if feed.slept]
        self.asleep = {wsgi_path(slug, format): slug for slug in sleeping for format in FORMATS}
        gone &= catalogue.sections.keys()
        return catalogue.with_sections(added, gone) if added or gone else catalogue

    def _section(self, feed: AskedFeed) -> Section | None:
        return asked_section(self._settings, self.addresses, feed.slug, feed.key, feed.name)
