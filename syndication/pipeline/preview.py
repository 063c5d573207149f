"""Previews a feed, or one article's entry, with given changes: rendered by a worker, never published.

The web process adds a row to ``store.previews``; ``Previewer`` answers it in the worker's main thread.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from syndication.errors import SyndicationError
from syndication.logs import get_logger
from syndication.model.article_json import dump_article, merge_patch, parse_article, slugs_by_title
from syndication.model.field_limits import MAX_FEED_HTML
from syndication.model.values import ALL, Article, Feed, Section
from syndication.model.wanted_terms import article_terms
from syndication.pipeline.cache_time import next_max_age
from syndication.pipeline.deleted_entries import deleted_entries
from syndication.pipeline.fill import MAX_ROUNDS, fill_feed, shortfall
from syndication.pipeline.gather import Gathered, Newsroom, build_feed, gather
from syndication.render import atom, rss
from syndication.render.fragment_cache import cut
from syndication.render.renderer import Renderer
from syndication.store import Connection
from syndication.store.articles import article_sizes
from syndication.store.articles.readable_articles import read_article
from syndication.store.articles.truncation import wait_for_truncation
from syndication.store.db.database import Database, DatabaseDown
from syndication.store.publishing import previews, published
from syndication.store.publishing.published import Tombstone

log = get_logger(__name__)

SPACE = " \t\n\r"
"""Around a correction, these make no difference."""


@dataclass(frozen=True, slots=True)
class PreviewQuery:
    """A section (None: a single entry), and articles as JSON merge patches on the stored ones, each with its id."""

    section: str | None
    changes: Sequence[Mapping[str, Any]]


class Previewer:
    """Answers preview requests, one after the other."""

    def __init__(self, database: Database, newsroom: Newsroom, renderer: Renderer) -> None:
        self.database = database
        self.renderer = renderer
        self.follow(newsroom)

    def follow(self, newsroom: Newsroom) -> None:
        """Continues with another configuration."""
        self.newsroom = newsroom
        self.slugs = slugs_by_title(newsroom.sections)

    def answer_all(self) -> int:
        """Answers every waiting request; returns how many."""
        answered = 0
        while self.answer_next():
            answered += 1
        return answered

    def answer_next(self) -> bool:
        """Answers the oldest request; returns False if there was none."""
        claimed = self._claim()
        if claimed is None:
            return False
        id, asked = claimed
        self._answer(id, PreviewQuery(asked["section"], asked["changes"]))
        return True

    def waiting(self) -> bool:
        """Returns whether any request is unanswered."""
        with self.database.read() as conn:
            return previews.waiting(conn)

    def _claim(self) -> tuple[str, dict[str, Any]] | None:
        if not self.waiting():
            return None
        with self.database.write() as conn:
            now = self.database.now(conn)
            previews.prune(conn, now)
            return previews.claim(conn, now)

    def _answer(self, id: str, query: PreviewQuery) -> None:
        result, error = None, None
        try:
            result = self.preview(query)
        except DatabaseDown:
            raise
        except SyndicationError as problem:
            error = str(problem)
        except Exception as problem:  # The request loop: one failure must not stop the others.
            log.exception("preview_failed", preview=id)
            error = f"rendering failed: {type(problem).__name__}"
        with self.database.write() as conn:
            previews.answer(conn, id, self.database.now(conn), result=result, error=error)

    def preview(self, query: PreviewQuery) -> dict[str, Any]:
        """Returns the answer as JSON values; raises SyndicationError for an invalid request."""
        with self.database.snapshot() as conn:
            wait_for_truncation(conn)
            now = self.database.now(conn)
            _check_sizes(conn, query.changes)
            changed = [self._changed(conn, change, now) for change in query.changes]
        # An embargoed story is shown as it will appear when its publish time is reached.
        moment = max([now, *(a.published_at for a in changed if a.published_at)])
        if query.section is None:
            if len(changed) != 1:
                raise SyndicationError("an entry preview takes one article: name a section to preview several")
            return self._entry(changed[0], moment)
        section = self.newsroom.sections.get(query.section)
        if section is None:
            raise SyndicationError(f"there is no section {query.section!r}")
        return self._feed(section, changed, moment)

    def _changed(self, conn: Connection, change: Mapping[str, Any], now: datetime) -> Article:
        """Returns the stored article with the change, or a new one; a draft as if it were published."""
        stored = _stored(conn, change)
        article = parse_article(merge_patch(dump_article(stored) if stored else {}, change), self.slugs)
        article = replace(article, corrected_at=_corrected_at(stored, article, now))
        if article.status == "draft":
            article = replace(article, status="published")
        return article if article.published_at else replace(article, published_at=now)

    def _feed(self, section: Section, changed: Sequence[Article], moment: datetime) -> dict[str, Any]:
        instead = {article.id: article if self._stands_in(article, section, moment) else None for article in changed}
        withdrawn = {article.id for article in changed if article.status == "withdrawn"}
        gathered = self._gather(section, moment, instead, withdrawn)
        filled, rendered = fill_feed(self.renderer, gathered)
        for _ in range(MAX_ROUNDS):
            more = shortfall(filled, gathered)
            if not more:
                break
            gathered = self._gather(section, moment, instead, withdrawn, more)
            filled, rendered = fill_feed(self.renderer, gathered)
        max_age = next_max_age(section.cache, [entry.published for entry in filled.feed.entries], moment)
        if max_age != filled.feed.max_age:  # Like the next version, which it previews.
            again = self.renderer.render(replace(filled.feed, max_age=max_age))
            rendered = replace(again, left_out=filled.left_out)
        return {
            "section": section.slug,
            "entries": [entry.article_id for entry in rendered.entries],
            "left_out": [{"article_id": item.article_id, "reason": item.reason} for item in rendered.left_out],
            "documents": {format: body.decode() for format, body in rendered.bodies.items()},
        }

    def _stands_in(self, article: Article, section: Section, moment: datetime) -> bool:
        expired = article.expires_at is not None and article.expires_at <= moment
        selected = self.newsroom.selections.wanted(section).matches(article_terms(article))
        return selected and not expired and article.status == "published"

    def _gather(
        self,
        section: Section,
        moment: datetime,
        instead: Mapping[str, Article | None],
        withdrawn: Collection[str],
        more: int = 0,
    ) -> Gathered:
        with self.database.snapshot() as conn:
            wait_for_truncation(conn)
            gathered = gather(conn, self.newsroom, section, moment, more, instead)
            return replace(gathered, feed=_with_deleted(conn, gathered.feed, withdrawn))

    def _entry(self, article: Article, moment: datetime) -> dict[str, Any]:
        slug = next((slug for slug in article.sections if slug in self.newsroom.sections), ALL)
        feed, unreadable = build_feed([article], self.newsroom, self.newsroom.sections[slug], moment)
        rendered = self.renderer.render(feed)
        for item in (*unreadable, *rendered.left_out):
            raise SyndicationError(item.reason)
        return {"section": slug, "article_id": article.id, "entry": _cut_out(rendered.bodies)}


def _with_deleted(conn: Connection, feed: Feed, withdrawn: Collection[str]) -> Feed:
    """Returns the feed with what its documents say is deleted, and those of its entries that would be ``withdrawn``."""
    current = published.find_published(conn, feed.section.slug)
    if current is None:
        return feed
    entries = (current.entries[id] for id in withdrawn if id in current.entries)
    leaving = [Tombstone(entry.article_id, entry.entry_id, "withdrawn") for entry in entries]
    return replace(feed, deleted=deleted_entries(current, leaving))


def _check_sizes(conn: Connection, changes: Sequence[Mapping[str, Any]]) -> None:
    """Raises SyndicationError if the bodies exceed the limit of a feed; stored bodies are measured, not read."""
    sent = [change["html"] for change in changes if isinstance(change.get("html"), str)]
    stored, _ = article_sizes.measure(conn, [_id(change) for change in changes if "html" not in change])
    total = sum(len(html.encode("utf-8", "replace")) for html in sent) + sum(stored.values())
    if total > MAX_FEED_HTML:
        whose = "This article's body has" if len(changes) == 1 else "The bodies of these articles have"
        advice = "Shorten it." if len(changes) == 1 else "Preview fewer at once."
        raise SyndicationError(
            f"{whose} {total / 2**20:,.0f} MiB, and the limit for a preview is {MAX_FEED_HTML // 2**20} MiB. {advice}"
        )


def _stored(conn: Connection, change: Mapping[str, Any]) -> Article | None:
    """Returns the stored article of a change; a large value that the change replaces is left empty."""
    found = read_article(conn, _id(change), 0 if "html" in change else MAX_FEED_HTML)
    if found is None:
        return None
    for field, words in found.errors:
        if field.partition(".")[0] not in change:
            raise SyndicationError(
                f"The stored article is over a limit: its {field} {words}. Change it, then try again."
            )
    return found.article


def _corrected_at(stored: Article | None, edited: Article, now: datetime) -> datetime | None:
    """Returns when its correction moves the date of an edited article, as ``store/triggers/corrections`` do."""
    if stored is None or (edited.updated_at is not None and edited.updated_at != stored.updated_at):
        return None
    told, before = ((article.correction or "").strip(SPACE) for article in (edited, stored))
    return now if told and told != before else stored.corrected_at


def _id(change: Mapping[str, Any]) -> str:
    return str(change.get("id") or "")


def _cut_out(bodies: Mapping[str, bytes]) -> dict[str, str]:
    """Returns the one entry of each document, without the feed around it."""
    delimiters = {"atom": (atom.ENTRY, atom.END), "rss": (rss.ENTRY, rss.END)}
    entry = {format: cut(bodies[format], *of)[1][0].decode() for format, of in delimiters.items()}
    document = bodies["json"].decode()
    return entry | {"json": document[document.index(',"items":[') + len(',"items":[') : -len("]}")]}
