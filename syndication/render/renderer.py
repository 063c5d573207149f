"""The worker's renderer: feedgen renders only entries that are not in the cache.

The tests render the same feed without the cache, and compare the bytes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from sys import getsizeof

from syndication.model.fragments import Fragments
from syndication.model.values import Entry, Feed, LeftOut, RenderedEntry, RenderedFeed
from syndication.render import RENDER_REVISION, atom, json_feed, rss
from syndication.render.clean_entry import atom_id
from syndication.render.entries import LARGEST_ENTRY, RenderedEntries, render_entries
from syndication.render.fragment_cache import MAX_BYTES, FragmentCache, cut
from syndication.render.html import forget_sanitized

LARGEST_DOCUMENT = LARGEST_ENTRY
"""Bytes of all entries of a feed in one format: it is compressed, stored and served as a whole."""

MOST_REFUSED = 10_000
"""The most articles whose reasons for being left out are cached."""

RenderEntries = Callable[[Feed, Sequence[Entry]], RenderedEntries]
"""Renders entries to fragments: here, or in another process."""

BeginEntries = Callable[[Feed, Sequence[Entry]], None]
"""Lets another process begin with entries that are rendered next."""

MOST_BEGUN = 3
"""The most entries that are begun: of many that are not in memory, as after a start, most are stored."""

Careful = Callable[[str | None], None]
"""Called with the article that is rendered next."""

Stored = Callable[[Mapping[str, str]], Mapping[str, Fragments]]
"""Returns the fragments that are stored of entries, by article: called with what ``entry_source`` says of each."""


class Renderer:
    """Renders feeds, in one thread."""

    def __init__(
        self,
        memory: int = MAX_BYTES,
        entries: RenderEntries = render_entries,
        begin: BeginEntries | None = None,
    ) -> None:
        self._cache = FragmentCache(memory)
        self._entries = entries
        self._begin = begin
        self._refused: dict[str, tuple[str, str]] = {}

    def clear(self) -> None:
        """Clears the cache, so that the next feeds are rendered from scratch."""
        self._cache.clear()
        self._refused.clear()
        forget_sanitized()

    def memory_used(self) -> int:
        """Returns the bytes of the cached entries."""
        return self._cache.used

    def begin(self, feed: Feed, article_ids: Collection[str]) -> None:
        """Has these entries of a feed rendered while the caller goes on, if they are few; ``render`` waits for them."""
        if self._begin is None or not 0 < len(article_ids) <= MOST_BEGUN:
            return
        new = [
            entry
            for entry in feed.entries
            if entry.article_id in article_ids
            and self._cache.get(_key(feed, entry)) is None
            and self._refused_before(feed, entry) is None
        ]
        if new:
            self._begin(feed, new)

    def render(self, feed: Feed, careful: Careful | None = None, stored: Stored | None = None) -> RenderedFeed:
        """Returns the feed in every format. An entry that cannot be rendered is left out, with the reason.

        With ``careful``, new entries are rendered one by one: it is called before each, and with None at the end. What
        is not in memory is taken from ``stored``, if it is there.
        """
        alone, twice = _once_each(feed)
        found, left_out = self._fragments(replace(feed, entries=alone, deleted=()), careful, stored)
        left_out += _beyond_size(alone, found)
        shown = [entry for entry in alone if entry.article_id in found]
        entries = [
            RenderedEntry(entry.article_id, entry.id, found[entry.article_id].digest, found[entry.article_id])
            for entry in shown
        ]
        return replace(self.assemble(feed, entries), left_out=(*left_out, *twice))

    def assemble(self, feed: Feed, entries: Sequence[RenderedEntry]) -> RenderedFeed:
        """Returns the feed with these entries, which have their bytes; of ``feed``, only the head is rendered."""
        fragments = [entry.fragments for entry in entries if entry.fragments is not None]
        shown = [atom_id(entry.entry_id, feed.site) for entry in entries] if feed.deleted else []
        empty = replace(feed, entries=(), deleted=atom.deleted_entries(feed, shown))
        atom_head, _ = cut(atom.atom(empty, []), atom.ENTRY, atom.END)
        rss_head, _ = cut(rss.rss(empty, [], [f.rss for f in fragments if f.uses(rss.ITUNES)]), rss.ENTRY, rss.END)
        return RenderedFeed({"atom": atom_head, "rss": rss_head, "json": json_feed.head(empty)}, tuple(entries), ())

    def _fragments(
        self, feed: Feed, careful: Careful | None, stored: Stored | None
    ) -> tuple[dict[str, Fragments], list[LeftOut]]:
        found: dict[str, Fragments] = {}
        fresh: list[Entry] = []
        left_out: list[LeftOut] = []
        for entry in feed.entries:
            kept = self._cache.get(_key(feed, entry))
            if kept is not None:
                found[entry.article_id] = kept
            elif (reason := self._refused_before(feed, entry)) is not None:
                left_out.append(LeftOut(entry.article_id, reason))
            else:
                fresh.append(entry)
        by_id = {entry.article_id: entry for entry in fresh}
        known = stored({id: entry_source(feed, one) for id, one in by_id.items()}) if stored and by_id else {}
        made = self._made(feed, [entry for entry in fresh if entry.article_id not in known], careful)
        for id, fragments in (*known.items(), *made.fragments.items()):
            found[id] = fragments
            self._cache.put(_key(feed, by_id[id]), fragments, getsizeof(by_id[id].html))
        for item in made.left_out:
            self._refuse(feed, by_id[item.article_id], item.reason)
        return found, left_out + made.left_out

    def _made(self, feed: Feed, fresh: Sequence[Entry], careful: Careful | None) -> RenderedEntries:
        if careful is None or not fresh:
            return self._entries(feed, fresh) if fresh else RenderedEntries({}, [])
        made = RenderedEntries({}, [])
        for entry in fresh:
            careful(entry.article_id)
            one = self._entries(feed, [entry])
            made.fragments.update(one.fragments)
            made.left_out.extend(one.left_out)
        careful(None)
        return made

    def _refused_before(self, feed: Feed, entry: Entry) -> str | None:
        """Returns the reason if the same content was left out before, so that it costs its time only once."""
        known = self._refused.get(entry.article_id)
        return known[1] if known is not None and known[0] == entry_source(feed, entry) else None

    def _refuse(self, feed: Feed, entry: Entry, reason: str) -> None:
        self._refused[entry.article_id] = entry_source(feed, entry), reason
        if len(self._refused) > MOST_REFUSED:
            self._refused.pop(next(iter(self._refused)))


def _once_each(feed: Feed) -> tuple[tuple[Entry, ...], list[LeftOut]]:
    """Drops entries with duplicate ids: readers take two with the same id for one story, and show either."""
    shown: dict[str, Entry] = {}
    twice = []
    for entry in feed.entries:
        first = shown.setdefault(atom_id(entry.id, feed.site), entry)
        if first is not entry:
            twice.append(LeftOut(entry.article_id, f"its guid is also that of another story, {first.article_id}"))
    return tuple(shown.values()), twice


def _beyond_size(entries: Sequence[Entry], found: dict[str, Fragments]) -> list[LeftOut]:
    """Removes from ``found``, newest first, the entries that would make a document too large, and returns them."""
    if sum(fragments.largest for fragments in found.values()) <= LARGEST_DOCUMENT:
        return []
    size, left_out = 0, []
    for entry in entries:
        if entry.article_id not in found:
            continue
        more = found[entry.article_id].largest
        if size + more > LARGEST_DOCUMENT:
            del found[entry.article_id]
            words = f"its {more:,} bytes exceed the space that newer entries leave (maximum {LARGEST_DOCUMENT:,})"
            left_out.append(LeftOut(entry.article_id, words))
        else:
            size += more
    return left_out


def entry_source(feed: Feed, entry: Entry) -> str:
    """Returns a digest of everything that an entry's bytes depend on, the program's render revision included."""
    # Of a body, only its digest is written out: writing it all out takes nearly twice the time.
    short = replace(entry, html=_digest(entry.html))
    return _digest(repr((RENDER_REVISION, _key(feed, short))))


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _key(feed: Feed, entry: Entry) -> tuple[object, ...]:
    """Returns everything that an entry's bytes depend on: an article in several feeds is rendered once."""
    section, site = feed.section, feed.site
    home = (site.home_url, site.authority, site.authority_date)
    bodies = (section.content, section.summary_length, section.largest_body, section.media_enclosures)
    return (entry, bodies, section.language, section.podcast.explicit, home)
