"""Keeps a worker's newsroom in step with the feeds that readers asked for, and lets unread ones sleep and end."""

from collections.abc import Collection
from datetime import timedelta

from syndication.config.asked_sections import asked_addresses, asked_section
from syndication.config.loading import Settings
from syndication.logs import get_logger
from syndication.model.values import Section
from syndication.pipeline.gather import Newsroom
from syndication.pipeline.regenerate import Regenerator
from syndication.pipeline.sweep import Sweeper
from syndication.store.db.database import WORK, Database
from syndication.store.hub import subscriptions
from syndication.store.publishing import asked_feeds

log = get_logger(__name__)

REFRESHED = timedelta(days=1)
"""How often a sleeping feed is regenerated if something has changed."""

ENDED = timedelta(days=1)
"""How long a feed is kept that no configuration answers any more: one with other settings may still be running."""


class AskedFeeds:
    """Follows the table of asked feeds; owned by the worker's main thread.

    Sleeping feeds stay in the newsroom, so that changes mark them, but the regenerator does not claim them and the
    sweeper does not compare them. ``own`` is the newsroom without any of these feeds.
    """

    def __init__(self, settings: Settings, database: Database, regenerator: Regenerator, sweeper: Sweeper) -> None:
        self._settings = settings
        self._database = database
        self._regenerator = regenerator
        self._sweeper = sweeper
        self._addresses = asked_addresses(settings)
        self.own = regenerator.newsroom
        self.number = 0
        """The number of the last change that was taken up."""
        self._feeds: dict[str, asked_feeds.AskedFeed] = {}
        self._sections: dict[str, Section] = {}
        self._asleep: set[str] = set()
        self._refreshing: set[str] = set()

    def adopt(self, settings: Settings, revision: int) -> list[str]:
        """Continues with other settings; returns the feeds that they have marked."""
        self._settings, self._addresses = settings, asked_addresses(settings)
        self._regenerator.revision = revision
        self.own = Newsroom(settings.site, settings.sections)
        self._sections = {}
        for feed in self._feeds.values():
            self._take(feed)
        return self._apply(self.own.with_readers(self._sections, ()))

    def follow(self) -> None:
        """Takes up what changed since the last call: one read of one row if nothing did."""
        with self._database.read() as conn:
            last = asked_feeds.last_number(conn)
            if last == self.number:
                return
            changed = asked_feeds.changed_since(conn, self.number if last > self.number else 0)
        gone = set[str]()
        if last < self.number:  # Another database, such as a restored one.
            gone = set(self._sections)
            self._feeds, self._sections, self._asleep = {}, {}, set()
        self.number = last
        for feed in changed:
            if feed.forgotten:
                self._feeds.pop(feed.slug, None)
                self._sections.pop(feed.slug, None)
                self._asleep.discard(feed.slug)
            else:
                self._feeds[feed.slug] = feed
                self._take(feed)
        slugs = {feed.slug for feed in changed} | gone
        added = {slug: self._sections[slug] for slug in slugs & self._sections.keys()}
        self._apply(self._regenerator.newsroom.with_readers(added, slugs - added.keys()), slugs)
        log.info("asked_feeds", feeds=len(self._sections), asleep=len(self._asleep & self._sections.keys()))

    def _take(self, feed: asked_feeds.AskedFeed) -> None:
        section = asked_section(self._settings, self._addresses, feed.slug, feed.key, feed.name)
        if section is None:
            self._sections.pop(feed.slug, None)
        else:
            self._sections[feed.slug] = section
        (self._asleep.add if feed.slept else self._asleep.discard)(feed.slug)

    def housekeep(self) -> None:
        """Puts unread feeds to sleep, forgets those that nobody has read for long, and refreshes sleeping ones.

        Feeds of authors follow their names.
        """
        self.follow()
        own = self._settings.on_demand
        with self._database.write() as conn:
            now = self._database.now(conn)
            # Who is sent a feed has no need to poll it.
            asked_feeds.record_polls(conn, dict.fromkeys(subscriptions.asked_sections(conn, now), now))
            forgotten = asked_feeds.forget(conn, now - timedelta(days=own.forget_days), now)
            ended = self._feeds.keys() - self._sections.keys()
            forgotten += asked_feeds.forget_ended(conn, ended, now - ENDED, now)
            slept = asked_feeds.put_to_sleep(conn, now - timedelta(hours=own.sleep_hours), now)
            renamed = asked_feeds.follow_names(conn)
            self._refreshing = set(asked_feeds.stale_asleep(conn, now - REFRESHED))
            if forgotten or slept or renamed:
                self._database.notify(conn, WORK)
        self.follow()
        self._apply(self._regenerator.newsroom)

    def _apply(self, newsroom: Newsroom, changed: Collection[str] = ()) -> list[str]:
        asleep = self._asleep - self._refreshing
        self._sweeper.follow(newsroom, self._asleep)
        return self._regenerator.follow(
            newsroom, self._regenerator.revision, awake=self._sections.keys() - asleep, changed=changed
        )
