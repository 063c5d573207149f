"""Decides which articles, and which of their facts, the caller may see: one rule for every operation.

Callers without the scope preview see articles that are public now or were shown to readers before. If a shown article
has changed since, they see that it exists, but none of the text that was never published.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndication.api.operations import caller, context
from syndication.auth.bearer import Caller
from syndication.diagnostics.read_health import View
from syndication.model.access import public_part
from syndication.model.values import Article
from syndication.store import Connection
from syndication.store.articles import hidden_stories, shown_articles
from syndication.store.articles.article_outlines import ArticleOutline, read_outline, read_outlines
from syndication.store.articles.shown_articles import Exposure, content_digest, exposure, exposures, is_public
from syndication.store.articles.stored_digests import stored_digests
from syndication.store.articles.trace_facts import TraceFacts
from syndication.store.processes.service_status import read_progress
from syndication.store.publishing.documents import LeftOutArticle, list_left_out
from syndication.store.publishing.section_state import Progress, SectionState
from syndication.web.problems import not_found

MEMBERS_PART = "is for members, and is omitted here as far as the feeds omit it: reading it takes the scope preview"


@dataclass(frozen=True, slots=True)
class Visibility:
    """An article's visibility to one caller at ``now``."""

    exposure: Exposure
    may_preview: bool
    now: datetime

    @property
    def exists(self) -> bool:
        """Whether the article exists for the caller: stored, withdrawn, deleted or shown before."""
        found = self.exposure
        if self.may_preview:
            return found.stored or found.withdrawn or found.deleted or found.shown
        return found.public or found.shown

    def shows(self, article: Article) -> bool:
        """Whether the caller may read the article as it is stored now."""
        if self.may_preview or is_public(article, self.now):
            return True
        digest = self.exposure.digest
        return digest is not None and digest == content_digest(article)


def visibility(conn: Connection, id: str, who: Caller) -> Visibility:
    """Returns the article's visibility to ``who``."""
    return Visibility(exposure(conn, id, who.now), who.may("preview"), who.now)


def visibilities(conn: Connection, ids: Sequence[str], who: Caller) -> dict[str, Visibility]:
    """Returns the visibility of several articles to ``who``, in one query."""
    found = exposures(conn, ids, who.now)
    return {id: Visibility(found[id], who.may("preview"), who.now) for id in ids}


def check_exists(conn: Connection, id: str) -> Visibility:
    """Raises a 404 Problem unless the article exists for the caller; one statement, before any other query."""
    found = visibility(conn, id, caller())
    if not found.exists:
        raise not_found(f"article {id!r}")
    return found


def shows_stored(conn: Connection, found: Visibility, outline: ArticleOutline) -> bool:
    """Returns whether the caller may read the article as stored now; reads its body only to compare digests."""
    if found.may_preview or is_public(outline, found.now):
        return True
    digest = found.exposure.digest
    return digest is not None and stored_digests(conn, [outline.id]).get(outline.id) == digest


def visible_outline(conn: Connection, id: str) -> ArticleOutline:
    """Returns the article without its body; raises a 404 Problem unless it is visible to the caller."""
    found = check_exists(conn, id)
    outline = read_outline(conn, id)
    if outline is None or not shows_stored(conn, found, outline):
        raise not_found(f"article {id!r}")
    return outline


def visible_part(article: Article, may_preview: bool) -> tuple[Article, tuple[tuple[str, str], ...]]:
    """Returns an article as far as the caller may read it, and the fields that are omitted, each with the reason.

    What only members may read is in no feed, so callers without the scope preview do not get it either.
    """
    public = article if may_preview else public_part(article)
    omitted = [field for field in ("html", "enclosures") if getattr(public, field) != getattr(article, field)]
    return public, tuple((field, MEMBERS_PART) for field in omitted)


