"""The limits of a body before it is sanitized: its size, its elements, their nesting, and unclosed elements.

The sanitizer builds the tree of a body as browsers do (HTML standard, section 13.2.6), and two steps are not linear:
the work for each tag grows with its depth, and unclosed formatting elements are repeated in each block that follows. So
the elements are counted first, by a model that creates no nodes and stops at a limit. It may be off by a few elements:
bodies that it misses meet the limits of time and memory (``isolated``).
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
"""Of one element: each attribute is compared with all before it."""

LARGEST_RESULT = 32 * 2**20
"""Characters of a sanitized body: closing unclosed elements adds a little, and at most doubles it."""

FEW_TAGS, SHORT_TAG = 400, 2 * MOST_ATTRIBUTES
"""A body with few tags, each too short for too many attributes, needs no count: almost all articles are like this."""

_LONG_TAG = re.compile(rf"<[a-zA-Z][^>]{{{SHORT_TAG}}}")

# HTML standard, section 13.2.5: the start of a tag, and of a comment.
_OPENING = re.compile(r"<(?:(/?)([a-zA-Z][^\t\n\f\r />]*+)|[!?/])")

# The rest of a tag. Quotes count only after an equals sign. Possessive, so nothing is tried twice.
_REST = re.compile(r"""((?:[^>"'=]++|=[\t\n\f\r ]*+(?:"[^"]*+"|'[^']*+')?+|["'])*+)>""")

_ATTRIBUTE = re.compile(r"""[^\t\n\f\r />=]++(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:"[^"]*+"|'[^']*+'|[^\t\n\f\r >]*+))?+""")

_TEXT_ONLY = {"script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "textarea", "title", "plaintext"}
"""Elements that contain no tag but their own end tag (HTML standard, section 13.2.6.2)."""

_ENDS = {name: re.compile(rf"</{name}[\t\n\f\r />]", re.IGNORECASE) for name in _TEXT_ONLY - {"plaintext"}}


def exceeds_limits(html: str, part: str = "body") -> str | None:
    """Returns the reason, for editors, why this part of an article is not rendered; None if it is within all limits."""
    reason = _beyond(html)
    return reason.replace("its body", f"its {part}") if reason else None


def _beyond(html: str) -> str | None:
    if len(html) > MAX_HTML:
        return f"its body has {len(html):,} characters (maximum {MAX_HTML:,})"
    if html.count("<") <= FEW_TAGS and not _LONG_TAG.search(html):
        return None
    counter = ElementCounter()
    try:
        _read(html, counter)
    except LimitExceeded as found:
        return found.reason or _REASONS[found.kind](_Failure(*_simply(html)))
    return None


def too_large(sanitized: str) -> str | None:
    """Returns the reason why a sanitized body is not published; None if it is published."""
    if len(sanitized) <= LARGEST_RESULT:
        return None
    return f"its body has {len(sanitized):,} characters once sanitized (maximum {LARGEST_RESULT:,})"


class _Failure(NamedTuple):
    """Simple counts for the reason: start tags, tags open at the same time, formatting elements left open."""

    tags: int
    depth: int
    formatting: int


_REASONS: dict[str, Callable[[_Failure], str]] = {
    "depth": lambda counts: f"its body nests {max(counts.depth, DEEPEST + 1):,} elements deep (maximum {DEEPEST:,})",
    "elements": lambda counts: _elements(counts.tags),
    "formatting": lambda counts: (
        f"its body leaves {max(counts.formatting, MOST_FORMATTING + 1):,} formatting elements (like b, i, a and font)"
        f" open at once (maximum {MOST_FORMATTING})"
    ),
}


def _elements(tags: int) -> str:
    if tags > MOST_ELEMENTS:
        return f"its body has {tags:,} elements (maximum {MOST_ELEMENTS:,})"
    return (
        f"its body of {tags:,} tags expands to more than the maximum of {MOST_ELEMENTS:,} elements: unclosed formatting"
        " elements are repeated in each block that follows"
    )


def _read(html: str, counter: ElementCounter) -> None:
    """Passes each tag to the counter, parsed as browsers do; raises LimitExceeded."""
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
            return  # The tag never ends, so it is not a tag.
        place = rest.end()
        name, attributes = name.lower(), rest[1]
        if opening[1]:
            counter.end(name)
            continue
        if len(attributes) > SHORT_TAG and (number := len(_ATTRIBUTE.findall(attributes))) > MOST_ATTRIBUTES:
            raise LimitExceeded(
                "attributes", f"an element of its body has {number:,} attributes (maximum {MOST_ATTRIBUTES})"
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
    """Returns the end of the comment that begins at ``start``."""
    if not html.startswith("<!--", start):
        end = html.find(">", start)
        return end + 1 if end >= 0 else len(html)
    if html.startswith(("<!-->", "<!--->"), start):
        return html.index(">", start) + 1
    end = html.find("-->", start + 4)
    return end + 3 if end >= 0 else len(html)


def _simply(html: str) -> tuple[int, int, int]:
    """Returns the numbers of start tags, of tags open at the same time, and of formatting elements left open."""
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
