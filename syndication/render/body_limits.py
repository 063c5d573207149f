"""The limits of a body before it is parsed: its size, its elements, their nesting, and unclosed elements.

A parser builds the tree of a body as browsers do (HTML standard, section 13.2.6), and three steps are not linear: the
work for each tag grows with its depth, unclosed formatting elements are repeated with their attributes in each block
that follows, and each attribute is compared with all before it. So the elements are counted first, by a model that
creates no nodes and stops at a limit. It may be off by a few elements: bodies that it misses meet the limits of what is
written (``body/page``), and of time and memory (``isolated``).
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

FEW_ELEMENTS = 10_000
"""A body may have at most one element for each of its characters, and always so many: a tag has at least three."""

GROWTH, FEW_CHARACTERS = 10, 2**20
"""The attributes of repeated elements may have at most ten times the body's characters, and always so many."""

FEW_TAGS, SHORT_TAG = 400, 2 * MOST_ATTRIBUTES
"""A body with few tags, each too short for too many attributes, needs no count: almost all articles are like this."""

_LONG_TAG = re.compile(rf"<[a-zA-Z][^>]{{{SHORT_TAG}}}")

_DOCUMENT = re.compile(r"<(?:html|body)[\s/>]", re.IGNORECASE)

# HTML standard, section 13.2.5: the start of a tag, and of a comment.
_OPENING = re.compile(r"<(?:(/?)([a-zA-Z][^\t\n\f\r />]*+)|[!?/])")

# The rest of a tag. Quotes count only after an equals sign. Possessive, so nothing is tried twice.
_REST = re.compile(r"""((?:[^>"'=]++|=[\t\n\f\r ]*+(?:"[^"]*+"|'[^']*+')?+|["'])*+)>""")

_ATTRIBUTE = re.compile(r"""[^\t\n\f\r />=]++(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:"[^"]*+"|'[^']*+'|[^\t\n\f\r >]*+))?+""")

_TEXT_ONLY = {"script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "textarea", "title", "plaintext"}
"""Elements that contain no tag but their own end tag (HTML standard, section 13.2.6.2)."""

_MERGED = {"html", "body"}
"""Elements that a document has once: the attributes of every further tag are added to it."""

_ENDS = {name: re.compile(rf"</{name}[\t\n\f\r />]", re.IGNORECASE) for name in _TEXT_ONLY - {"plaintext"}}


def exceeds_limits(html: str, part: str = "body") -> str | None:
    """Returns the reason, for editors, why this part of an article is not rendered; None if it is within all limits."""
    reason = _beyond(html)
    return reason.replace("its body", f"its {part}") if reason else None


def _beyond(html: str) -> str | None:
    if len(html) > MAX_HTML:
        return f"its body has {len(html):,} characters (maximum {MAX_HTML:,})"
    if html.count("<") <= FEW_TAGS and not _LONG_TAG.search(html) and len(_DOCUMENT.findall(html)) <= len(_MERGED):
        return None
    counter = ElementCounter(min(max(len(html), FEW_ELEMENTS), MOST_ELEMENTS), max(GROWTH * len(html), FEW_CHARACTERS))
    try:
        _read(html, counter)
    except LimitExceeded as found:
        return found.reason or _REASONS[found.kind](_Failure(*_simply(html)))
    return None


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
        f"its body of {tags:,} tags would expand to many times its size: unclosed formatting elements are repeated in"
        " each block that follows"
    )


def _read(html: str, counter: ElementCounter) -> None:
    """Passes each tag to the counter, parsed as browsers do; raises LimitExceeded."""
    place = merged = 0
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
        if name in _MERGED or len(attributes) > SHORT_TAG:
            merged = _attributes(name, attributes, merged)
        counter.start(name, attributes)
        if name in _TEXT_ONLY and not counter.in_foreign:
            end = _ENDS[name].search(html, place) if name in _ENDS else None
            if end is None:
                return
            place = end.start()
    if place < len(html):
        counter.text(html, place, len(html))


def _attributes(name: str, attributes: str, merged: int) -> int:
    """Raises LimitExceeded for too many attributes; returns how many the document's own elements have so far."""
    number = len(_ATTRIBUTE.findall(attributes))
    if name in _MERGED:
        number = merged = merged + number
    if number > MOST_ATTRIBUTES:
        raise LimitExceeded(
            "attributes", f"an element of its body has {number:,} attributes (maximum {MOST_ATTRIBUTES})"
        )
    return merged


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
