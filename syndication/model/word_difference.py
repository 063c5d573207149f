"""The difference of two texts by words: what is the same, what is gone, and what is new. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_TOKENS = re.compile(r"<[^<>]*>|[^\W_]+|\s+|.", re.DOTALL)

_LETTERS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0e7f]")
"""Scripts that are written without spaces: each letter counts as a word."""

MAX_COMPARED = 2_000
"""Tokens on each side that are compared one by one, after what is the same at both ends: the cost is their square."""

CONTEXT = 12
"""Tokens of unchanged text that are kept around a change."""

Kind = Literal["same", "gone", "new", "skipped"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a difference; ``text`` is empty for unchanged text that is ``skipped``."""

    kind: Kind
    text: str


def difference(before: str, after: str) -> list[Piece]:
    """Returns the pieces from ``before`` to ``after``, in order; none if they are equal.

    Joined, the pieces that are not new give ``before`` and those that are not gone ``after``, except for skipped text.
    """
    if before == after:
        return []
    old, new = _tokens(before), _tokens(after)
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    pieces = [("same", old[:start]), *_compare(inner_old, inner_new), ("same", old[len(old) - end :])]
    return list(_shortened(pieces))


def _tokens(text: str) -> list[str]:
    """Returns the words, tags, spaces and signs of a text."""
    found: list[str] = []
    for token in _TOKENS.findall(text):
        found += list(token) if _LETTERS.search(token) and not token.startswith("<") else [token]
    return found


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Returns how many tokens both begin with."""
    least = min(len(one), len(other))
    return next((place for place in range(least) if one[place] != other[place]), least)


def _compare(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Kind, Sequence[str]]]:
    if max(len(old), len(new)) > MAX_COMPARED:
        yield "gone", old
        yield "new", new
        return
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "same", old[a:b]
        else:
            yield "gone", old[a:b]
            yield "new", new[c:d]


def _shortened(pieces: Sequence[tuple[Kind, Sequence[str]]]) -> Iterator[Piece]:
    """Yields the pieces, of unchanged text only what is near a change."""
    given = [(kind, tokens) for kind, tokens in pieces if tokens]
    for place, (kind, tokens) in enumerate(given):
        if kind != "same" or len(tokens) <= 2 * CONTEXT:
            yield Piece(kind, "".join(tokens))
            continue
        if place > 0:
            yield Piece("same", "".join(tokens[:CONTEXT]))
        yield Piece("skipped", "")
        if place < len(given) - 1:
            yield Piece("same", "".join(tokens[-CONTEXT:]))
