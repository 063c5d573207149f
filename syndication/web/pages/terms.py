"""Tags and authors on the front page: what a search returns, and how it is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from syndication.model.values import Site
from syndication.web.pages.views import Address, addresses, page_url


@dataclass(frozen=True, slots=True)
class FoundTerm:
    """A tag or an author that a search found; ``slug`` is that of its feed, ``tag/ferries``."""

    kind: str
    name: str
    slug: str


FindTerms = Callable[[str, Mapping[str, Any]], tuple[FoundTerm, ...] | None]
"""Finds terms by the words of a request (WSGI environ); None: it cannot be said now."""


@dataclass(frozen=True, slots=True)
class ShownTerm:
    """A found tag or author, with the URL of its page and its feed in Atom."""

    name: str
    kind: str
    page: str
    feed: Address


def shown_terms(site: Site, found: tuple[FoundTerm, ...]) -> list[ShownTerm]:
    """Returns what the template shows of them."""
    return [
        ShownTerm(one.name, one.kind.capitalize(), page_url(site, one.slug), addresses(site, one.slug)[0])
        for one in found
    ]
