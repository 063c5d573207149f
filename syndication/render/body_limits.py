"""What a body may be before the sanitizer sees it: its size, its elements, how deep they nest, what is left open.

The sanitizer builds the tree of a body as browsers do (HTML standard, section 13.2.6), and two things in that are not
linear: what is done for each tag takes longer the deeper it stands, and formatting elements that are left open are
made anew in each block that follows. So the tree is counted first, by a model that makes no nodes and stops at a bound.
It may err by a few elements: what gets past it meets the limits of time and memory (``isolated``).
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from syndication.model.field_limits import MAX_HTML
from syndication.render.element_counter import (
    DEEPEST,
    FORMATTING,
    MOST_ELEMENTS,
    MOST_FORMATTING,
    VOID,
    ElementCounter,
    LimitExceeded,
)

MOST_ATTRIBUTES = 200
"""Of one element: each is compared with all before it."""

LARGEST_RESULT = 32 * 2**20
"""Characters of a sanitized body: closing what was left open adds a little, never more than as much again."""

FEW_TAGS, SHORT_TAG = 400, 2 * MOST_ATTRIBUTES
"""Fewer tags than any bound, each too short for too many attributes, need no count: almost all articles are so."""

_LONG_TAG = re.compile(rf"<[a-zA-Z][^>]{{{SHORT_TAG}}}")

# HTML standard, section 13.2.5: what begins a tag, and what begins a comment.
_OPENING = re.compile(r"<(?:(/?)([a-zA-Z][^\t\n\f\r />]*+)|[!?/])")

# The rest of a tag. Quotes count behind an equals sign alone. Possessive, so that nothing is ever tried twice.
_REST = re.compile(r"""((?:[^>"'=]++|=[\t\n\f\r ]*+(?:"[^"]*+"|'[^']*+')?+|["'])*+)>""")

_ATTRIBUTE = re.compile(r"""[^\t\n\f\r />=]++(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:"[^"]*+"|'[^']*+'|[^\t\n\f\r >]*+))?+""")

_TEXT_ONLY = {"script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "textarea", "title", "plaintext"}
"""Elements in which there is no tag but their own end (HTML standard, section 13.2.6.2)."""

_ENDS = {name: re.compile(rf"</{name}[\t\n\f\r />]", re.IGNORECASE) for name in _TEXT_ONLY - {"plaintext"}}


def exceeds_limits(html: str, part: str = "body") -> str | None:
    """The reason, for editors, why this part of an article is not rendered; None for one within all bounds."""
    reason = _beyond(html)
    return reason.replace("its body", f"its {part}") if reason else None


def _beyond(html: str) -> str | None:
    if len(html) > MAX_HTML:
        return f"its body has {len(html):,} characters: at most {MAX_HTML:,}"
    if html.count("<") <= FEW_TAGS and not _LONG_TAG.search(html):
        return None
    counter = ElementCounter()
    try:
        _read(html, counter)
    except LimitExceeded as found:
        return found.reason or _REASONS[found.kind](_Failure(*_simply(html)))
    return None


def too_large(sanitized: str) -> str | None:
    """The reason why a sanitized body is not published, None if it may be."""
    if len(sanitized) <= LARGEST_RESULT:
        return None
    return f"its body has {len(sanitized):,} characters when it is cleaned up: at most {LARGEST_RESULT:,}"


class _Failure(NamedTuple):
    """Plain counts for words: of start tags, of those that are open at once, of formatting elements left open."""

    tags: int
    depth: int
    formatting: int


_REASONS: dict[str, Callable[[_Failure], str]] = {
    "depth": lambda told: f"its body nests {max(told.depth, DEEPEST + 1):,} elements deep: at most {DEEPEST:,}",
    "elements": lambda told: _elements(told.tags),
    "formatting": lambda told: (
        f"its body leaves {max(told.formatting, MOST_FORMATTING + 1):,} formatting elements (like b, i, a and font)"
        f" open at once: at most {MOST_FORMATTING}"
    ),
}


def _elements(tags: int) -> str:
    if tags > MOST_ELEMENTS:
        return f"its body has {tags:,} elements: at most {MOST_ELEMENTS:,}"
    return (
        f"its body of {tags:,} tags becomes more than {MOST_ELEMENTS:,} elements, which is the most: formatting"
        " elements that are not closed are repeated in each block that follows"
    )


def _read(html: str, counter: ElementCounter) -> None:
    """Give the counter each tag, as browsers find them; raises TooMuch."""
    place = 0
    while opening := _OPENING.search(html, place):
        if opening.start() > place:
            counter.text(html, place, opening.start())
        name = opening[2]
        if name is None:
            place = _behind_comment(html, opening.start())
            continue
        rest = _REST.match(html, opening.end())
        if rest is None:
            return  # It never ends: a tag that is not complete is none.
        place = rest.end()
        name, attributes = name.lower(), rest[1]
        if opening[1]:
            counter.end(name)
            continue
        if len(attributes) > SHORT_TAG and (number := len(_ATTRIBUTE.findall(attributes))) > MOST_ATTRIBUTES:
            raise LimitExceeded(
                "attributes", f"an element of its body has {number:,} attributes: at most {MOST_ATTRIBUTES}"
            )
        counter.start(name, attributes)
        if name in _TEXT_ONLY and not counter.in_foreign:
            end = _ENDS[name].search(html, place) if name in _ENDS else None
            if end is None:
                return
            place = end.start()
    if place < len(html):
        counter.text(html, place, len(html))


def _behind_comment(html: str, start: int) -> int:
    """Where the comment that begins at ``start`` has ended."""
    if not html.startswith("<!--", start):
        end = html.find(">", start)
        return end + 1 if end >= 0 else len(html)
    if html.startswith(("<!-->", "<!--->"), start):
        return html.index(">", start) + 1
    end = html.find("-->", start + 4)
    return end + 3 if end >= 0 else len(html)


def _simply(html: str) -> tuple[int, int, int]:
    """Start tags, the greatest number of them that were open at once, and those of formatting left open."""
    tags = depth = deepest = formatting = most = 0
    for opening in _OPENING.finditer(html):
        name = (opening[2] or "").lower()
        if not name or name in VOID:
            continue
        step = -1 if opening[1] else 1
        tags += step > 0
        depth = max(depth + step, 0)
        deepest = max(deepest, depth)
        if name in FORMATTING:
            formatting = max(formatting + step, 0)
            most = max(most, formatting)
    return tags, deepest, most
