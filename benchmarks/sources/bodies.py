"""Texts of stories in the CMS' own database, from which SQL makes as many stories as wanted."""

from collections.abc import Callable
from itertools import islice

import pymysql.converters

from benchmarks import newsroom
from benchmarks.options import Options

TABLE = "bench_body"
NUMBER = 200
"""The number of different texts."""

LENGTHS = (2_000, 6_000)
AT_ONCE = 5_000
"""Stories written in one statement."""


def write(execute: Callable[[str], object], options: Options) -> None:
    """Writes the table with columns n, title, body and summary; the body has WordPress' blocks."""
    execute(
        f"CREATE TABLE {TABLE} (n INT PRIMARY KEY, title TEXT, body MEDIUMTEXT, summary TEXT) CHARACTER SET utf8mb4"
    )
    found = newsroom.articles(NUMBER, 1, LENGTHS, options.articles)
    for n, article in enumerate(islice(found, NUMBER)):
        values = (article.title, blocks(article.html), article.summary or "")
        execute(f"INSERT INTO {TABLE} VALUES ({n}, {', '.join(map(_quoted, values))})")


def blocks(html: str) -> str:
    """Returns html as the block editor stores it."""
    return "\n\n".join(f"<!-- wp:{_kind(part)} -->\n{part}\n<!-- /wp:{_kind(part)} -->" for part in html.split("\n"))


def _kind(part: str) -> str:
    return "paragraph" if part.startswith("<p>") else "html"


def _quoted(text: str) -> str:
    return f"'{pymysql.converters.escape_string(text)}'"
