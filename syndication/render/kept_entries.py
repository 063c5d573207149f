"""Puts published entries, whose articles are gone, back into a feed: byte for byte, cut out of its documents."""

import json
from collections.abc import Mapping, Sequence

from syndication.model.fragments import Fragments
from syndication.model.values import RenderedEntry, RenderedFeed
from syndication.render import atom, rss
from syndication.render.fragment_cache import cut

ITEMS, JSON_END = ',"items":[', "]}"
"""Around the items of a JSON Feed. Quotation marks in a text are escaped, so the first one begins the items."""

_DECODER = json.JSONDecoder()


def splice(
    rendered: RenderedFeed, bodies: Mapping[str, bytes], published: Sequence[RenderedEntry], order: Sequence[str]
) -> RenderedFeed:
    """Returns the feed with the articles of ``order``: those not in ``rendered`` have their published entries.

    ``bodies`` are the published documents by format, ``published`` their entries in order. Raises ValueError if the
    documents do not have those entries.
    """
    known = {entry.article_id: entry for entry in (*published, *rendered.entries)}
    return RenderedFeed(
        bodies={
            format: _splice(format, body, rendered.entries, bodies[format], published, order)
            for format, body in rendered.bodies.items()
        },
        entries=tuple(known[id] for id in order),
        left_out=rendered.left_out,
    )


def cut_entries(bodies: Mapping[str, bytes]) -> list[Fragments]:
    """Returns the entries of published documents, in order; raises ValueError if these are not of one feed."""
    atoms, items, texts = (_parts(format, bodies[format])[1] for format in ("atom", "rss", "json"))
    return [Fragments(a, r, j.decode()) for a, r, j in zip(atoms, items, texts, strict=True)]


def _splice(
    format: str,
    body: bytes,
    entries: Sequence[RenderedEntry],
    old_body: bytes,
    old_entries: Sequence[RenderedEntry],
    order: Sequence[str],
) -> bytes:
    _, before, _ = _parts(format, old_body)
    head, pieces, end = _parts(format, body)
    found = {entry.article_id: piece for entry, piece in zip(old_entries, before, strict=True)}
    found |= {entry.article_id: piece for entry, piece in zip(entries, pieces, strict=True)}
    return head + (b"," if format == "json" else b"").join(found[id] for id in order) + end


def _parts(format: str, body: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Returns the head of a document, its entries, and its end."""
    if format == "json":
        head, items = _json_items(body.decode())
        return head.encode(), [item.encode() for item in items], JSON_END.encode()
    delimiters, end = (atom.ENTRY, atom.END) if format == "atom" else (rss.ENTRY, rss.END)
    start, pieces = cut(body, delimiters, end)
    return start, pieces, end


def _json_items(text: str) -> tuple[str, list[str]]:
    position = text.index(ITEMS) + len(ITEMS)
    head, items = text[:position], []
    while not text.startswith(JSON_END, position):
        _, end = _DECODER.raw_decode(text, position)
        items.append(text[position:end])
        position = end + text.startswith(",", end)
    return head, items
