"""Cuts text where a reader would: at a word in every script, and never inside a character as readers see it."""

from itertools import accumulate, takewhile

import regex
from icu4py.breakers import BaseBreaker, CharacterBreaker, LineBreaker, WordBreaker

AHEAD = 64
"""Characters read behind the limit, to see where the word there ends. More belongs to no word, but to a URL."""

LATE = 0.8
"""A clause of a script without spaces may end from here on; before, cutting there would lose too much."""

# Neither a space, a comma nor an opening bracket or quotation mark belongs before an ellipsis. (In German, “ closes.)
# Searched from the end, so that it costs nothing.
_TRAILING = regex.compile(r"(?r)(?:[\s\u00ad\u200b,.;:/、，。．；：・·–—-]|(?<=\s)[\p{Ps}\p{Pi}])+\Z")

_CLAUSES = frozenset("。．！？；：、，｡､")
"""Punctuation of Chinese and Japanese, which no space follows."""


def shorten(text: str, length: int) -> str:
    """Returns ``text`` cut to at most ``length`` characters, with an ellipsis if it was cut.

    The cut is between grapheme clusters and, where possible, at the end of a word (UAX 29; Thai, Lao, Khmer, Burmese,
    Chinese and Japanese by ICU's dictionaries) where a line may end (UAX 14). Chinese and Japanese are cut at a clause
    that ends near the limit.
    """
    if len(text) <= length:
        return text
    window, room = text[: length + AHEAD], length - 1
    # Behind a space, every rule starts afresh, so the first half is not read.
    start = text.rfind(" ", 0, length // 2) + 1
    whole = _ends(CharacterBreaker, window, start, room)
    # A text may be one cluster longer than the limit, such as a letter with a thousand accents.
    at = _word_end(window, whole, start, room) or max(whole, default=room)
    return f"{_TRAILING.sub('', text[:at])}…"


def _word_end(window: str, whole: set[int], start: int, room: int) -> int | None:
    """Returns the best end of a word; None if a single word takes half the room."""
    lines = _ends(LineBreaker, window, start, room)
    words = whole & _ends(WordBreaker, window, start, room)
    found = sorted(at for at in words if at > room // 2 and (at in lines or window[at].isspace()))
    clauses = (at for at in reversed(found) if at >= LATE * room and window[at - 1] in _CLAUSES)
    return next(clauses, found[-1] if found else None)


def _ends(breaker: type[BaseBreaker], window: str, start: int, room: int) -> set[int]:
    """Returns the places behind ``start`` and within the room where a segment ends."""
    lengths = map(len, breaker(window[start:], "en"))
    return set(takewhile(lambda at: at <= room, accumulate(lengths, initial=start))) - {start}
