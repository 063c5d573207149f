"""Turns changes and due times into sections to regenerate, and a section into the Feed to render.

``now`` is a parameter. Knows neither formats nor HTTP.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Self

from syndication.logs import get_logger
from syndication.model.feed_selections import FeedSelections
from syndication.model.field_limits import MAX_FEED_HTML
from syndication.model.selection import Term
from syndication.model.values import Article, Entry, Feed, LeftOut, Section, Site
from syndication.model.wanted_terms import WantedTerms, article_terms
from syndication.pipeline.definitions_moved import DefinitionsMoved
from syndication.pipeline.deliveries import record_due, record_gathered
from syndication.pipeline.entries import tag_uri, to_entry
from syndication.pipeline.foreign_sections import ForeignSections
from syndication.pipeline.known_articles import KnownArticle, KnownArticles, State
from syndication.store import Connection
from syndication.store.articles import (
    article_sizes,
    articles,
    feed_query,
    noticed,
    render_deaths,
    search_index,
    small_articles,
    term_registry,
    terms,
    withdrawals,
)
from syndication.store.articles.shown_articles import content_digest
from syndication.store.db.database import DatabaseDown, DatabaseError
from syndication.store.publishing import article_stamps, change_queue, section_state, sitemap_state

log = get_logger(__name__)

MAX_WINDOW_HOURS = 24 * 366 * 100
"""The most hours that can be subtracted from any time: the calendar begins with the year 1."""

END_OF_CALENDAR = datetime.max.replace(tzinfo=UTC)
"""A preview may be so late that no window ends before it."""

NO_SECTIONS: Mapping[str, Collection[str]] = {}

NO_OVERLAY: Mapping[str, Article | None] = {}


@dataclass(frozen=True)
class Newsroom:
    """The configuration that gathering needs: the site and its sections by slug."""

    site: Site
    sections: Mapping[str, Section]

    def fingerprints(self) -> Mapping[str, str]:
        """Returns, by section, a digest of everything in the configuration that its documents depend on."""
        return self._fingerprints

    @cached_property
    def sections_by_slug(self) -> Mapping[str, Section]:
        """The sections by every slug that articles are filed under."""
        own = (section for section in self.sections.values() if section.selection is None)
        return {slug: section for section in own for slug in section.filed_under}

    @cached_property
    def selections(self) -> FeedSelections:
        """What every feed selects."""
        return FeedSelections(self.sections, self.site.language)

    def after(self, before: "Newsroom") -> Self:
        """Returns this newsroom; takes over what ``before`` has worked out already and does not differ."""
        gone = [slug for slug in before.sections if slug not in self.sections]
        known = before.sections.get
        new = [
            slug
            for slug, section in self.sections.items()
            if (other := known(slug)) is not section and other != section  # Comparing takes longer.
        ]
        gone += [slug for slug in new if slug in before.sections]
        if self._common == before._common:
            prints = {slug: print for slug, print in before.fingerprints().items() if slug in self.sections}
            self.__dict__["_fingerprints"] = prints | {slug: self._fingerprint(self.sections[slug]) for slug in new}
        differ = [*(before.sections[slug] for slug in gone), *(self.sections[slug] for slug in new)]
        # What selects terms is no section that other feeds may name.
        if self.site == before.site and all(section.selection is not None for section in differ):
            self.selections.take_over(before.selections, gone, new)
        return self

    def with_readers(self, added: dict[str, Section], gone: Collection[str]) -> "Newsroom":
        """Returns the newsroom with these feeds of readers, and without those that are gone."""
        changed = {*gone, *added}
        return Newsroom(self.site, {slug: one for slug, one in self.sections.items() if slug not in changed} | added)

    @cached_property
    def of_readers(self) -> frozenset[str]:
        """The slugs of the feeds that readers asked for."""
        return frozenset(slug for slug, section in self.sections.items() if section.owner == "readers")

    def is_own(self, slug: str) -> bool:
        """Returns whether it is a feed of the newsroom's, and not one that readers asked for."""
        return slug in self.sections and slug not in self.of_readers

    @cached_property
    def _common(self) -> str:
        # Of the sections that the files name: the titles that entries show as categories. As one digest, because a
        # newsroom may have tens of thousands of feeds.
        named = self.sections.values()
        own = [section for section in named if section.owner == "configuration" and section.selection is None]
        titles = [(section.slug, section.title, section.filed_under) for section in own]
        return hashlib.sha256(repr((self.site, titles)).encode()).hexdigest()

    @cached_property
    def _fingerprints(self) -> Mapping[str, str]:
        return {slug: self._fingerprint(section) for slug, section in self.sections.items()}

    def _fingerprint(self, section: Section) -> str:
        return hashlib.sha256(repr((self._common, section)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Gathered:
    """The candidates for a feed at ``now``, newest first, and the left-out articles. ``fill`` selects from them.

    ``feed`` has an entry for each of ``candidates`` that is not in ``left_out``: enough for the limit, and some spare.
    ``more`` articles were read beyond the limit. ``upcoming`` is when the next embargo ends. ``known`` are the
    ``articles`` as the worker keeps them, and ``new`` those that it had not in memory. ``basis`` names their stored
    states; None: some article is left out.
    """

    feed: Feed
    candidates: tuple[feed_query.Candidate, ...]
    articles: Mapping[str, Article]
    left_out: tuple[LeftOut, ...]
    more: int
    upcoming: datetime | None
    now: datetime
    known: Mapping[str, KnownArticle] = field(default_factory=dict)
    new: Collection[str] = ()
    basis: str | None = None

    def digest(self, article_id: str) -> str:
        """Returns the digest of an article's content."""
        known = self.known.get(article_id)
        return content_digest(self.articles[article_id]) if known is None else known.digest


def process_changes(
    conn: Connection,
    newsroom: Newsroom,
    now: datetime,
    foreign: ForeignSections | None = None,
    revision: int | None = None,
) -> int:
    """Requests the sections of everything that changed or fell due, in one write transaction.

    Returns the number of changes read and of sections that fell due; call again until it is 0. Raises DefinitionsMoved
    if editors' feeds are no longer those of ``revision`` (None: any), which must roll the transaction back: changes
    that came with a definition are not taken by who does not know it.

    Sections registered by another configuration are requested after any change: such a section may belong to a newer
    worker or come back, and only that configuration knows the slugs under which it files articles. ``foreign`` follows
    them; without it, all are read.
    """
    foreign = foreign or ForeignSections()
    taken = change_queue.take(conn)
    found = noticed.read(conn, taken.written, now, foreign.number)
    if revision is not None and found.revision != revision:
        raise DefinitionsMoved
    if _repair(conn, taken, found):
        found = noticed.read(conn, taken.written, now, foreign.number)
    touched: set[str] = set()
    concerned: Mapping[str, Collection[str]] = {}
    if taken.number:
        touched |= foreign.take(conn, found.registered, found.number, newsroom.fingerprints())
    if taken.everything:
        touched.update(newsroom.sections)
    elif taken.article_ids:
        changes = terms.write_terms(conn, found.terms, now)
        concerned = _concerned(newsroom, taken.article_ids, changes, found.filed, found.shown_in, taken.former)
        touched.update(*concerned.values())
    _note(conn, taken, found)
    since = {slug: taken.noticed_at for slug in touched if taken.noticed_at is not None}
    for slug, moment in found.due.items():
        since[slug] = min(moment, since.get(slug, moment))
    generations = section_state.request(conn, since, now, since)
    followed = {slug: one for slug, one in generations.items() if newsroom.is_own(slug)}
    if taken.number:
        record_gathered(conn, taken, concerned, followed, found.kinds, now)
    if found.due:
        record_due(conn, found.due, taken.article_ids, followed, now)
        section_state.clear_due(conn, list(found.due))
    if found.due or found.is_unregistered:
        term_registry.register_terms(conn, now, terms.names_of)  # An embargo may have ended.
    return taken.number + len(found.due)


def _repair(conn: Connection, taken: change_queue.Changes, found: noticed.Noticed) -> bool:
    """Mends what a writer could not: one with a snapshot older than a withdrawal or a link did not see it."""
    if taken.everything:
        return bool(withdrawals.enforce(conn, None) + feed_query.repair_links(conn, None))
    wrong = sorted({*found.disobeyed, *found.stale})
    return bool(wrong and withdrawals.enforce(conn, wrong) + feed_query.repair_links(conn, wrong))


def _note(conn: Connection, taken: change_queue.Changes, found: noticed.Noticed) -> None:
    """Notes what is to be read again, and what is to be written and indexed later, when publishing is quiet."""
    search_index.note_changes(conn, taken.article_ids)
    article_stamps.renew(conn, taken.article_ids)
    if taken.everything:
        article_stamps.renew_all(conn)
        sitemap_state.request_all(conn)
        terms.begin_fill(conn, again=True)
        search_index.begin_fill(conn)
    else:
        sitemap_state.request(conn, found.sitemap_parts)


def _concerned(
    newsroom: Newsroom,
    article_ids: Collection[str],
    changes: Mapping[str, terms.TermChange],
    filed: Mapping[str, Collection[str]],
    shown_in: Mapping[str, Collection[str]],
    former: Mapping[str, Collection[str]] = NO_SECTIONS,
) -> dict[str, set[str]]:
    """Returns the feeds that show, selected or select each of these articles.

    ``filed`` are their sections now, ``former`` those of articles that were filed elsewhere, ``shown_in`` the feeds
    that show them. A feed that shows an article may not say so yet: another worker may be publishing what it read
    before the change.
    """
    looks: dict[tuple[frozenset[Term], frozenset[Term]], set[str]] = {}
    concerned: dict[str, set[str]] = {}
    for id in article_ids:
        change = changes.get(id, terms.NO_TERMS)
        own = frozenset(Term("section", slug) for slug in filed.get(id, ()))
        # Of the sections that it is filed under now, some are new.
        certain = change.before | {Term("section", slug) for slug in former.get(id, ())}
        concerned[id] = newsroom.sections.keys() & set(shown_in.get(id, ()))
        for look in ((certain, certain | own), (after := change.after | own, after)):
            if look not in looks:  # Many articles have the same.
                looks[look] = newsroom.selections.may_have_selected(*look)
            concerned[id] |= looks[look]
    return concerned


def fill_terms(conn: Connection, newsroom: Newsroom, now: datetime) -> terms.FillStep | None:
    """Reads the terms of the next articles, and requests the feeds that these concern; None: nothing is left to do.

    While a store's articles are read for the first time, the feeds that depend on it are requested once, at the end.
    """
    step = terms.fill_terms(conn, now)
    if step is None:
        return None
    if step.again:
        links = change_queue.read_links(conn, step.changed)
        concerned = _concerned(newsroom, step.changed, step.changed, links.filed, links.shown_in)
        section_state.request(conn, set().union(*concerned.values()), now)
    elif not step.more:
        section_state.request(conn, newsroom.selections.of_names, now)
    return step


@dataclass(frozen=True, slots=True)
class Reading:
    """What a worker knows before it reads a section: ``articles``, in their states of ``stamp``, that of all articles.

    ``has_fatal``: some article has killed workers.
    """

    articles: KnownArticles
    stamp: int | None
    has_fatal: bool


def gather(
    conn: Connection,
    newsroom: Newsroom,
    section: Section,
    now: datetime,
    more: int = 0,
    overlay: Mapping[str, Article | None] = NO_OVERLAY,
    reading: Reading | None = None,
    rows: feed_query.FeedRows | None = None,
) -> Gathered:
    """Returns the candidates for the section's feed at ``now``, and ``more`` beyond its limit, from one snapshot.

    ``overlay`` replaces stored articles by id with edited ones; None removes an article. ``rows`` are the candidates,
    if they were read already.
    """
    wanted = newsroom.selections.wanted(section)
    rows = rows or read_candidates(conn, newsroom, section, now, more + len(overlay))
    found = rows.candidates
    taken = sum(len(article.html.encode("utf-8", "replace")) for article in overlay.values() if article is not None)
    reading = reading or Reading(KnownArticles(), None, has_fatal=True)
    stored = [candidate for candidate in found if candidate.article_id not in overlay]
    known, new, unreadable = _load(conn, stored, taken, reading)
    if overlay:
        known |= {id: KnownArticle(None, article) for id, article in overlay.items() if article is not None}
        found = _with_overlay(found, overlay)
    if wanted.has_names:
        # The terms of what has changed a moment ago are not known yet, and a feed without sports never shows any.
        others = {id for id, one in known.items() if not wanted.matches(article_terms(one.article))}
        found = [candidate for candidate in found if candidate.article_id not in others]
    fatal = _fatal(conn, known) if reading.has_fatal else []
    bad = {item.article_id for item in fatal}
    chosen = [known[c.article_id] for c in found if c.article_id in known.keys() - bad]
    feed, left_out = _feed(chosen, newsroom, section, now)
    return Gathered(
        feed=feed,
        candidates=tuple(found),
        articles={id: one.article for id, one in known.items()},
        left_out=(*unreadable, *fatal, *left_out),
        more=more,
        upcoming=rows.upcoming,
        now=now,
        known=known,
        new=new,
        basis=None if unreadable or fatal or left_out else basis(rows, reading.stamp),
    )


def _fatal(conn: Connection, known: Mapping[str, KnownArticle]) -> list[LeftOut]:
    fatal = render_deaths.read_fatal(conn)
    return [
        LeftOut(id, render_deaths.REASON)
        for id, one in known.items()
        if render_deaths.is_still_fatal(one.article, fatal)
    ]


def build_feed(
    chosen: Iterable[Article], newsroom: Newsroom, section: Section, now: datetime
) -> tuple[Feed, tuple[LeftOut, ...]]:
    """Returns the feed with these articles, in this order, and the articles for which no entry could be created."""
    return _feed((KnownArticle(None, article) for article in chosen), newsroom, section, now)


def _feed(
    chosen: Iterable[KnownArticle], newsroom: Newsroom, section: Section, now: datetime
) -> tuple[Feed, tuple[LeftOut, ...]]:
    def make(article: Article) -> Entry:
        return to_entry(article, newsroom.site, newsroom.sections_by_slug, now)

    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    for one in chosen:
        try:
            entries.append(one.entry(newsroom, now, make))
        except Exception as error:  # noqa: BLE001  # A malformed row costs its feed one entry.
            left_out.append(_unreadable(one.article.id, error))
    feed = Feed(
        id=tag_uri(newsroom.site, f"section/{section.origin}"),
        site=newsroom.site,
        section=section,
        entries=tuple(entries),
        updated=now.replace(microsecond=0),
    )
    return feed, tuple(left_out)


def list_candidates(
    conn: Connection, wanted: WantedTerms, section: Section, now: datetime, more: int, *, times: bool = False
) -> list[feed_query.Candidate]:
    """Returns the articles that a section's window has room for at ``now``, newest first, and ``more`` beyond it.

    ``wanted`` is what it selects. ``times``: with their other times.
    """
    return _selected(section, now, more, lambda most: feed_query.list_newest(conn, wanted, now, most, times=times))


def basis(rows: feed_query.FeedRows, stamp: int | None) -> str:
    """Returns a digest of the stored states of a feed's articles, and of when the next embargo ends."""
    states = [State.of(candidate, stamp) for candidate in rows.candidates]
    return hashlib.sha256(repr((states, rows.upcoming)).encode("utf-8", "surrogatepass")).hexdigest()


def read_candidates(
    conn: Connection, newsroom: Newsroom, section: Section, now: datetime, more: int
) -> feed_query.FeedRows:
    """Returns what ``list_candidates`` does, with times and stamps, and when the next embargo ends."""
    wanted = newsroom.selections.wanted(section)
    rows: list[feed_query.FeedRows] = []

    def read(most: int) -> list[feed_query.Candidate]:
        rows.append(feed_query.read_feed(conn, wanted, now, most))
        return rows[-1].candidates

    found = _selected(section, now, more, read)
    return feed_query.FeedRows(found, rows[-1].upcoming)


def _selected(
    section: Section, now: datetime, more: int, read: Callable[[int], list[feed_query.Candidate]]
) -> list[feed_query.Candidate]:
    """Returns those of the newest articles that the section's window has room for; ``read`` returns so many of them."""
    found = read(section.entries + more)
    if len(found) == section.entries + more and is_recent(section, found[-1].published_at, now):
        ordered = read(section.max_entries + more)
        found = [
            c for place, c in enumerate(ordered, 1) if is_within_limits(section, place - more, c.published_at, now)
        ]
    return found


def _with_overlay(
    found: Sequence[feed_query.Candidate], overlay: Mapping[str, Article | None]
) -> list[feed_query.Candidate]:
    """Returns the candidates with the overlay applied, newest first."""
    ours = [feed_query.Candidate(a.id, a.published_at) for a in overlay.values() if a is not None and a.published_at]
    both = [*ours, *(candidate for candidate in found if candidate.article_id not in overlay)]
    return sorted(both, key=lambda candidate: (candidate.published_at, candidate.article_id), reverse=True)


def _load(
    conn: Connection, found: Sequence[feed_query.Candidate], taken: int, reading: Reading
) -> tuple[dict[str, KnownArticle], list[str], list[LeftOut]]:
    """Returns the articles in the order of ``found``, those that were not in memory, and the unreadable ones.

    An article is unreadable if it has a time beyond the calendar, say. ``taken`` is the number of bytes that the feed's
    other bodies already use.
    """
    states = {candidate.article_id: State.of(candidate, reading.stamp) for candidate in found}
    known = {id: one for id, state in states.items() if (one := reading.articles.find(state)) is not None}
    new = [id for id in states if id not in known]
    if (small := _load_small(conn, new, taken + sum(one.size for one in known.values()))) is not None:
        known |= {id: reading.articles.keep(states[id], article) for id, article in small.items()}
        return {id: known[id] for id in states}, new, []
    over: dict[str, str] = {}
    try:
        over = article_sizes.over_limit(conn, list(states), taken, {id: one.size for id, one in known.items()})
        loaded = articles.load_articles(conn, [id for id in new if id not in over])
        known |= {id: reading.articles.keep(states[id], article) for id, article in loaded.items()}
        return {id: known[id] for id in states if id not in over}, new, _left_out(over)
    except Exception as error:
        unreadable = _left_out(over)
        for id in [id for id in new if id not in over]:
            try:
                known[id] = reading.articles.keep(states[id], articles.load_articles(conn, [id])[id])
            except Exception as problem:  # noqa: BLE001
                unreadable.append(_unreadable(id, problem))
        if not known and isinstance(error, DatabaseDown):
            raise
        return {id: known[id] for id in states if id in known}, new, unreadable


def _load_small(conn: Connection, new: Sequence[str], taken: int) -> Mapping[str, Article] | None:
    """Returns new articles that can be read at once; None: they are to be measured first, and read one by one."""
    try:
        return small_articles.load_small(conn, new, MAX_FEED_HTML - taken)
    except Exception:  # noqa: BLE001  # What is wrong with which of them is found out by reading each.
        return None


def _left_out(over: Mapping[str, str]) -> list[LeftOut]:
    return [LeftOut(id, reason) for id, reason in over.items()]


def _unreadable(article_id: str, error: Exception) -> LeftOut:
    log.warning("article_unreadable", article=article_id, error=type(error).__name__)
    # A driver's message may quote other rows.
    words = "" if isinstance(error, DatabaseError) else f": {error}"
    return LeftOut(article_id, f"its row cannot be read ({type(error).__name__}{words})"[:500])


def is_within_limits(section: Section, place: int, published_at: datetime, now: datetime) -> bool:
    """Returns whether the ``place``-th newest article of a section (1 is the newest) is in its feed.

    The section's number of entries always is, plus everything from its last hours up to a maximum: on a busy day, a
    reader that polls once an hour misses nothing.
    """
    return place <= section.entries or (place <= section.max_entries and is_recent(section, published_at, now))


def is_recent(section: Section, published_at: datetime, now: datetime) -> bool:
    """Returns whether an article was published within the section's last hours."""
    return published_at > now - _window(section)


def recent_until(section: Section, published_at: datetime) -> datetime | None:
    """Returns when an article stops being recent; None if that is beyond the calendar."""
    window = _window(section)
    return published_at + window if published_at <= END_OF_CALENDAR - window else None


def _window(section: Section) -> timedelta:
    """Returns how long every article of a section stays within its entry limit, up to the maximum."""
    return timedelta(hours=min(section.hours, MAX_WINDOW_HOURS))
