"""The renderer that a worker keeps: only entries that it has not seen are rendered by feedgen.

``reference`` renders the same feed without any reuse; a test holds the two to the same bytes.
"""

from collections.abc import Sequence
from dataclasses import replace

from syndication.errors import Unrenderable
from syndication.feeds import Entry, Feed, LeftOut, Rendered, RenderedEntry
from syndication.render import atom, rss
from syndication.render.cleaned import Cleaned, atom_id, clean
from syndication.render.fragments import MEMORY, FragmentCache, Fragments, cut
from syndication.render.html import forget_sanitized
from syndication.render.jsonfeed import item, jsonfeed


class Renderer:
    """Renders feeds, in one thread."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._cache = FragmentCache(memory)

    def clear(self) -> None:
        """Forget what was rendered, so that the next feeds are rendered anew."""
        self._cache.clear()
        forget_sanitized()

    def memory_used(self) -> int:
        """Bytes of the entries that are kept."""
        return self._cache.used

    def render(self, feed: Feed) -> Rendered:
        """The feed in every format. An entry that cannot be rendered is left out, with the reason."""
        alone, twice = _once_each(feed)
        found, left_out = self._fragments(replace(feed, entries=alone))
        shown = [entry for entry in alone if entry.article_id in found]
        fragments = [found[entry.article_id] for entry in shown]
        empty = replace(feed, entries=())
        atom_head, _ = cut(atom.atom(empty, []), atom.ENTRY, atom.END)
        rss_head, _ = cut(rss.rss(empty, []), rss.ENTRY, rss.END)
        return Rendered(
            bodies={
                "atom": b"".join([atom_head, *(f.atom for f in fragments), atom.END]),
                "rss": b"".join([rss_head, *(f.rss for f in fragments), rss.END]),
                "json": jsonfeed(empty, [f.json for f in fragments]),
            },
            entries=tuple(
                RenderedEntry(entry.article_id, entry.id, fragment.digest)
                for entry, fragment in zip(shown, fragments, strict=True)
            ),
            left_out=(*left_out, *twice),
        )

    def _fragments(self, feed: Feed) -> tuple[dict[str, Fragments], list[LeftOut]]:
        found: dict[str, Fragments] = {}
        fresh: list[Cleaned] = []
        left_out: list[LeftOut] = []
        for entry in feed.entries:
            kept = self._cache.get(_key(feed, entry))
            if kept is not None:
                found[entry.article_id] = kept
                continue
            try:
                fresh.append(clean(entry, feed.site, feed.section))
            except Unrenderable as error:
                left_out.append(LeftOut(error.article_id, error.reason))
        made, refused = _render_entries(feed, fresh)
        for cleaned in fresh:
            if cleaned.article_id in made:
                found[cleaned.article_id] = made[cleaned.article_id]
                self._cache.put(_key(feed, cleaned.entry), made[cleaned.article_id])
        return found, left_out + refused


def _once_each(feed: Feed) -> tuple[tuple[Entry, ...], list[LeftOut]]:
    """Entries of different ids: readers take two of the same for one story, and which one they show is chance."""
    shown: dict[str, Entry] = {}
    twice = []
    for entry in feed.entries:
        first = shown.setdefault(atom_id(entry.id, feed.site), entry)
        if first is not entry:
            twice.append(LeftOut(entry.article_id, f"its guid is that of another story, {first.article_id}"))
    return tuple(shown.values()), twice


def _key(feed: Feed, entry: Entry) -> tuple[object, ...]:
    """Everything that an entry's bytes depend on: an article that stands in several feeds is rendered once."""
    section, site = feed.section, feed.site
    home = (site.home_url, site.authority, site.authority_date)
    return (entry, section.content, section.summary_length, section.language, home)


def _render_entries(feed: Feed, entries: Sequence[Cleaned]) -> tuple[dict[str, Fragments], list[LeftOut]]:
    """In one batch, because a document costs as much as its head; one by one only to find what XML refuses."""
    if not entries:
        return {}, []
    try:
        _, atoms = cut(atom.atom(feed, entries), atom.ENTRY, atom.END)
        _, items = cut(rss.rss(feed, entries), rss.ENTRY, rss.END)
        texts = [item(cleaned) for cleaned in entries]
        for text in texts:
            text.encode()
    except ValueError as error:
        if len(entries) == 1:
            return {}, [LeftOut(entries[0].article_id, f"it cannot be written as XML: {error}")]
        made: dict[str, Fragments] = {}
        refused: list[LeftOut] = []
        for cleaned in entries:
            one, bad = _render_entries(feed, [cleaned])
            made |= one
            refused += bad
        return made, refused
    parts = zip(entries, atoms, items, texts, strict=True)
    return {cleaned.article_id: Fragments(a, r, j) for cleaned, a, r, j in parts}, []
