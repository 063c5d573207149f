"""Computes digests of stored articles, with few bodies in memory at the same time."""

from collections.abc import Callable, Collection, Iterator, Mapping

from sqlalchemy import Connection

from syndication.model.values import Article
from syndication.store.articles.article_sizes import measure
from syndication.store.articles.articles import load_articles
from syndication.store.articles.shown_articles import content_digest

BYTES_AT_ONCE = 4 * 1024 * 1024
"""Bytes of the bodies that are read together, unless a single one is larger."""


def stored_digests(
    conn: Connection, ids: Collection[str], digest_of: Callable[[Article], str] = content_digest
) -> dict[str, str]:
    """Returns the digest of each of these articles. One over a limit has none: no feed can hold its content."""
    bodies, over = measure(conn, sorted(ids))
    found: dict[str, str] = {}
    for some in _groups({id: size for id, size in bodies.items() if id not in over}):
        found.update((id, digest_of(article)) for id, article in load_articles(conn, some).items())
    return found


def _groups(bodies: Mapping[str, int]) -> Iterator[list[str]]:
    some: list[str] = []
    total = 0
    for id, size in bodies.items():
        if some and total + size > BYTES_AT_ONCE:
            yield some
            some, total = [], 0
        some.append(id)
        total += size
    if some:
        yield some
