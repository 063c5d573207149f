"""What tags and authors are found by: the beginnings of their words, in any script.

Both sides are slugs (``selection.term_slug``), so case, width and Latin accents make no difference.
"""

import re

from syndication.model.selection import TermKind, term_key, term_slug

LONGEST = 60
"""Characters of a beginning that are compared."""

MAX_BEGINNINGS = 24
"""The most beginnings of one term: of a long name in a script without spaces, the end is not found alone."""

MAX_WORDS = 5
"""The most words of a search that are read."""

# Han, kana, Thai, Lao, Burmese and Khmer put no space between words: there a word may begin at any letter.
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_BEGINNING = re.compile(rf"(?:^|(?<=-))[^-]|[{_SPACELESS}]")


def beginnings(key: str) -> tuple[str, ...]:
    """Returns the text of a term from each of its words on: ``green-energy`` and ``energy`` of ``green energy``."""
    slug = term_slug(key)
    found = dict.fromkeys(slug[match.start() :][:LONGEST] for match in _BEGINNING.finditer(slug))
    return tuple(found)[:MAX_BEGINNINGS]


def searched_slug(query: str, kind: TermKind = "tag") -> str:
    """Returns what a search means, as a slug of at most ``MAX_WORDS`` words; "" if it has no letters or digits."""
    words = term_slug(term_key(kind, query)).split("-")[:MAX_WORDS]
    return "-".join(word[:LONGEST] for word in words)
