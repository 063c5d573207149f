"""Renders entries to fragments: in this process, or in a child process (``isolated``)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from syndication.errors import UnrenderableArticleError
from syndication.model.fragments import Fragments
from syndication.model.values import Entry, Feed, LeftOut
from syndication.render import atom, rss
from syndication.render.clean_entry import CleanEntry, clean
from syndication.render.fragment_cache import cut
from syndication.render.json_feed import item

LARGEST_ENTRY = 64 * 2**20
"""Bytes of an entry in one format: a body of the largest size with every tag escaped."""


@dataclass(frozen=True, slots=True)
class RenderedEntries:
    """Fragments by article, and the entries that are left out."""

    fragments: dict[str, Fragments]
    left_out: list[LeftOut]


def render_entries(feed: Feed, entries: Sequence[Entry]) -> RenderedEntries:
    """Renders entries in one batch, because each document costs as much as its head."""
    made, cleaned = RenderedEntries({}, []), []
    for found in clean_each(feed, entries):
        if isinstance(found, LeftOut):
            made.left_out.append(found)
        else:
            cleaned.append(found)
    fragments, refused = write_entries(feed, cleaned)
    made.fragments.update(fragments)
    made.left_out.extend(refused)
    return made


def clean_each(feed: Feed, entries: Sequence[Entry]) -> Iterator[CleanEntry | LeftOut]:
    """Yields each entry cleaned, or the reason why it is left out."""
    for entry in entries:
        try:
            yield clean(entry, feed.site, feed.section)
        except UnrenderableArticleError as error:
            yield LeftOut(error.article_id, error.reason)


def write_entries(feed: Feed, entries: Sequence[CleanEntry]) -> tuple[dict[str, Fragments], list[LeftOut]]:
    """Writes all entries in one document; one by one only to find those that XML cannot hold."""
    if not entries:
        return {}, []
    try:
        _, atoms = cut(atom.atom(feed, entries), atom.ENTRY, atom.END)
        _, items = cut(rss.rss(feed, entries), rss.ENTRY, rss.END)
        texts = [item(cleaned).encode() for cleaned in entries]
    except ValueError as error:
        if len(entries) == 1:
            return {}, [LeftOut(entries[0].article_id, f"it cannot be written as XML: {error}")]
        made: dict[str, Fragments] = {}
        refused: list[LeftOut] = []
        for cleaned in entries:
            one, bad = write_entries(feed, [cleaned])
            made |= one
            refused += bad
        return made, refused
    parts = zip(entries, atoms, items, texts, strict=True)
    return _within_bounds({cleaned.article_id: Fragments(a, r, j) for cleaned, a, r, j in parts})


def _within_bounds(rendered: dict[str, Fragments]) -> tuple[dict[str, Fragments], list[LeftOut]]:
    """Leaves out entries that alone would fill a document."""
    large = {id: size for id, fragments in rendered.items() if (size := fragments.largest) > LARGEST_ENTRY}
    kept = {id: fragments for id, fragments in rendered.items() if id not in large}
    words = "its feed entry has {:,} bytes (maximum {:,})"
    return kept, [LeftOut(id, words.format(size, LARGEST_ENTRY)) for id, size in large.items()]
