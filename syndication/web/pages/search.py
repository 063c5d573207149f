"""The front page's search for feeds: each word must be in a feed's words. It needs no script and no database."""

import unicodedata
from collections.abc import Iterable

from syndication.model.values import Section
from syndication.web.pages.views import name_of

LONGEST_QUERY = 100
"""How many characters of a query are read."""


def search_words(query: str) -> tuple[str, ...]:
    """Returns the words of a query, sorted, each once: two queries with the same words have the same answer."""
    return tuple(sorted(set(_plain(query[:LONGEST_QUERY]).split())))


def words_of(section: Section) -> str:
    """Returns what a feed is found by: its name, description and slug, in lower case."""
    return " ".join(_plain(text) for text in (name_of(section), section.title, section.description, section.slug))


def found(sections: Iterable[Section], words: Iterable[str]) -> list[Section]:
    """Returns the feeds that have every word, also as a part of a longer one; all feeds if there is no word."""
    wanted = tuple(words)
    return [section for section in sections if all(word in words_of(section) for word in wanted)]


def _plain(text: str) -> str:
    """Returns the text in lower case, wide and narrow letters alike, without accents: ``Café`` is found by ``cafe``.

    ``pages.js`` does the same with what one types: change both.
    """
    spread = unicodedata.normalize("NFKD", text.lower())
    return unicodedata.normalize("NFC", "".join(letter for letter in spread if unicodedata.category(letter) != "Mn"))
