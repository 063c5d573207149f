"""What the readers of feed files return, and what they share: required fields, numbers, plain text as HTML."""

import math
import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from syndication.errors import ArticleError
from syndication.importing.node import SPACE
from syndication.model.article_json import slugify
from syndication.model.json_types import MAX_NUMBER
from syndication.model.visible_text import is_visible
from syndication.render.shorten import shorten
from syndication.render.summary import plain

Fields = dict[str, Any]
"""An article as JSON, and under ``FEED`` what only concerns the feed."""

Items = Iterator[tuple[int, Callable[[], Fields]]]
"""Each item's number and a function that returns its article fields, so that a bad item does not stop the others."""

FEED = "feed"
"""The field with what ``own_feed`` needs: the feed's ``url``, ``categories`` as pairs of text and scheme, ``full``
(whether there was a body beside the summary) and ``author_inherited``. It is not part of the article."""

TITLE_LENGTH = 80
"""Characters of the body used in place of a missing title, which RSS and JSON Feed allow."""

_BLANK_LINES = re.compile(r"\n\s*\n")


def identity(guid: Any, url: Any, title: Any, html: Any) -> Fields:
    """Returns an article's required fields; raises ArticleError for an item without them."""
    if not guid:
        raise ArticleError("no ID and no address to identify it")
    if not url:
        raise ArticleError("no address: add a link (in JSON Feed, url)")
    if isinstance(title, str) and not is_visible(title):
        title = None
    title = title or (shorten(plain(html), TITLE_LENGTH) if isinstance(html, str) else None)
    if not title:
        raise ArticleError("no title and no text")
    return {"id": guid, "guid": guid, "url": url, "title": title, "slug": slugify(str(title))}


def number(value: Any, largest: int = MAX_NUMBER) -> int | None:
    """Returns a length or a duration; None, which both may be, for an unusable value."""
    try:
        found = math.floor(float(value)) if isinstance(value, str | int | float) else -1
    except (ValueError, OverflowError):
        return None
    return found if 0 <= found <= largest else None


def text_to_html(text: str) -> str:
    """Returns plain text as HTML: characters escaped, a paragraph for each block between blank lines."""
    paragraphs = _BLANK_LINES.split(text.replace("\r\n", "\n").strip(SPACE))
    return "".join(f"<p>{escape(part.strip(SPACE), quote=False)}</p>" for part in paragraphs if part.strip())
