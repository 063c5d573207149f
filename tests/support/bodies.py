"""Bodies as readers get them, for tests."""

from syndication.render.html import sanitize

PAGE = "https://h.example/news/1"


def body(html: str, **more) -> str:
    """Returns the body of the article at ``PAGE`` as it is published; ids have the prefix ``e1-``."""
    return sanitize(html, PAGE, "e1-", **more).html


def link(address: str, words: str) -> str:
    return f'<a href="{address}">{words}</a>'


def paragraph(address: str, words: str) -> str:
    return f"<p>{link(address, words)}</p>"
