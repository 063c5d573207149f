"""A newsroom on a real database, in which tests publish, correct, withdraw and regenerate."""

import contextlib
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from syndication.config.loading import load_settings
from syndication.model.feed_selections import FeedSelections
from syndication.model.values import Document, Section
from syndication.pipeline.gather import Newsroom
from syndication.pipeline.outcome import Outcome
from syndication.pipeline.regenerate import RegenerationPolicy, Regenerator
from syndication.store.articles import articles
from syndication.store.articles.search_index import index_next
from syndication.store.db.database import Database
from syndication.store.publishing import documents, section_state
from syndication.store.tables.publishing import TombstoneRow
from tests.support.newsroom import article, section, site

PACE = RegenerationPolicy(
    lease=timedelta(seconds=30), retry_first=timedelta(seconds=2), retry_max=timedelta(seconds=60), keep_versions=5
)


class Desk:
    """One newsroom with its own worker steps; ``clock`` is the database's clock."""

    def __init__(self, database: Database, clock: Any, *, owner: str = "desk", **site_changes: Any) -> None:
        self.database = database
        self.clock = clock
        self.owner = owner
        self.sections: dict[str, Section] = {slug: section(slug) for slug in ("all", "taiwan", "china", "sports")}
        self.site = site(**site_changes)
        self.restart()

    @property
    def selections(self) -> FeedSelections:
        """What the feeds of the current configuration select."""
        return FeedSelections(self.sections, self.site.language)

    def restart(self) -> list[str]:
        """Starts a new worker with the current configuration."""
        self.regenerator = Regenerator(self.database, Newsroom(self.site, self.sections), PACE, self.owner)
        self.regenerator.begin_terms()
        return self.regenerator.register()

    def put(self, id: str = "a1", **changes: Any) -> str:
        """Writes one article and returns the result."""
        (outcome,) = articles.put_articles(self.database, [article(id, **changes)])
        return outcome.outcome

    def work(self) -> dict[str, Outcome]:
        """Processes changes and regenerates the pending sections."""
        while self.regenerator.process_changes() or self.regenerator.fill_terms():
            pass
        outcomes = {outcome.section: outcome for outcome in self.regenerator.regenerate_pending()}
        while index_next(self.database):
            pass
        return outcomes

    def later(self, **delta: float) -> dict[str, Outcome]:
        """Advances the clock (default: a second), then works."""
        self.clock.advance(timedelta(**(delta or {"seconds": 1})).total_seconds())
        return self.work()

    def document(self, slug: str = "taiwan", format: str = "atom") -> Document:
        with self.database.read() as conn:
            return next(d for d in documents.load_documents(conn, [slug]) if d.format == format)

    def body(self, slug: str = "taiwan", format: str = "atom") -> str:
        return self.document(slug, format).identity.decode()

    def everything(self) -> str:
        """Returns all published documents as one text."""
        with self.database.read() as conn:
            found = documents.load_documents(conn, self.sections)
        return "\n".join(document.identity.decode() for document in found)

    def state(self, slug: str = "taiwan") -> section_state.SectionState:
        with self.database.read() as conn:
            return next(state for state in section_state.list_states(conn) if state.section == slug)

    def left_out(self, slug: str = "taiwan") -> dict[str, str]:
        """Returns the reasons by article."""
        with self.database.read() as conn:
            return {item.article_id: item.reason for item in documents.list_left_out(conn) if item.section == slug}

    def tombstone_ids(self, slug: str = "taiwan") -> set[str]:
        with self.database.read() as conn:
            return set(conn.scalars(select(TombstoneRow.entry_id).where(TombstoneRow.section == slug)))

    def tombstones(self, slug: str = "taiwan") -> dict[str, str]:
        with self.database.read() as conn:
            rows = conn.execute(
                select(TombstoneRow.article_id, TombstoneRow.reason).where(TombstoneRow.section == slug)
            )
            return {row.article_id: row.reason for row in rows}


def hold(desk: Desk, seconds: float = 60.0) -> None:
    """Lets the desk's worker hold sections whose entries vanish."""
    desk.regenerator.policy = replace(desk.regenerator.policy, hold=timedelta(seconds=seconds))


def publish_bundled(url: str) -> None:
    """Publishes the feeds of the bundled configuration, so that a web process has what to serve without a worker."""
    settings = load_settings(environ={})
    with contextlib.closing(Database(url)) as database:
        regenerator = Regenerator(database, Newsroom(settings.site, settings.sections), PACE, "tests")
        regenerator.register()
        while regenerator.process_changes():
            pass
        assert all(outcome.result == "published" for outcome in regenerator.regenerate_pending())


def titles(body: str) -> list[str]:
    """Returns the titles of the ``Story …`` articles in an Atom document, in order."""
    return re.findall(r"<title[^>]*>(Story [^<]*)</title>", body)
