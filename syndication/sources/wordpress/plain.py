"""Texts of WordPress that are HTML there and plain text in an article: titles, names, captions."""

from selectolax.lexbor import LexborHTMLParser

from syndication.render.text import visible_line

OPENING = 60
"""Characters of the text that stand in for a missing title."""


def plain(html: str) -> str:
    """Returns the text of a piece of HTML on one line; empty if a reader would see nothing."""
    if "<" not in html and "&" not in html:
        return visible_line(html)
    body = LexborHTMLParser(f"<body>{html}").body
    return visible_line(body.text() if body else "")


def opening(html: str) -> str:
    """Returns the first words of a text, for a post without a title."""
    text = plain(html)
    return text if len(text) <= OPENING else f"{text[:OPENING].rpartition(' ')[0] or text[:OPENING]}…"
