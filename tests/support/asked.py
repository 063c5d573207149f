"""A newsroom whose readers ask for feeds by address: the steps of its worker, and of one of its web processes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from syndication.config.loading import Settings, load_settings
from syndication.model.feed_addresses import wsgi_path
from syndication.pipeline.gather import Newsroom
from syndication.pipeline.outcome import Outcome
from syndication.pipeline.regenerate import Regenerator
from syndication.pipeline.sweep import Sweeper
from syndication.serve.catalogue import CountedResponse
from syndication.serve.respond import respond
from syndication.store.db.database import Database
from syndication.store.publishing import asked_feeds
from syndication.web.asked_catalogue import AskedCatalogue
from syndication.web.document_loader import DocumentLoader
from syndication.web.feed_asker import FeedAsker
from syndication.web.followed_settings import follow
from syndication.web.front import empty_catalogue
from syndication.worker.asked_feeds import AskedFeeds
from tests.support.desk import PACE

SECTIONS = ("all", "taiwan", "china", "world", "sports")
"""In the order of the configuration; few, so that tests are quick."""


class AskedWorker:
    """A worker of these settings, step by step."""

    def __init__(self, settings: Settings, database: Database, clock: Any, owner: str = "worker") -> None:
        self.database = database
        self.clock = clock
        newsroom = Newsroom(settings.site, settings.sections)
        self.regenerator = Regenerator(database, newsroom, PACE, owner)
        self.regenerator.begin_terms()
        self.regenerator.register()
        self.sweeper = Sweeper(database, newsroom, owner, timedelta(minutes=5))
        self.asked = AskedFeeds(settings, database, self.regenerator, self.sweeper)

    def work(self) -> dict[str, Outcome]:
        """A second later follows, processes changes, and regenerates what waits; returns what was done, in order."""
        self.clock.advance(1)
        self.asked.follow()
        while self.regenerator.process_changes() or self.regenerator.fill_terms():
            pass
        return {outcome.section: outcome for outcome in self.regenerator.regenerate_pending()}


class AskedWeb:
    """A web process of these settings, step by step."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.asked = AskedCatalogue(settings)
        self.loader = DocumentLoader(database, empty_catalogue(settings), lambda _: None, asked=self.asked)
        self.asker = FeedAsker(settings, self.loader)
        self.loader.read_state()

    def adopt(self, settings: Settings) -> None:
        """Continues with other settings, as the loader does when it notices them."""
        self.asked.adopt(settings)
        self.loader.catalogue = follow(self.loader.catalogue, settings, self.asked)

    def get(self, slug: str, format: str = "atom") -> CountedResponse:
        """Returns the response from memory."""
        self.loader.load()
        return respond(self.loader.catalogue, "GET", wsgi_path(slug, format), {})

    def status(self, slug: str, format: str = "atom") -> str:
        return self.get(slug, format)[0][:3]

    def body(self, slug: str, format: str = "atom") -> str:
        return self.get(slug, format)[2].decode()


def settings_with(**on_demand: Any) -> Settings:
    """Returns the bundled settings with these of [on_demand]."""
    settings = load_settings(environ={})
    sections = {slug: settings.sections[slug] for slug in SECTIONS}
    return replace(settings, sections=sections, on_demand=settings.on_demand.model_copy(update=on_demand))


def ask(database: Database, slug: str, kind: Any = "combination", key: str = "", name: str = "") -> str:
    with database.write() as conn:
        return asked_feeds.ask(conn, slug, kind, key, name, database.now(conn), 100, 100)
