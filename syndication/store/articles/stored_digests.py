"""Computes digests of stored articles, with few bodies in memory at the same time."""

from collections.abc import Callable, Collection

from sqlalchemy import Connection

from syndication.model.size_groups import group_by_size
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
    readable = [id for id in bodies if id not in over]
    for some in group_by_size(readable, bodies.__getitem__, BYTES_AT_ONCE):
        found.update((id, digest_of(article)) for id, article in load_articles(conn, some).items())
    return found
