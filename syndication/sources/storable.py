"""A story that was read, as the article that the store would take: what every source decides in the same way. Pure."""

from dataclasses import replace

from syndication.config.source_schema import SourceTable
from syndication.errors import ArticleError
from syndication.model.access import access_level
from syndication.model.article_json import dump_article, parse_article
from syndication.model.values import Article
from syndication.sources.reader import Found
from syndication.store.articles import articles


def storable(found: Found, table: SourceTable) -> tuple[Article | None, str]:
    """Returns the article as the API would store it, and an empty text; or why it is refused."""
    if found.article is None:
        return None, found.refused or "it cannot be read"
    article = found.article
    if article.access:  # Whatever it is called there, what is not for everybody is for members.
        article = replace(article, access=access_level(article.access))
    if not article.sections and table.section:
        article = replace(article, sections=(table.section,))
    try:
        parsed = parse_article(dump_article(article), {})
        articles.validate(parsed)
    except ArticleError as error:
        return article, str(error)
    return parsed, found.refused
