"""Fields that no reader could use: those for which an entry is left out, and those without which it is shown."""

from collections.abc import Iterator

from syndication.model.addresses import web_address
from syndication.model.values import Entry
from syndication.render.text import one_line, visible_line

FieldFault = tuple[str, str]
"""The field of the article, like ``enclosures.0.url``, and what is wrong with it."""


def unusable_fields(entry: Entry) -> Iterator[FieldFault]:
    """Yields the faults for which the entry is left out of every feed."""
    if not visible_line(entry.title):
        yield "title", "has no printable characters: add a title"
    if web_address(entry.url) is None:
        yield "url", _not_an_address(entry.url)
    if not visible_line(entry.id):
        yield "guid", "has no printable characters: change or remove it"


def dropped_fields(entry: Entry) -> Iterator[FieldFault]:
    """Yields the addresses without which the entry is shown."""
    if entry.image is not None and web_address(entry.image.url) is None:
        yield "image.url", _not_an_address(entry.image.url)
    for number, file in enumerate(entry.enclosures):
        if web_address(file.url) is None:
            yield f"enclosures.{number}.url", _not_an_address(file.url)
    for number, author in enumerate(entry.authors):
        if author.uri and web_address(author.uri) is None:
            yield f"authors.{number}.uri", _not_an_address(author.uri)


def _not_an_address(url: str) -> str:
    return f"{one_line(url)!r} is not an http or https address"
