"""What follows when a story is saved, said only if it will happen."""

from syndication.api.operations import caller, context
from syndication.dashboard.filters import time_filters
from syndication.dashboard.verdict import promise
from syndication.store.articles.article_outlines import read_outline
from syndication.store.articles.terms import read_terms
from syndication.store.articles.withdrawals import get_withdrawal


def story_promise(done: str, article_id: str) -> str:
    """Returns what was done with a story that the caller has just written, and when its feeds show that."""
    with context().database.read() as conn:
        article, gone = read_outline(conn, article_id), get_withdrawal(conn, article_id)
        feeds = context().settings.selections.select(read_terms(conn, [article_id]).get(article_id, frozenset()))
    if article is None or gone is not None or article.status == "withdrawn":
        return f"{done} It stays out of all feeds until someone restores it."
    if article.status == "draft" or article.published_at is None:
        return f"{done} No feed shows it until it is published."
    if article.published_at > caller().now:
        return promise(done, f"Publishes automatically on {time_filters().text(article.published_at)}.", feeds)
    return promise(done, "Feeds have it within about a second.", feeds)
