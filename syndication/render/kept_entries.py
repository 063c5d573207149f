"""Puts published entries, whose articles are gone, back into a feed: byte for byte, cut out of its documents."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from syndication.model.fragments import ENDS, Fragments
from syndication.model.values import RenderedEntry
from syndication.render import atom, rss
from syndication.render.fragment_cache import cut
from syndication.render.json_feed import ITEMS

_DECODER = json.JSONDecoder()


def splice(
    rendered: Sequence[RenderedEntry],
    bodies: Mapping[str, bytes],
    published: Sequence[RenderedEntry],
    order: Sequence[str],
) -> list[RenderedEntry]:
    """Returns the entries of the articles of ``order``: those not in ``rendered`` are the published ones.

    ``bodies`` are the published documents by format, ``published`` their entries in order. Raises ValueError if the
    documents do not have those entries.
    """
    pieces = cut_entries(bodies)
    before = [replace(entry, fragments=piece) for entry, piece in zip(published, pieces, strict=True)]
    known = {entry.article_id: entry for entry in (*before, *rendered)}
    return [known[id] for id in order]


def cut_entries(bodies: Mapping[str, bytes]) -> list[Fragments]:
    """Returns the entries of published documents, in order; raises ValueError if these are not of one feed."""
    _, atoms = cut(bodies["atom"], atom.ENTRY, atom.END)
    _, items = cut(bodies["rss"], rss.ENTRY, rss.END)
    texts = _json_items(bodies["json"].decode())
    return [Fragments(*found) for found in zip(atoms, items, map(str.encode, texts), strict=True)]


def _json_items(text: str) -> list[str]:
    # Quotation marks in a text are escaped, so the first match begins the items.
    position, end_of_items = text.index(ITEMS) + len(ITEMS), ENDS["json"].decode()
    items = []
    while not text.startswith(end_of_items, position):
        _, end = _DECODER.raw_decode(text, position)
        items.append(text[position:end])
        position = end + text.startswith(",", end)
    return items
