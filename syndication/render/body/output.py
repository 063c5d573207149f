"""What is written of a body so far: HTML, which elements are open, and counts of what a person sees in it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from selectolax.lexbor import LexborNode

from syndication.model.addresses import resolved
from syndication.render.body.embeds import Embed
from syndication.render.body.media import MediaFile
from syndication.render.body.page import BodyRefused, Page
from syndication.render.body.style_meaning import INLINE
from syndication.render.body.text import attribute_text, needs_care, preformatted, white_space, written_text

End = str | Callable[[], None]
"""What ends an element: its end tag, or a function that writes the end."""

Attributes = Mapping[str, str | None]


Write = Callable[[LexborNode, "Output"], str]
"""Writes a body: documents may be within documents."""


_TAG = re.compile(r"</?([a-z0-9]+)[^>]*>\Z")

NEAR = 7
"""Parts that are looked at for the beginning of a line: more start tags without text are rare."""

DEEPEST_FRAME = 8
"""Documents within documents, like those that a frame has in an attribute."""


class Output:
    """The HTML of one body. Everything is counted, so that no tree can fill the memory.

    ``media`` are the files that it plays. ``data`` says whether pictures in data: addresses stay. ``shown`` counts
    texts, pictures, links and players; ``images`` pictures alone, ``links`` links alone. ``linked`` has the number of
    the last link to each address. ``pre``, ``lines`` and ``spaces`` count the open elements that show white space: all
    of it, line ends, spaces.
    """

    def __init__(self, page: Page, write: "Write", frames: int = 0) -> None:
        self.page = page
        self.write = write
        self.frames = frames
        self.parts: list[str] = []
        self.size = 0
        self.shown = self.images = self.links = 0
        self.linked: dict[str, int] = {}
        self._last = ("", "", 0)
        self.media: list[MediaFile] = []
        self.data = False
        self.pre = self.lines = self.spaces = 0
        # Each open element with what ends it, and whether a paragraph inside would break a line.
        self.open: list[tuple[LexborNode, End, bool]] = []
        self.phrasing = 0

    def put(self, html: str) -> None:
        """Adds HTML; raises BodyRefused if it is too much."""
        self.parts.append(html)
        self.size += len(html)
        if self.size > self.page.largest:
            raise BodyRefused(self.page.too_large)

    def text(self, text: str) -> None:
        """Adds text."""
        if not text.isspace():
            self.shown += 1
        # Almost every text is as it is: this is where the time goes.
        if needs_care(text):
            text = preformatted(text) if self.pre else written_text(text)
        if self.lines and not self.pre and not (text.isspace() and self._begins_line()):
            text = white_space(text, spaces=self.spaces > 0)
        self.put(text)

    def line_break(self) -> None:
        """Adds a line break, unless this is the beginning of a line."""
        if not self._begins_line():
            self.put("<br>")

    def _begins_line(self) -> bool:
        """Whether nothing is on this line yet, as far as the last few parts say."""
        for part in self.parts[: -NEAR - 1 : -1]:
            if part == "<br>":
                return True
            if (found := _TAG.match(part)) is None:
                return False
            if found[1] not in INLINE:
                return True
        return len(self.parts) <= NEAR

    def space(self) -> None:
        """Adds a space, unless there is white space."""
        if self.parts and not self.parts[-1].endswith((" ", "\n")):
            self.put(" ")

    def boxed(self, words: str) -> None:
        """Adds words that browsers show as a box in the line, which joins no words."""
        self.space()
        self.text(words)
        self.space()

    def attributes(self, values: Attributes) -> str:
        """Returns attributes as they are written; those without a value of their own are left out."""
        return "".join(f' {name}="{attribute_text(value)}"' for name, value in values.items() if value is not None)

    def enter(self, node: LexborNode, end: End, *, phrasing: bool = False) -> LexborNode | None:
        """Opens an element that ``end`` ends; returns its first child, if it has any."""
        first = node.first_child
        if first is None:
            self.end(end)
            return None
        self.open.append((node, end, phrasing))
        self.phrasing += phrasing
        return first

    def leave(self) -> LexborNode:
        """Ends the innermost element; returns its node."""
        node, end, phrasing = self.open.pop()
        self.phrasing -= phrasing
        if isinstance(end, str):
            self.put(end)
        else:
            end()
        return node

    def end(self, end: End) -> None:
        """Writes the end of an element."""
        if isinstance(end, str):
            if end:
                self.put(end)
        else:
            end()

    def link(self, embed: Embed) -> None:
        """Adds a link: in the line where a paragraph cannot be, otherwise as a paragraph."""
        address = resolved(self.page.base, embed.address)
        if address is None or (address, embed.words, self.shown) == self._last:
            return  # Or it was the last thing shown: a script's element and its noscript have the same address.
        self.shown += 1
        self._last = (address, embed.words, self.shown)
        self.note_link(address)
        link = f'<a href="{attribute_text(address)}">{written_text(embed.words)}</a>'
        if not self.phrasing:
            self.put(f"<p>{link}</p>")
            return
        self.space()
        self.put(f"{link} ")

    def nested(self, body: LexborNode) -> str:
        """Returns the content of a document within this one, or "" if nothing in it is shown."""
        if self.frames == DEEPEST_FRAME:
            return ""
        inner = Output(replace(self.page, largest=self.page.largest - self.size), self.write, self.frames + 1)
        written = self.write(body, inner)
        self.media.extend(inner.media)
        self.data = self.data or inner.data
        self.shown += inner.shown
        return written if inner.shown else ""

    def note_link(self, address: str) -> None:
        """Remembers that there is a link to ``address``."""
        self.links += 1
        self.linked[address] = self.links
