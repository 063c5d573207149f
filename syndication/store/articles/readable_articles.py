"""Reads the readable part of one stored article: another program may have written more than the limits allow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from syndication.model.json_types import MAX_SECTION_NAME
from syndication.model.values import Article, Author, Enclosure, Image
from syndication.store.articles.article_outlines import cut
from syndication.store.articles.article_sizes import PARTS, TEXTS, measure
from syndication.store.articles.articles import get_article
from syndication.store.tables.articles import ArticleCorrectionRow, ArticleRow


@dataclass(frozen=True, slots=True)
class ReadableArticle:
    """An article, and its incomplete fields, each with its problem."""

    article: Article
    errors: tuple[tuple[str, str], ...] = ()


def read_article(conn: Connection, article_id: str, most_html: int) -> ReadableArticle | None:
    """Returns the article, if any: whole, cut where it is over a limit, or without a body over ``most_html`` bytes.

    The database measures lengths first, so that omitted content is never in memory here.
    """
    bodies, over = measure(conn, [article_id])
    if article_id not in bodies:
        return None
    if article_id not in over and bodies[article_id] <= most_html:
        article = get_article(conn, article_id)
        return ReadableArticle(article) if article else None
    return read_cut(conn, article_id, bodies[article_id], most_html)


def read_cut(conn: Connection, article_id: str, body: int, most_html: int) -> ReadableArticle:
    """Returns the article with each text and list cut to its limit; ``body`` is the size of its html in bytes."""
    errors: list[tuple[str, str]] = []
    columns = [column for column in ArticleRow.__table__.c if column.name != "html" or body <= most_html]
    corrected = ArticleCorrectionRow.article_id == ArticleRow.id
    query = select(*(_begin(column, TEXTS) for column in columns), ArticleCorrectionRow.corrected_at)
    query = query.outerjoin(ArticleCorrectionRow, corrected).where(ArticleRow.id == article_id)
    values = _cut(dict(conn.execute(query).one()._mapping), TEXTS, "", errors)
    if body > most_html:
        values["html"] = ""
        errors.append(("html", f"has {body:,} bytes and is omitted here (maximum {most_html:,})"))
    for name, *_ in PARTS:
        part = _part(conn, article_id, name, errors)
        values[name] = next(iter(part), None) if name == "image" else tuple(part)
    return ReadableArticle(Article(**values), tuple(errors))


_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "sections": lambda row: row["section"],
    "authors": lambda row: Author(row["name"], row["email"], row["uri"], row["id"]),
    "tags": lambda row: row["tag"],
    "image": lambda row: Image(**{name: row[name] for name in Image.__dataclass_fields__}),
    "enclosures": lambda row: Enclosure(**{name: row[name] for name in Enclosure.__dataclass_fields__}),
}


def _part(conn: Connection, article_id: str, name: str, errors: list[tuple[str, str]]) -> list[Any]:
    """Returns the first items of a list that belongs to the article; the image is a list of one."""
    table, most, texts = next(part[1:] for part in PARTS if part[0] == name)
    if name == "sections":
        texts = {"section": MAX_SECTION_NAME}
    columns = table.__table__.c
    query = select(*(_begin(column, texts) for column in columns)).where(columns.article_id == article_id)
    if "position" in columns:
        query = query.order_by(columns.position)
    rows = [dict(row._mapping) for row in conn.execute(query.limit(most + 1))]
    if len(rows) > most:
        errors.append((name, f"has more than {most:,} items; only the first {most:,} are here"))
    return [_MAKERS[name](_cut(row, texts, f"{name}.{n}.", errors)) for n, row in enumerate(rows[:most])]


def _begin(column: ColumnElement[Any], texts: Mapping[str, int]) -> ColumnElement[Any]:
    """Selects the start of a text, with one character more than its limit, which shows that it is too long."""
    name = str(column.key)
    return cut(column, texts[name] + 1) if name in texts else column


def _cut(
    values: dict[str, Any], texts: Mapping[str, int], within: str, errors: list[tuple[str, str]]
) -> dict[str, Any]:
    for name, most in texts.items():
        if values[name] is not None and len(values[name]) > most:
            values[name] = values[name][:most]
            errors.append((f"{within}{name}", f"has more than {most:,} characters and is cut here"))
    return values
