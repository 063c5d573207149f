"""Summaries: a story's text as a person would read it aloud, on one line.

One walk over the parsed body serves both kinds. A written summary is read whole; a summary made from the body is its
opening, without what is looked at, operated or said about something else (``reading_rules``).
"""

import sys
from collections.abc import Iterator
from itertools import islice

import regex
from selectolax.lexbor import LexborNode

from syndication.model.visible_text import is_visible
from syndication.render.body.formulas import settle_formulas
from syndication.render.body.hidden import prune_hidden
from syndication.render.body.style_meaning import INLINE, has_own_line
from syndication.render.body.tree import parse_body
from syndication.render.body_limits import exceeds_limits
from syndication.render.note_marks import is_note_mark, without_note_marks
from syndication.render.reading_rules import (
    BLOCKS,
    CAUTIOUS,
    EVERYTHING,
    OPENING,
    Attributes,
    Skips,
    is_no_sentence,
    is_skipped,
    value,
)
from syndication.render.shorten import AHEAD, shorten
from syndication.render.small_text import FORMULAS, formula, small_script
from syndication.render.text import SPACES, one_line, visible_line

AMPLE = 2_000
"""Characters of one block that are read beyond a summary's length. Only white space and marks of notes fill them."""

MOST_NODES = 20_000
"""Elements and texts among which a summary is looked for: a body may have a million, and no text."""

NESTED = 3
"""Levels of exponents and fractions within each other that are written as such. Deeper ones are read as plain text."""

# An emoji sent as a picture, whose alternative text is the character itself: without it the sentence has a hole.
_EMOJI = regex.compile(r"[\p{Extended_Pictographic}\p{Regional_Indicator}\p{Emoji_Modifier}\p{M}\p{Cf}\d#*]+")
_PICTURE = regex.compile(r"[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]")

_QUOTES = ("“”", "‘’")
_CODE = frozenset(["code", "kbd", "pre", "samp"])
"""Elements in which [1] is an index, not the mark of a note."""


def make_summary(body: LexborNode, length: int, title: str = "") -> str:
    """Returns the opening of a body as text of at most ``length`` characters; empty if the body has no text.

    ``body`` is an element of a parsed tree without hidden elements. A heading that repeats ``title`` is not read.
    """
    for skips in (OPENING, CAUTIOUS, EVERYTHING):
        if text := visible_line(_opening(body, length, one_line(title), skips)):
            return shorten(text, length)
    return ""


def read_whole(body: LexborNode) -> str:
    """Returns all text in an element that a person would read, on one line; empty if there is none."""
    return visible_line(" ".join(_Reader(EVERYTHING).blocks(body)))


def plain(html: str) -> str:
    """Returns the text of ``html`` on one line; empty if it has none, or is beyond the limits of a body."""
    if "<" not in html and "&" not in html:
        return visible_line(html).strip()  # As at the ends of a block.
    return "" if exceeds_limits(html) else read_whole(visible_body(html))


def visible_body(html: str) -> LexborNode:
    """Returns the body of ``html``, parsed as browsers do, without what they hide."""
    body = parse_body(html)
    settle_formulas(body)
    prune_hidden(body)
    return body


def _opening(body: LexborNode, length: int, title: str, skips: Skips) -> str:
    text = ""
    for block in _Reader(skips, length + AMPLE).blocks(body):
        repeated = not text and block.casefold() == title.casefold()
        if not repeated and not (skips.by_name and is_no_sentence(block)):
            text = f"{text} {block}" if text else block
        if len(text) > length + AHEAD:
            break
    return text


class _Reader:
    """Reads an element block by block; nothing is read beyond a block of ``most`` characters."""

    def __init__(self, skips: Skips, most: int | None = None, nested: int = 0) -> None:
        self._skips = skips
        self._most = most if most is not None else sys.maxsize
        self._room = self._most
        self._nodes = MOST_NODES if most is not None else sys.maxsize
        self._nested = nested
        self._line: list[str] = []
        self._quotes = 0
        self._code = 0

    def blocks(self, root: LexborNode) -> Iterator[str]:
        """Yields the text of each block that has any, on one line."""
        path: list[tuple[LexborNode, str]] = []
        node = root.first_child
        while self._room > 0 and self._nodes > 0 and (node is not None or path):
            if node is None:
                node, tag = path.pop()
                if tag in BLOCKS:
                    yield from self._end_block()
                self._leave(tag)
                node = node.next
                continue
            self._nodes -= 1
            tag = _name(node)
            if tag in BLOCKS:
                yield from self._end_block()
            child = node.first_child if self._enter(node, tag) else None
            if child is not None:
                path.append((node, tag))
            node = child if child is not None else node.next
        yield from self._end_block()

    def _enter(self, node: LexborNode, tag: str) -> bool:
        """Reads a node; returns whether its children are to be read."""
        if tag == "-text":
            self._add(self._collapsed(node.text_content or ""))
        if tag.startswith("-"):
            return False
        attributes = node.attributes
        if is_skipped(node, tag, attributes, self._skips) or is_note_mark(node, tag, attributes):
            return False
        if self._nested < NESTED and (text := self._on_the_line(node, tag, attributes)) is not None:
            self._add(text)
            return False
        if tag == "br":
            self._line.append(" ")
        if tag == "img" and _is_emoji(alt := value(attributes, "alt")):
            self._add(alt)
        if node.first_child is None:
            return False
        self._begin(tag)
        return True

    def _on_the_line(self, node: LexborNode, tag: str, attributes: Attributes) -> str | None:
        """Returns the text of an element that is raised, lowered or a formula; None for others."""
        if small := small_script(tag, value(attributes, "style")):
            return small(self._inside(node), self._before())
        if tag in FORMULAS:
            parts = [node] if tag == "msqrt" else islice(node.iter(), 3)
            return formula(tag, [self._inside(part) for part in parts], self._before())
        return None

    def _collapsed(self, text: str) -> str:
        """Returns the text with each run of white space as one space, as far as there is room for it."""
        start = SPACES.sub(" ", text[: 4 * self._room])
        return (start if len(start) > self._room else SPACES.sub(" ", text))[: self._room + 1]

    def _begin(self, tag: str) -> None:
        if tag == "q":
            self._line.append(_QUOTES[self._quotes % 2][0])
            self._quotes += 1
        self._code += tag in _CODE

    def _leave(self, tag: str) -> None:
        if tag == "q":
            self._quotes -= 1
            self._line.append(_QUOTES[self._quotes % 2][1])
        self._code -= tag in _CODE

    def _add(self, text: str) -> None:
        if self._skips.by_name and not self._code:
            text = without_note_marks(text, self._before())
        if text:
            self._line.append(text)
        self._room -= len(text.strip(" "))

    def _before(self) -> str:
        """Returns the character before the place that has been reached; empty at the start of a block."""
        return self._line[-1][-1] if self._line else ""

    def _inside(self, node: LexborNode) -> str:
        return " ".join(_Reader(self._skips, self._room, self._nested + 1).blocks(node))

    def _end_block(self) -> Iterator[str]:
        text = one_line("".join(self._line)).strip()
        self._line, self._room = [], self._most
        if is_visible(text):
            yield text


def _name(node: LexborNode) -> str:
    """Returns the element's name, or that of a block for an inline element whose style makes it one."""
    tag = node.tag or ""
    return "div" if tag in INLINE and has_own_line(tag, value(node.attributes, "style")) else tag


def _is_emoji(text: str) -> bool:
    return _EMOJI.fullmatch(text) is not None and _PICTURE.search(text) is not None