def visible_outlines(conn: Connection, ids: list[str]) -> dict[str, ArticleOutline]:
    """Returns the articles that the caller may read as stored now, without their bodies."""
    who, outlines = caller(), read_outlines(conn, ids)
    if who.may("preview"):
        return outlines
    hidden = [id for id, outline in outlines.items() if not is_public(outline, who.now)]
    remembered = shown_articles.digests(conn, hidden)
    # Articles that were never shown are not read.
    stored = stored_digests(conn, [id for id in hidden if remembered.get(id) is not None])
    unseen = {id for id in hidden if id not in stored or remembered.get(id) != stored[id]}
    return {id: outline for id, outline in outlines.items() if id not in unseen}


def visible_left_out(conn: Connection) -> list[LeftOutArticle]:
    """Returns the articles left out of any feed that are visible to the caller."""
    found = list_left_out(conn)
    seen = visible_outlines(conn, sorted({item.article_id for item in found}))
    return [item for item in found if item.article_id in seen]


def visible_state(state: SectionState, left_out: int) -> SectionState:
    """Returns a section's state without the fields that would change when a hidden article is written.

    These are the waiting change, the time of the last regeneration, the failure count, which a change resets, and
    missed changes. A hold concerns articles that readers have.
    """
    return replace(
        state,
        left_out=left_out,
        completed_generation=state.requested_generation,
        regenerated_at=None,
        next_due=None,
        failures=1 if state.error else 0,
        retry_at=None,
        missed_at=None,
        missed_entries=None,
    )


def visible_states(conn: Connection, known: Mapping[str, SectionState]) -> dict[str, SectionState]:
    """Returns the states of sections by slug, as far as they are visible to the caller."""
    if caller().may("preview"):
        return dict(known)
    counts = dict.fromkeys(known, 0)
    for item in visible_left_out(conn):
        if item.section in counts:
            counts[item.section] += 1
    return {slug: visible_state(state, counts[slug]) for slug, state in known.items()}


def visible_progress(conn: Connection) -> Progress:
    """Returns whether anybody updates feeds; a waiting change may be of a hidden article."""
    progress = read_progress(conn, context().database.now(conn))
    return progress if caller().may("preview") else replace(progress, queued_at=None)


class CallerView(View):
    """The service as far as the caller may see it."""

    def states(self, conn: Connection, known: Mapping[str, SectionState]) -> Mapping[str, SectionState]:
        """Returns the states as far as they are visible."""
        return visible_states(conn, known)

    def left_out(self, conn: Connection) -> Sequence[LeftOutArticle]:
        """Returns the visible stories that are left out."""
        return visible_left_out(conn)

    def hidden(self, conn: Connection, known: Collection[str], now: datetime) -> tuple[dict[str, str], list[str]]:
        """Returns the same, without preview only what is public: the name of a story would reveal it."""
        if self.sees_changes:
            return super().hidden(conn, known, now)
        return hidden_stories.unfed_sections(conn, known, now), []

    @property
    def sees_changes(self) -> bool:
        """Whether the caller may preview."""
        return caller().may("preview")


def visible_facts(conn: Connection, facts: TraceFacts, found: Visibility) -> TraceFacts:
    """Returns the facts that a trace may use; of an unpublished text only that it exists."""
    if found.may_preview:
        return facts
    states = {slug: visible_state(state, state.left_out) for slug, state in facts.states.items()}
    if facts.withdrawal is not None:  # A reason may say what must not be public.
        facts = replace(facts, withdrawal=replace(facts.withdrawal, reason=None))
    # What a source refused, or changed since, was never published.
    facts = replace(facts, origin=None) if facts.origin is not None and facts.origin.row.refused else facts
    if facts.article is None or shows_stored(conn, found, facts.article):
        return replace(facts, states=states)
    unknown = ArticleOutline(facts.article_id, title="", url="", status="draft")
    return replace(
        facts,
        states=states,
        article=unknown,
        noticed=False,
        left_out={},
        newer={},
        selected=(),
        concealed=True,
        origin=None,
    )
