"""Keeps a worker's newsroom in step with the feeds that readers asked for, and lets unread ones sleep and end."""

from collections.abc import Collection
from datetime import timedelta

from syndication.config.asked_sections import asked_addresses, asked_section
from syndication.config.loading import Settings
from syndication.logs import get_logger
from syndication.model.values import Section
from syndication.pipeline.gather import Newsroom
from syndication.pipeline.regenerate import Regenerator
from syndication.store.db.database import WORK, Database
from syndication.store.publishing import asked_feeds

log = get_logger(__name__)

REFRESHED = timedelta(days=1)
"""How often a sleeping feed is regenerated if something has changed."""


class AskedFeeds:
    """Follows the table of asked feeds; owned by the worker's main thread.

    Sleeping feeds stay in the newsroom, so that changes mark them, but the regenerator does not claim them.
    """

    def __init__(self, settings: Settings, database: Database, regenerator: Regenerator) -> None:
        self._settings = settings
        self._database = database
        self._regenerator = regenerator
        self._addresses = asked_addresses(settings)
        self._number = 0
        self._feeds: dict[str, asked_feeds.AskedFeed] = {}
        self._sections: dict[str, Section] = {}
        self._asleep: set[str] = set()
        self._refreshing: set[str] = set()

    def adopt(self, settings: Settings, revision: int) -> list[str]:
        """Continues with other settings; returns the feeds that they have marked."""
        self._settings, self._addresses = settings, asked_addresses(settings)
        self._regenerator.revision = revision
        self._sections = {}
        for feed in self._feeds.values():
            self._take(feed)
        return self._apply()

    def follow(self) -> None:
        """Takes up what changed since the last call: one read of one row if nothing did."""
        with self._database.read() as conn:
            if asked_feeds.last_number(conn) == self._number:
                return
            changed = asked_feeds.changed_since(conn, self._number)
        for feed in changed:
            self._number = max(self._number, feed.number)
            if feed.forgotten:
                self._feeds.pop(feed.slug, None)
                self._sections.pop(feed.slug, None)
                self._asleep.discard(feed.slug)
            else:
                self._feeds[feed.slug] = feed
                self._take(feed)
        self._apply({feed.slug for feed in changed})
        log.info("asked_feeds", feeds=len(self._sections), asleep=len(self._asleep & self._sections.keys()))

    def _take(self, feed: asked_feeds.AskedFeed) -> None:
        section = asked_section(self._settings, self._addresses, feed.slug, feed.key, feed.name)
        if section is None:
            self._sections.pop(feed.slug, None)
        else:
            self._sections[feed.slug] = section
        (self._asleep.add if feed.slept else self._asleep.discard)(feed.slug)

    def housekeep(self) -> None:
        """Puts unread feeds to sleep, forgets those that nobody has read for long, and refreshes sleeping ones."""
        own = self._settings.on_demand
        with self._database.write() as conn:
            now = self._database.now(conn)
            forgotten = asked_feeds.forget(conn, now - timedelta(days=own.forget_days), now)
            slept = asked_feeds.put_to_sleep(conn, now - timedelta(hours=own.sleep_hours), now)
            self._refreshing = set(asked_feeds.stale_asleep(conn, now - REFRESHED))
            if forgotten or slept:
                self._database.notify(conn, WORK)
        self.follow()
        self._apply()

    def _apply(self, changed: Collection[str] = ()) -> list[str]:
        newsroom = Newsroom(self._settings.site, {**self._settings.sections, **self._sections})
        awake = self._sections.keys() - (self._asleep - self._refreshing)
        return self._regenerator.follow(newsroom, self._regenerator.revision, awake=awake, changed=changed)
